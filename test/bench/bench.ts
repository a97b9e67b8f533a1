// Measures the programs on ledgers of several sizes: npm run bench [sizes, such as 1000,10000] [runs]. Timings inform; they decide no test.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programs, root, type Program } from '../helpers/programs.ts';
import { ownEnvironment, temporary } from '../helpers/temporary.ts';
import { ledgerOf, openIdIn } from './ledgers.ts';
import { measure, type Measured } from './measure.ts';

const sizes = (process.argv[2] ?? '1000,10000,100000').split(',').map(Number);
const runs = Number(process.argv[3] ?? 21);
const commands = ['version', 'show', 'ready', 'update', 'create'] as const;
/** What a command may take, natively at 10,000 beads, as a multiple of an empty program; and how much more at 100,000. */
const bars = { version: 1.3, show: 3, ready: 2.5, update: 6, create: 6 } as const;
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
  const flags = ['--minify-syntax', '--minify-whitespace', '--define', 'process.env.NODE_ENV="production"', '--format=esm', '--splitting', '--bytecode', '--compile-jit-policy=20', '--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'];
  execFileSync(join(root, 'node_modules/.bin/bun'), ['build', '--compile', ...flags, source, '--outfile', join(folder, 'empty')], { stdio: 'ignore' });
  return [join(folder, 'empty')];
}

/** A town of one repository whose ledger holds `count` beads, and the id of one of them. */
function townOf(count: number, argv: readonly string[]): { readonly place: string; readonly id: string } {
  const place = join(folder, `beads${count}`);
  mkdirSync(place);
  const run = (words: readonly string[]): void => void execFileSync(words[0] ?? '', words.slice(1), { cwd: place, env: environment, stdio: 'ignore' });
  run(['git', 'init', '-q', '-b', 'main']);
  run(['git', 'commit', '-q', '--allow-empty', '-m', 'Begin']);
  run([...argv, 'init', '--no-gate']);
  const text = ledgerOf(count, 'big');
  writeFileSync(join(folder, `${count}.jsonl`), text);
  run([...argv, 'import', join(folder, `${count}.jsonl`)]);
  return { place, id: openIdIn(text) };
}

async function measureAt({ place, id }: { place: string; id: string }, argv: readonly string[], floor: readonly string[]): Promise<Map<string, Measured>> {
  const program = (name: string, words: (run: number) => readonly string[]): { name: string; argv: typeof words; cwd: string; env: Record<string, string> } => ({ name, argv: words, cwd: place, env: environment });
  const reading = await measure([program('floor', () => floor), program('version', () => [...argv, '--version']), program('show', () => [...argv, 'show', id]), program('ready', () => [...argv, 'ready'])], runs);
  const writing = await measure([program('floor while writing', () => floor), program('update', (run) => [...argv, 'update', id, '--priority', String((run + 5) % 5)]), program('create', (run) => [...argv, 'create', `Rivet ${run}`])], runs);
  return new Map([...reading, ...writing]);
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** The floor that a command is compared with: the empty programs that ran in turn with it. */
function floorOf(measured: ReadonlyMap<string, Measured>, command: string): number {
  return measured.get(command === 'update' || command === 'create' ? 'floor while writing' : 'floor')?.milliseconds ?? NaN;
}

function report(build: Program, results: ReadonlyMap<number, ReadonlyMap<string, Measured>>): void {
  print(`\n${build.name}: medians of ${runs} runs of the whole program, milliseconds (× an empty program), MiB at the peak`);
  print([' '.repeat(12), ...[...results.keys()].map((size) => `${size} beads`.padStart(22))].join(''));
  for (const command of ['floor', ...commands]) {
    const cells = [...results.values()].map((measured) => {
      const { milliseconds = NaN, mebibytes = NaN } = measured.get(command) ?? {};
      return `${milliseconds.toFixed(1)} ${command === 'floor' ? '' : `×${(milliseconds / floorOf(measured, command)).toFixed(1)} `}${mebibytes.toFixed(0)}M`;
    });
    print([command.padEnd(12), ...cells.map((cell) => cell.padStart(22))].join(''));
  }
  if (build.name !== 'native') return;
  const [middle, large] = [results.get(10_000), results.get(100_000)];
  for (const command of commands) {
    const factor = (middle?.get(command)?.milliseconds ?? NaN) / (middle === undefined ? NaN : floorOf(middle, command));
    const more = (large?.get(command)?.milliseconds ?? NaN) / (middle?.get(command)?.milliseconds ?? NaN);
    if (factor > bars[command]) print(`  over the bar: ${command} takes ×${factor.toFixed(2)} of an empty program at 10,000 beads, ${bars[command]} is the bar`);
    if (more > growth) print(`  over the bar: ${command} takes ×${more.toFixed(2)} at 100,000 beads of what it takes at 10,000, ${growth} is the bar`);
  }
  for (const [size, measured] of results) {
    const peak = measured.get('ready')?.mebibytes ?? NaN;
    if (peak >= mebibytesOfReady) print(`  over the bar: ready takes ${peak.toFixed(0)} MiB at ${size} beads, ${mebibytesOfReady} is the bar`);
  }
}

const [native] = programs;
if (native === undefined) throw new Error('there is no build');
const towns = new Map(sizes.map((size) => [size, townOf(size, native.argv)]));
for (const build of programs) {
  const floor = emptyProgram(build);
  const results = new Map<number, ReadonlyMap<string, Measured>>();
  for (const [size, town] of towns) results.set(size, await measureAt(town, build.argv, floor));
  report(build, results);
}
