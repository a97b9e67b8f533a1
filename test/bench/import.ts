// Measures the import of a real ledger beside git fast-import of the shards that come of it: npm run bench import [runs]. Timings inform; they decide no test.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programs, root } from '../helpers/programs.ts';
import { noRealLedgers, realLedgers } from '../helpers/real-ledgers.ts';
import { ownEnvironment, temporary } from '../helpers/temporary.ts';

const runs = Number(process.argv[2] ?? 9);
/** What an import may take, natively, as a multiple of the git fast-import. */
const bar = 3;

const folder = temporary();
const env = ownEnvironment();
const git = (cwd: string, ...args: readonly string[]): Buffer => execFileSync('git', args, { cwd, env, maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'inherit'] });

let copies = 0;

/** A copy of a repository. */
function copyOf(template: string): string {
  copies += 1;
  const place = join(folder, `copy${copies}`);
  execFileSync('cp', ['-R', template, place]);
  return place;
}

/** Milliseconds of each round of some work, each on a fresh copy of a repository; what is done in turn meets the same machine. */
function timeInTurn(template: string, work: Readonly<Record<string, (place: string) => void>>): Map<string, number[]> {
  const times = new Map<string, number[]>(Object.keys(work).map((name) => [name, []]));
  for (let run = -1; run < runs; run++) {
    for (const [name, act] of Object.entries(work)) {
      const place = copyOf(template);
      const began = performance.now();
      act(place);
      // The first round warms the caches.
      if (run >= 0) times.get(name)?.push(performance.now() - began);
    }
  }
  return times;
}

function told(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  return `${(sorted[0] ?? NaN).toFixed(0)} ms at least, ${median(times).toFixed(0)} in the median`;
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;
}

function peak(argv: readonly string[], cwd: string): number {
  return Number(execFileSync(join(root, 'node_modules/.bin/bun'), [join(root, 'test/bench/peak.ts'), ...argv], { cwd, env, encoding: 'utf8' }));
}

const ledger = [...realLedgers].sort((a, b) => statSync(b.path).size - statSync(a.path).size)[0];
if (ledger === undefined) throw new Error(noRealLedgers);
const count = readFileSync(ledger.path, 'utf8').trim().split('\n').length;
process.stdout.write(`${ledger.name}: ${count} beads, ${(statSync(ledger.path).size / 2 ** 20).toFixed(1)} MiB\n`);

for (const { name, argv } of programs) {
  const template = join(folder, name);
  mkdirSync(template);
  git(template, 'init', '-q', '-b', 'main');
  git(template, 'commit', '-q', '--allow-empty', '-m', 'Begin');
  execFileSync(argv[0] ?? '', [...argv.slice(1), 'init', '--no-gate'], { cwd: template, env, stdio: 'ignore' });
  const before = git(template, 'rev-parse', 'refs/beads/main').toString().trim();
  const words = [...argv, 'import', '--quiet', ledger.path];
  const importIn = (cwd: string): void => void execFileSync(words[0] ?? '', words.slice(1), { cwd, env, stdio: 'ignore' });

  const finished = copyOf(template);
  importIn(finished);
  const stream = join(folder, `${name}.stream`);
  writeFileSync(stream, git(finished, 'fast-export', '--show-original-ids', `${before}..refs/beads/main`));
  const fastImport = (cwd: string): void => {
    const { status } = spawnSync('git', ['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsync=committed,reference,loose-object', '-c', 'fastimport.unpackLimit=1', 'fast-import', '--quiet', '--force', '--depth=0'], { cwd, env, stdio: [openSync(stream, 'r'), 'ignore', 'inherit'] });
    if (status !== 0) throw new Error(`git fast-import ended with ${status}`);
  };

  const times = timeInTurn(template, { import: importIn, 'git fast-import': fastImport });
  const [ours = [], theirs = []] = [times.get('import'), times.get('git fast-import')];
  const ratio = median(ours) / median(theirs);
  process.stdout.write(`${name}: import ${told(ours)}; git fast-import of its shards ${told(theirs)}; ×${ratio.toFixed(2)}, ${peak(words, template).toFixed(0)} MiB at the peak\n`);
  if (name === 'native' && ratio > bar) process.stdout.write(`  over the bar: ${bar} is the bar\n`);
}
