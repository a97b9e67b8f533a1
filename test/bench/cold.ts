// Measures the first answer in a fresh clone beside git archive of the same ledger: npm run bench cold [beads] [runs]. Timings inform; they decide no test.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { programs } from '../helpers/programs.ts';
import { ownEnvironment, temporary } from '../helpers/temporary.ts';
import { ledgerOf } from './ledgers.ts';

const [beads = 100_000, runs = 9] = process.argv.slice(2).map(Number);
/** What the first list of ready work may take, natively, as a multiple of git archive. */
const bar = 3;

const folder = temporary();
const env = ownEnvironment();

function timed(cwd: string, [name = '', ...args]: readonly string[]): number {
  const began = performance.now();
  execFileSync(name, args, { cwd, env, maxBuffer: 1 << 30, stdio: ['ignore', 'ignore', 'inherit'] });
  return performance.now() - began;
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;
}

function told(times: readonly number[]): string {
  return `${Math.min(...times).toFixed(0)} ms at least, ${median(times).toFixed(0)} in the median`;
}

const [native] = programs;
if (native === undefined) throw new Error('there is no build');
const origin = join(folder, 'origin');
mkdirSync(origin);
for (const words of [['git', 'init', '-q', '-b', 'main'], ['git', 'commit', '-q', '--allow-empty', '-m', 'Begin'], [...native.argv, 'init', '--no-gate']]) timed(origin, words);
writeFileSync(join(folder, 'beads.jsonl'), ledgerOf(beads, 'big'));
timed(origin, [...native.argv, 'import', '--quiet', join(folder, 'beads.jsonl')]);

for (const { name, argv } of programs) {
  const clone = join(folder, name);
  timed(folder, ['git', 'clone', '-q', origin, clone]);
  timed(clone, [...argv, 'init', '--no-gate']);
  const cache = join(clone, '.git/gastown/cache');
  /** What is worked out aside disturbs nobody's time. */
  const settle = async (): Promise<void> => {
    while (!existsSync(join(cache, 'refs-beads-main/ready-ids'))) await sleep(50);
    await sleep(500);
  };
  const times: { readonly ours: number[]; readonly theirs: number[] } = { ours: [], theirs: [] };
  for (let run = -1; run < runs; run += 1) {
    rmSync(cache, { recursive: true, force: true });
    const ours = timed(clone, [...argv, 'ready']);
    await settle();
    const theirs = timed(clone, ['git', 'archive', 'refs/beads/main']);
    // The first round warms the caches.
    if (run < 0) continue;
    times.ours.push(ours);
    times.theirs.push(theirs);
  }
  const ratio = median(times.ours) / median(times.theirs);
  process.stdout.write(`${name}: first gt ready of ${beads} beads ${told(times.ours)}; git archive ${told(times.theirs)}; ×${ratio.toFixed(2)}\n`);
  if (name === 'native' && ratio > bar) process.stdout.write(`  over the bar: ${bar} is the bar\n`);
}
