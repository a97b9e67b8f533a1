// Six clones of one hub live through what a seed says, and are held against all that was written:
// npm run soak -- clones [seed…] [--operations 400] [--tell]: all of it in this process, over objects in memory;
// npm run soak -- processes [seed…]: over real git, each turn a process of its own.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, rmSync } from 'node:fs';
import { temporary } from '../../helpers/temporary.ts';
import { everything, replaceGit } from './room.ts';
import type { Stage, Report } from './world.ts';

/** What every run of all seeds must have seen. */
const wanted = [
  'write acknowledged', 'child acknowledged', 'import acknowledged', 'rename acknowledged', 'setting acknowledged', 'undo acknowledged', 'sync', 'carry', 'trim', 'merge', 'merge across a cut', 'partition', 'partition healed', 'clock set',
  'clone offline throughout that came back', 'clone copied with cp -r', 'ledger begun apart that joined', 'bead renamed since its id was taken',
  ...['write', 'sync'].flatMap((kind) => ['before', 'amid', 'after'].map((when) => `${kind} killed ${when}`)), 'sync cut off', 'sync answer lost', 'sync overtaken',
];

const given = process.argv.slice(2);
const real = given[0] === 'processes';
const operations = Number(optionOf('--operations') ?? 400);
const named = given.filter((word, index) => /^\d+$/.test(word) && given[index - 1] !== '--operations').map(Number);
const seeds = named.length > 0 ? named : Array.from({ length: real ? 5 : 200 }, (_, index) => index + 1);
const tell = given.includes('--tell') ? (line: string) => void process.stdout.write(`${line}\n`) : () => undefined;

function optionOf(name: string): string | undefined {
  const at = given.indexOf(name);
  return at === -1 ? undefined : given[at + 1];
}

async function stageIn(folder: string): Promise<Stage> {
  if (real) return (await import('./in-processes.ts')).inProcesses(folder);
  return (await import('./in-memory.ts')).inMemory(folder);
}

async function live(seed: number): Promise<Report> {
  const folder = temporary();
  try {
    const { World } = await import('./world.ts');
    return await new World(seed, await stageIn(folder), operations, tell).run();
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Where there is one, a file system in memory saves the disk a million small files. */
function useMemory(folder: string): void {
  try {
    accessSync(folder, constants.W_OK);
    process.env.TMPDIR = folder;
  } catch {
    // There is none: then it takes a little longer.
  }
}

/** What is wrong with the replay of a seed in another process, over objects in memory: nothing where it succeeds and its print is this one. */
function faultsInMemory(seed: number, print: string): string[] {
  const { status, signal, stdout, stderr, error } = spawnSync(process.execPath, [import.meta.filename, 'clones', String(seed), '--operations', String(operations)], { encoding: 'utf8' });
  if (status !== 0) return [`replayed in memory, it ended with ${error?.message ?? status ?? signal}: ${stdout}${stderr}`];
  const again = /print ([0-9a-z]{20})/.exec(stdout)?.[1] ?? stdout;
  return again === print ? [] : [`replayed in memory, its print is ${again}`];
}

// Who is stopped takes its folders away.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
if (!real) {
  useMemory('/dev/shm');
  replaceGit(everything);
  (await import('./in-memory.ts')).neverWait();
}
const began = performance.now();
const totals = new Map<string, number>();
let broken = 0;
for (const [index, seed] of seeds.entries()) {
  const start = performance.now();
  const report = await live(seed);
  // That a seed replays exactly is tried with the first one here, and with all of those that real processes have run.
  const faults = [...report.faults, ...(real || (index === 0 && seeds.length > 1) ? faultsInMemory(seed, report.print) : [])];
  for (const [event, count] of report.events) totals.set(event, (totals.get(event) ?? 0) + count);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stdout.write(`${faults.length === 0 ? 'ok  ' : 'FAIL'} seed ${seed}: ${report.events.get('write acknowledged')} writes acknowledged, ${report.events.get('beads at the end')} beads, ends at ${report.commit?.slice(0, 12)}, print ${report.print}, ${seconds} s\n`);
  for (const fault of faults.slice(0, 20)) process.stdout.write(`     ${fault}\n`);
  if (faults.length > 0) {
    broken += 1;
    process.stdout.write(`     replay it: npm run soak -- ${given[0]} ${seed}${operations === 400 ? '' : ` --operations ${operations}`} --tell\n`);
  }
}
const missing = seeds.length < 5 ? [] : wanted.filter((event) => (totals.get(event) ?? 0) === 0);
for (const [event, count] of [...totals].sort(([a], [b]) => (a < b ? -1 : 1))) process.stdout.write(`  ${String(count).padStart(8)}  ${event}\n`);
for (const event of missing) process.stdout.write(`  never seen: ${event}\n`);
process.stdout.write(`${seeds.length} seeds × 6 clones × ${operations} operations ${real ? 'in real processes over real git' : 'over objects in memory'}: ${broken === 0 ? 'in each, all clones end with the same commit and hold every acknowledged write' : `${broken} broken`}; ${((performance.now() - began) / 1000).toFixed(0)} s\n`);
process.stdout.write(`replay one: npm run soak -- ${given[0]} <seed> --tell\n`);
process.exit(broken > 0 || missing.length > 0 ? 1 : 0);
