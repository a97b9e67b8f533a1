// Type-checks, lints, runs every test file in a process of its own, and adds up what they report.
// A file that fails counts as failed; it is run once more, alone, to say whether it is flaky.
// bun test/run.ts [part of a path…] (then only these files); GASTOWN_TEST_JOBS=2 at a time.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

interface Report {
  passed: number;
  failed: number;
  skipped: number;
  /** Why the file fails beyond its own failed tests. */
  troubles: string[];
}

const root = resolve(import.meta.dirname, '..');
const jobs = Number(process.env.GASTOWN_TEST_JOBS ?? 2);

/** What a file said about itself: uvu's totals, and a reason for each skipped test. */
function read(text: string, code: number | null): Report {
  const total = (word: string) => Number(new RegExp(`^\\s*${word}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? NaN);
  const tests = total('Total');
  const passed = total('Passed');
  const skipped = total('Skipped');
  if (Number.isNaN(tests + passed + skipped)) {
    return { passed: 0, failed: 1, skipped: 0, troubles: [`ended with ${code ?? 'a signal'} and no totals`] };
  }
  const troubles: string[] = [];
  if ((text.match(/^\s*Total:\s+\d+/gm)?.length ?? 0) > 1) troubles.push('reports twice: run() every suite after the last top-level await');
  if (tests + skipped === 0) troubles.push('holds no test');
  const reasons = text.match(/^skipped: .+: \S.*$/gm)?.length ?? 0;
  if (skipped > reasons) troubles.push(`${skipped} skipped, ${reasons} with a reason: use test/helpers/skip.ts`);
  if (code !== 0 && tests === passed) troubles.push(`ended with ${code ?? 'a signal'} though its tests passed`);
  const failed = tests - passed + (tests === passed && troubles.length > 0 ? 1 : 0);
  return { passed, failed, skipped, troubles };
}

/** The processes that still carry the mark of a test file that has ended (seen on Linux only). */
function leftBehind(mark: string): number[] {
  let ids: string[];
  try {
    ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return []; // no /proc on this machine
  }
  return ids.map(Number).filter((id) => {
    try {
      return readFileSync(`/proc/${id}/environ`, 'latin1').split('\0').includes(`GASTOWN_TEST_RUN=${mark}`);
    } catch {
      return false; // it has ended meanwhile
    }
  });
}

function kill(id: number): void {
  try {
    process.kill(id, 'SIGKILL');
  } catch {
    // it has ended meanwhile
  }
}

async function endLeftBehind(mark: string): Promise<string[]> {
  let left = leftBehind(mark);
  for (let wait = 0; left.length > 0 && wait < 10; wait++) {
    await sleep(200);
    left = leftBehind(mark);
  }
  return left.map((id) => {
    let command = '';
    try {
      command = readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    } catch {
      // it has ended meanwhile
    }
    kill(id);
    return `left a process behind: ${id} ${command}`;
  });
}

/** A file may say how long it may take by a comment: // time limit: 600 s */
function declaredLimit(path: string): number | undefined {
  const declared = /^\/\/ time limit: (\d+) s$/m.exec(readFileSync(path, 'utf8'))?.[1];
  return declared === undefined ? undefined : Number(declared);
}

/** Puts what probably takes longest first, so that all lanes end together: what declares the most time, then the largest file. */
function longestFirst(paths: readonly string[]): string[] {
  const weighed = paths.map((path) => ({ path, limit: declaredLimit(path) ?? 0, size: statSync(path).size }));
  return weighed.sort((a, b) => b.limit - a.limit || b.size - a.size).map(({ path }) => path);
}

/** Removes the folder of a test file; answers what is in the way, such as a file system that is still mounted below. */
function cleared(folder: string): string | undefined {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    return undefined;
  } catch (error) {
    return `left behind what cannot be removed: ${(error as Error).message}`;
  }
}

async function runFile(path: string): Promise<Report> {
  const name = relative(root, path);
  const began = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'gtt-'));
  const mark = `${process.pid}:${name}`;
  const limit = declaredLimit(path) ?? 240;
  const child = spawn(process.execPath, [path], {
    cwd: root,
    detached: true, // a group of its own, so that all of it can be ended
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: folder, NO_COLOR: '1', FORCE_COLOR: '0', GASTOWN_TEST_RUN: mark },
  });
  if (child.pid !== undefined) running.set(child.pid, { mark, folder });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    if (child.pid !== undefined) kill(-child.pid);
  }, limit * 1000);
  const code = await new Promise<number | null>((done) => child.on('exit', done));
  clearTimeout(timer);
  await Promise.race([new Promise((done) => child.on('close', done)), sleep(500)]);
  const left = await endLeftBehind(mark);
  const stuck = cleared(folder);
  if (child.pid !== undefined) running.delete(child.pid);

  const report = read(text, code);
  if (late) report.troubles = [`stopped after ${limit} s`];
  if (stuck !== undefined) report.troubles.push(stuck);
  report.troubles.push(...left);
  if (report.troubles.length > 0 && report.failed === 0) report.failed = 1;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const bad = report.failed > 0;
  if (bad) process.stdout.write(`${text.trimEnd()}\n`);
  else for (const line of text.match(/^skipped: .*$/gm) ?? []) process.stdout.write(`  ${line}\n`);
  for (const trouble of report.troubles) process.stdout.write(`  ${name}: ${trouble}\n`);
  const counts = `${report.passed} passed` + (bad ? `, ${report.failed} failed` : '') + (report.skipped ? `, ${report.skipped} skipped` : '');
  process.stdout.write(`${bad ? 'FAIL' : 'ok  '} ${name}  ${counts}  ${seconds} s\n`);
  return report;
}

/** The type checker or the linter, counted as one test. */
async function runCheck(name: string, args: readonly string[]): Promise<Report> {
  const began = performance.now();
  const child = spawn(join(root, 'node_modules/.bin', name), args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise<number | null>((done) => child.on('exit', done));
  process.stdout.write(`${code === 0 ? 'ok  ' : 'FAIL'} ${name}  ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0, troubles: [] };
}

/** The files that run now: the process group of each, the mark of all that it starts, and its folder. */
const running = new Map<number, { mark: string; folder: string }>();

// Whoever stops the runner stops all of it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    for (const [group, { mark, folder }] of running) {
      kill(-group);
      leftBehind(mark).forEach(kill);
      cleared(folder);
    }
    process.exit(1);
  });
}

const filters = process.argv.slice(2);
const files = longestFirst(
  readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .filter((name) => filters.length === 0 || filters.some((filter) => `test/${name}`.includes(filter)))
    .map((name) => join(root, 'test', name)),
);

const checks = filters.length > 0 ? [] : [() => runCheck('tsc', []), () => runCheck('eslint', ['.'])];
const reports: Report[] = [];
const red: string[] = [];
const runOne = async (path: string): Promise<void> => {
  const report = await runFile(path);
  reports.push(report);
  if (report.failed > 0) red.push(path);
};
const waiting: (() => Promise<void>)[] = [...checks.map((check) => async () => void reports.push(await check())), ...files.map((path) => () => runOne(path))];
async function work(): Promise<void> {
  for (let next = waiting.shift(); next; next = waiting.shift()) await next();
}
await Promise.all(Array.from({ length: jobs }, work));

const flaky: string[] = [];
for (const path of red) if ((await runFile(path)).failed === 0) flaky.push(relative(root, path));
for (const name of flaky) process.stdout.write(`FLAKY ${name}: failed beside other files, passed alone\n`);

if (files.length === 0) process.stdout.write(`no test file matches ${filters.join(', ')}\n`);
const sum = (key: 'passed' | 'failed' | 'skipped') => reports.reduce((total, report) => total + report[key], 0);
const failed = sum('failed') + (files.length === 0 ? 1 : 0);
const skipped = sum('skipped');
process.stdout.write(`${sum('passed')} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = failed > 0 ? 1 : 0;
