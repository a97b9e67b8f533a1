import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../helpers/programs.ts';

/** The part of the runtime that starts programs with the least ado; only the measuring runs on it. */
declare const Bun: {
  spawn(argv: readonly string[], options: object): { readonly exited: Promise<number> };
};

/** What a program takes, from its start to its end: the median and the least of its runs in milliseconds, and its peak in MiB. */
export interface Measured {
  readonly milliseconds: number;
  readonly least: number;
  readonly mebibytes: number;
}

/** A program with its arguments, made anew for each run so that writers have something to write. */
export interface Program {
  readonly name: string;
  readonly argv: (run: number) => readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs programs in turn, so that whatever else the machine does meets all of them alike. */
export async function measure(programs: readonly Program[], runs: number): Promise<Map<string, Measured>> {
  const times = new Map<string, number[]>(programs.map(({ name }) => [name, []]));
  for (let run = -1; run < runs; run++) {
    for (const { name, argv, cwd, env } of programs) {
      const began = performance.now();
      const child = Bun.spawn(argv(run), { cwd, env, stdin: 'ignore', stdout: 'ignore', stderr: 'inherit' });
      const code = await child.exited;
      const took = performance.now() - began;
      if (code !== 0) throw new Error(`${argv(run).join(' ')} ended with ${code}`);
      // The first round warms the caches that the bars presume.
      if (run < 0) continue;
      times.get(name)?.push(took);
    }
  }
  return new Map(programs.map((program) => [program.name, { milliseconds: median(times.get(program.name) ?? []), least: Math.min(...(times.get(program.name) ?? [])), mebibytes: peakOf(program) }]));
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

/** The peak memory of one run, in MiB. */
function peakOf({ argv, cwd, env }: Program): number {
  return Number(execFileSync(join(root, 'node_modules/.bin/bun'), [join(root, 'test/bench/peak.ts'), ...argv(-2)], { cwd, env: { ...env }, encoding: 'utf8' }));
}
