import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../helpers/programs.ts';
import { output, ownEnvironment, repository, run, temporary, type Ran, type RunOptions } from '../helpers/temporary.ts';

/** A repository that is a town by itself, as one build of the programs sees it. */
export interface Citadel {
  readonly program: Program;
  /** Everything of it lies below: the repository, its workers, and what tests put beside them. */
  readonly ground: string;
  readonly place: string;
  /** Runs gt in the repository. */
  gt(...words: string[]): Promise<Ran>;
  /** Runs gt, which must succeed; its output. */
  must(...words: string[]): Promise<string>;
  /** Runs gt with `--json`, which must succeed. */
  json<T>(...words: string[]): Promise<T>;
  with(options: RunOptions, ...words: string[]): Promise<Ran>;
}

/** The person's environment, with this build first on the PATH. */
export function environmentFor(program: Program): Record<string, string> {
  const own = ownEnvironment();
  return { ...own, PATH: `${program.folder}:${own['PATH']}` };
}

/** Calls one build in one place. */
export function callerIn(program: Program, place: string, env: Readonly<Record<string, string>> = {}): Pick<Citadel, 'gt' | 'must' | 'json' | 'with'> {
  const base = { cwd: place, env: { ...environmentFor(program), ...env } };
  const caller: Pick<Citadel, 'gt' | 'must' | 'json' | 'with'> = {
    with: (options, ...words) => run([...program.argv, ...words], { ...base, ...options, env: { ...base.env, ...options.env } }),
    gt: (...words) => caller.with({}, ...words),
    must: async (...words) => output([...program.argv, ...words], base),
    json: async (...words) => JSON.parse(await caller.must(...words, '--json')),
  };
  return caller;
}

/** Makes a repository with one commit into a town with a gate. */
export async function citadel(program: Program, { gate = 'true', env = {} }: { gate?: string; env?: Readonly<Record<string, string>> } = {}): Promise<Citadel> {
  const ground = temporary();
  const place = await repository({ path: join(ground, 'citadel') });
  const caller = callerIn(program, place, env);
  await caller.must('init', '--prefix', 'ci', '--gate', gate);
  return { program, ground, place, ...caller };
}

/** Files a bead with a command of its own; its id. */
export async function file({ json }: Pick<Citadel, 'json'>, title: string, command?: string, ...more: string[]): Promise<string> {
  const metadata = command === undefined ? [] : ['--metadata', JSON.stringify({ run: command })];
  return (await json<{ id: string }>('create', title, ...metadata, ...more)).id;
}

/** The processes that stand in a folder, or were told of it. */
export function processesBelow(folder: string): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid).flatMap((pid) => {
    const told = (file: string): string => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return ''; // it has ended meanwhile
      }
    };
    const words = told('cmdline');
    return words !== '' && (words.includes(folder) || told('environ').includes(folder)) ? [`${pid}: ${words.slice(0, 200)}`] : [];
  });
}

/** Asks until there is no more process below a folder; those that stay. */
export async function lastProcesses(folder: string, patience = 3_000): Promise<string[]> {
  for (const end = performance.now() + patience; ; ) {
    const left = processesBelow(folder);
    if (left.length === 0 || performance.now() > end) return left;
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

/** Makes a folder and answers its path. */
export function folder(...parts: string[]): string {
  const path = join(...parts);
  mkdirSync(path, { recursive: true });
  return path;
}
