// Measures the programs on ledgers of several sizes: npm run bench -- [sizes, such as 1000,10000] [runs] [--peer another program for beads]. Timings inform; they decide no test.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { programs, root, type Program } from '../helpers/programs.ts';
import { ownEnvironment, temporary } from '../helpers/temporary.ts';
import { ledgerOf, openIdsIn } from './ledgers.ts';
import { measure, type Measured } from './measure.ts';

const { values: { peer }, positionals: [asked = '1000,10000,100000', rounds = '21'] } = parseArgs({ allowPositionals: true, options: { peer: { type: 'string' } } });
const sizes = asked.split(',').map(Number);
const runs = Number(rounds);

/**
 * What is typed in a round for a bead that is open, or for one that closed ones have waited for: words that each program for beads knows. `bar`: what it may take natively at 10,000 beads, as a multiple of an empty
 * program. `all`: it has to look at all of them, and may take by so much more of an empty program at 100,000.
 */
interface Case {
  readonly name: string;
  readonly words: (id: string, round: number, linked: string) => readonly string[];
  readonly bar: number;
  readonly all?: true;
}

const reading: readonly Case[] = [
  { name: 'version', words: () => ['--version'], bar: 1.3 },
  { name: 'show', words: (id) => ['show', id], bar: 2.5 },
  { name: 'linked', words: (_id, _round, linked) => ['show', linked], bar: 2.5 },
  { name: 'ready', words: () => ['ready'], bar: 2 },
  { name: 'list', words: () => ['list', '--json', '--limit', '50'], bar: 3 },
  { name: 'search', words: () => ['search', 'guzzolene'], bar: 10 },
  { name: 'rare', words: () => ['search', 'zzyzx'], bar: 10, all: true },
];
const writing: readonly Case[] = [
  { name: 'update', words: (id, round) => ['update', id, '--priority', String((round + 5) % 5)], bar: 5 },
  { name: 'create', words: (_, round) => ['create', `Rivet ${round}`], bar: 5 },
  { name: 'close', words: (id) => ['close', id], bar: 5 },
];
/** How much more a command may take at 100,000 beads than at 10,000. */
const growth = 1.3;
const mebibytesOfReady = 50;

const folder = temporary();
const environment = ownEnvironment();

/** A program that does nothing, made as the build is made. */
function emptyProgram(build: Program): readonly string[] {
  const source = join(folder, 'empty.ts');
  writeFileSync(source, 'export {};\n');
  if (build.name === 'node') {
    execFileSync(join(root, 'node_modules/.bin/bun'), ['build', '--target=node', '--format=esm', source, '--outfile', join(folder, 'empty.mjs')], { stdio: 'ignore' });
    return ['node', join(folder, 'empty.mjs')];
  }
  const flags = ['--minify-syntax', '--minify-whitespace', '--define', 'process.env.NODE_ENV="production"', '--format=esm', '--splitting', '--min-chunk-size=4096', '--bytecode', '--compile-jit-policy=20', '--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'];
  execFileSync(join(root, 'node_modules/.bin/bun'), ['build', '--compile', ...flags, source, '--outfile', join(folder, 'empty')], { stdio: 'ignore' });
  return [join(folder, 'empty')];
}

/** How a program is started in one of the rounds. */
type Start = (round: number) => readonly string[];

const copies = 3;

/**
 * Starts a program from copies that lie in memory as they were just written, each round from the next one: by when and how its file came there, the same executable takes up to a fifth more or less. What is
 * compared is copied alike.
 */
function copied(argv: readonly string[]): Start {
  const [path = '', ...more] = argv;
  if (!path.includes('/')) return () => argv;
  const made = Array.from({ length: copies }, () => join(mkdtempSync(join(folder, 'copy-')), basename(path)));
  for (const copy of made) copyFileSync(path, copy);
  return (round) => [made[Math.abs(round) % copies]!, ...more];
}

/** A repository whose ledger holds `count` beads, and the ids of open ones that no round has used yet. */
interface Ground {
  readonly place: string;
  readonly ids: string[];
  readonly linked: string;
}

function groundOf(count: number, name: string, argv: readonly string[], init: readonly string[]): Ground {
  const place = join(folder, `${name}${count}`);
  mkdirSync(place);
  const run = (words: readonly string[]): void => void execFileSync(words[0] ?? '', words.slice(1), { cwd: place, env: environment, stdio: 'ignore' });
  run(['git', 'init', '-q', '-b', 'main']);
  run(['git', 'commit', '-q', '--allow-empty', '-m', 'Begin']);
  run([...argv, 'init', ...init]);
  const text = ledgerOf(count, 'big');
  writeFileSync(join(folder, `${count}.jsonl`), text);
  run([...argv, 'import', join(folder, `${count}.jsonl`)]);
  const { alone, linked } = openIdsIn(text);
  return { place, ids: alone, linked: linked[0] ?? '' };
}

/** Measures cases in turn with the programs that they are compared with. */
async function measureCases(cases: readonly Case[], others: ReadonlyMap<string, Start>, { place, ids, linked }: Ground, start: Start): Promise<Map<string, Measured>> {
  const measured = [...others].map(([name, argv]) => ({ name, argv, cwd: place, env: environment }));
  const typed = cases.map(({ name, words }) => {
    const [first = ''] = ids;
    // What is closed is another bead each time.
    return { name, argv: (round: number) => [...start(round), ...words(name === 'close' ? (ids.pop() ?? '') : first, round, linked)], cwd: place, env: environment };
  });
  return measure([...measured, ...typed], runs);
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** All cases on one ground, each beside the floor that ran in turn with it. */
interface Reading {
  readonly name: string;
  readonly bar: number;
  readonly all: boolean;
  readonly taken: Measured;
  readonly floor: Measured;
}

async function readings(ground: Ground, argv: readonly string[], floorArgv: readonly string[]): Promise<Reading[]> {
  const all: Reading[] = [];
  const [start, floor] = [copied(argv), copied(floorArgv)];
  for (const cases of [reading, writing]) {
    const measured = await measureCases(cases, new Map([['floor', floor]]), ground, start);
    for (const { name, bar, all: looksAtAll = false } of cases) all.push({ name, bar, all: looksAtAll, taken: measured.get(name)!, floor: measured.get('floor')! });
  }
  return all;
}

function report(build: string, results: ReadonlyMap<number, readonly Reading[]>): void {
  print(`\n${build}: medians of ${runs} runs of the whole program, milliseconds (× an empty program; × by the least of both), MiB at the peak`);
  print([' '.repeat(10), ...[...results.keys()].map((size) => `${size} beads`.padStart(28))].join(''));
  const [first = []] = results.values();
  for (const { name } of first) {
    const cells = [...results.values()].map((all) => {
      const { taken, floor } = all.find((each) => each.name === name)!;
      return `${taken.milliseconds.toFixed(1)} ×${(taken.milliseconds / floor.milliseconds).toFixed(1)} ×${(taken.least / floor.least).toFixed(1)} ${taken.mebibytes.toFixed(0)}M`;
    });
    print([name.padEnd(10), ...cells.map((cell) => cell.padStart(28))].join(''));
  }
  print(`floor     ${[...results.values()].map((all) => `${all[0]?.floor.milliseconds.toFixed(1)} ${all[0]?.floor.mebibytes.toFixed(0)}M`.padStart(28)).join('')}`);
}

function tellBars(results: ReadonlyMap<number, readonly Reading[]>): void {
  for (const { name, bar, all, taken, floor } of results.get(10_000) ?? []) {
    const factor = taken.milliseconds / floor.milliseconds;
    const large = results.get(100_000)?.find((each) => each.name === name);
    const more = (large?.taken.milliseconds ?? NaN) / taken.milliseconds;
    if (factor > bar) print(`  over the bar: ${name} takes ×${factor.toFixed(2)} of an empty program at 10,000 beads, ${bar} is the bar`);
    const most = (large?.taken.milliseconds ?? NaN) / (large?.floor.milliseconds ?? NaN);
    if (all && most > bar * growth) print(`  over the bar: ${name} takes ×${most.toFixed(2)} of an empty program at 100,000 beads, ${bar * growth} is the bar`);
    if (!all && more > growth) print(`  over the bar: ${name} takes ×${more.toFixed(2)} at 100,000 beads of what it takes at 10,000, ${growth} is the bar (the floor: ×${((large?.floor.milliseconds ?? NaN) / floor.milliseconds).toFixed(2)})`);
  }
  for (const [size, all] of results) {
    const peak = all.find(({ name }) => name === 'ready')?.taken.mebibytes ?? NaN;
    if (peak >= mebibytesOfReady) print(`  over the bar: ready takes ${peak.toFixed(0)} MiB at ${size} beads, ${mebibytesOfReady} is the bar`);
  }
}

/** Times another program for beads on the same ledger, in turn with ours. */
async function compare(program: string, size: number, own: readonly string[]): Promise<void> {
  const [ours, theirs] = [groundOf(size, 'own', own, ['--no-gate']), groundOf(size, basename(program), [program], ['--prefix', 'big', '--quiet'])];
  print(`\n${program} beside ours at ${size} beads, medians of ${runs} runs in milliseconds`);
  for (const { name, words } of [...reading, ...writing]) {
    const one = (ground: Ground, argv: readonly string[], title: string): Parameters<typeof measure>[0][number] => ({ name: title, argv: (round) => [...argv, ...words(name === 'close' ? (ground.ids.pop() ?? '') : (ground.ids[0] ?? ''), round, ground.linked)], cwd: ground.place, env: environment });
    const measured = await measure([one(ours, own, 'ours'), one(theirs, [program], 'theirs')], runs);
    const [mine, peers] = [measured.get('ours')!.milliseconds, measured.get('theirs')!.milliseconds];
    print(`${name.padEnd(10)} ${peers.toFixed(1).padStart(8)} ${mine.toFixed(1).padStart(8)}  ×${(peers / mine).toFixed(1)}`);
  }
}

const [native] = programs;
if (native === undefined) throw new Error('there is no build');
if (peer !== undefined) {
  for (const size of sizes) await compare(peer.includes('/') ? resolve(peer) : peer, size, native.argv);
} else {
  for (const build of programs) {
    const floor = emptyProgram(build);
    const results = new Map<number, readonly Reading[]>();
    for (const size of sizes) results.set(size, await readings(groundOf(size, build.name, native.argv, ['--no-gate']), build.argv, floor));
    report(build.name, results);
    if (build.name === 'native') tellBars(results);
  }
}
