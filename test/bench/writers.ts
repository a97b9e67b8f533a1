// Measures many writes: one after another in one process beside git fast-import, and by many processes at once beside the same commands in a row: npm run bench writers [beads]. Timings inform; they decide no test.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bead } from '../../src/domain/bead.ts';
import { edit } from '../../src/domain/content.ts';
import { readBead } from '../../src/domain/exchange.ts';
import { readRef } from '../../src/git/refs.ts';
import { imported } from '../../src/ledger/imported.ts';
import { transact } from '../../src/ledger/transact.ts';
import { ace, gitIn, newLedger, type Watch } from '../helpers/ledger.ts';
import { programs } from '../helpers/programs.ts';
import { ownEnvironment, temporary } from '../helpers/temporary.ts';
import { ledgerOf, openIdsIn } from './ledgers.ts';

const [size = 10_000] = process.argv.slice(2).map(Number);
const single = 300;
const [writers, each] = [30, 50];
const bars = { single: 5, batched: 0.2, crowd: 2 };

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const env = ownEnvironment();
const text = ledgerOf(size, 'big');
const ids = openIdsIn(text).alone;

function at(times: readonly number[], share: number): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length * share)] ?? NaN;
}

function tell(sentence: string, ratio: number, bar: number): void {
  print(sentence);
  if (ratio > bar) print(`  over the bar: ×${ratio.toFixed(2)}, ${bar} is the bar`);
}

async function inOneProcess(): Promise<void> {
  const watch: Watch = { time: Date.parse('2026-05-01T08:00:00Z') };
  const ledger = await newLedger(watch);
  const beads = text.trim().split('\n').map((line) => readBead(JSON.parse(line) as Record<string, unknown>) as Bead);
  await transact(ledger, ace, 'Import', () => beads.map((bead) => ({ op: 'bead.imported', id: bead.id, stored: imported(bead, () => undefined) })));
  const act = (): { by: string; at: string } => ({ by: 'nux', at: new Date((watch.time += 1000)).toISOString() });
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let step = 0; step < single; step += 1) {
    const id = ids[step % ids.length] ?? '';
    const began = performance.now();
    const { commit = '' } = await transact(ledger, ace, `Update ${id}`, (view) => edit(view, id, { priority: step % 5, title: `Weld ${step}` }, act()));
    ours.push(performance.now() - began);
    // The same commit once more, as somebody would write it who has its text.
    const stream = execFileSync('git', ['fast-export', '--show-original-ids', '--no-data', `${commit}^!`], { cwd: ledger.repository.gitDir, env, encoding: 'utf8' });
    const [, path = ''] = /^M 100644 [0-9a-f]+ (.+)$/m.exec(stream) ?? [];
    const body = execFileSync('git', ['cat-file', 'blob', `${commit}:${path}`], { cwd: ledger.repository.gitDir, env });
    const head = await readRef(ledger.repository, 'refs/heads/by-hand');
    const input = Buffer.concat([Buffer.from(`commit refs/heads/by-hand\ncommitter nux <nux@x> ${1_777_000_000 + step} +0000\ndata 6\nUpdate\n${head === undefined ? `from ${commit}\n` : ''}M 100644 inline ${path}\ndata ${body.length + 1}\n`), body, Buffer.from('\n\ndone\n')]);
    const start = performance.now();
    const { status } = spawnSync('git', ['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsync=committed,reference,loose-object', '-c', 'fastimport.unpackLimit=1', 'fast-import', '--quiet', '--done', '--force', '--depth=0'], { cwd: ledger.repository.gitDir, env, input });
    theirs.push(performance.now() - start);
    if (status !== 0) throw new Error(`git fast-import ended with ${status}`);
  }
  const floor = at(theirs, 0.5);
  const began = performance.now();
  await transact(ledger, ace, 'Update many', (view) => {
    view.load(ids.slice(0, single));
    return ids.slice(0, single).flatMap((id, index) => edit(view, id, { title: `Grind ${index}` }, { by: 'nux', at: new Date(watch.time + 1000).toISOString() }));
  });
  const batched = (performance.now() - began) / single;
  const ratio = at(ours, 0.5) / floor;
  tell(`one process, one by one: an update takes ${at(ours, 0.5).toFixed(1)} ms, p95 ${at(ours, 0.95).toFixed(1)}; a commit by git fast-import ${floor.toFixed(1)}; ×${ratio.toFixed(2)}`, ratio, bars.single);
  tell(`one process, ${single} in one transaction: ${batched.toFixed(2)} ms each; ×${(batched / floor).toFixed(2)}`, batched / floor, bars.batched);
  if (Number(await gitIn(ledger, 'rev-list', '--count', ledger.ref)) < single) throw new Error('updates are missing');
}

/** Runs a command to its end, again as long as it answers that others are busy; answers its time and how often it had to be run again. */
async function run(argv: readonly string[], place: string): Promise<{ readonly took: number; readonly again: number }> {
  const began = performance.now();
  for (let again = 0; ; again += 1) {
    const [name = '', ...args] = argv;
    const code = await new Promise<number | null>((settle) => spawn(name, args, { cwd: place, env, stdio: ['ignore', 'ignore', 'inherit'] }).on('exit', settle));
    if (code === 0) return { took: performance.now() - began, again };
    if (code !== 3) throw new Error(`${argv.join(' ')} ended with ${code}`);
  }
}

async function byManyProcesses(argv: readonly string[]): Promise<void> {
  const folder = temporary();
  const makePlace = (name: string): string => {
    const place = join(folder, name);
    mkdirSync(place);
    for (const [first = '', ...rest] of [['git', 'init', '-q', '-b', 'main'], ['git', 'commit', '-q', '--allow-empty', '-m', 'Begin'], [...argv, 'init', '--no-gate'], [...argv, 'import', '--quiet', join(folder, 'beads.jsonl')]]) execFileSync(first, rest, { cwd: place, env, stdio: 'ignore' });
    return place;
  };
  writeFileSync(join(folder, 'beads.jsonl'), text);
  const words = (writer: number, step: number): string[] => [...argv, 'update', ids[(writer * each + step) % ids.length] ?? '', '--set-metadata', `w${writer}n${step}=1`];
  const alone = makePlace('alone');
  const began = performance.now();
  for (let writer = 0; writer < writers; writer += 1) for (let step = 0; step < each; step += 1) await run(words(writer, step), alone);
  const inRow = performance.now() - began;
  const crowd = makePlace('crowd');
  const start = performance.now();
  const ran = (await Promise.all(Array.from({ length: writers }, async (_, writer) => {
    const own: { readonly took: number; readonly again: number }[] = [];
    for (let step = 0; step < each; step += 1) own.push(await run(words(writer, step), crowd));
    return own;
  }))).flat();
  const together = performance.now() - start;
  const held = execFileSync('git', ['grep', '-h', '-o', '"w[0-9]*n[0-9]*":1', 'refs/beads/main', '--', 'beads'], { cwd: crowd, env, encoding: 'utf8', maxBuffer: 1 << 28 }).trim().split('\n');
  if (new Set(held).size !== writers * each) throw new Error(`${new Set(held).size} of ${writers * each} updates are there`);
  const times = ran.map(({ took }) => took);
  const again = ran.reduce((sum, each) => sum + each.again, 0);
  tell(`${writers} processes × ${each} updates: all there, ${(together / 1000).toFixed(1)} s, in a row ${(inRow / 1000).toFixed(1)}; ×${(together / inRow).toFixed(2)}; a command p50 ${at(times, 0.5).toFixed(0)} ms, p95 ${at(times, 0.95).toFixed(0)}; ${again} had to be run again`, together / inRow, bars.crowd);
}

const [native] = programs;
if (native === undefined) throw new Error('there is no build');
await inOneProcess();
await byManyProcesses(native.argv);
