import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { openRepository, type Repository } from '../../src/git/repository.ts';
import type { Signature } from '../../src/git/signature.ts';
import { noReftable, reftablePath } from '../helpers/reftable.ts';
import { skip } from '../helpers/skip.ts';
import { output, ownEnvironment, repository, type RunOptions } from '../helpers/temporary.ts';

// The room under test hands its own environment on: nobody's home but the test's.
Object.assign(process.env, ownEnvironment());

export const furiosa: Signature = { name: 'gastown/polecats/furiosa', email: 'ada@example.com', epochSeconds: 1_750_000_000, zone: '+0200' };

export function git(cwd: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return output(['git', ...args], { cwd, ...options });
}

interface Suite {
  (name: string, run: () => Promise<void>): void;
  skip(name: string, run: () => void): void;
}

/** How refs are kept: as files unless told. */
type Format = 'reftable' | undefined;

/** Adds a test for refs kept as files, and for refs kept in a reftable where a git can do that. */
export function eachFormat(suite: Suite, name: string, test: (format: Format) => Promise<void>): void {
  suite(name, () => test(undefined));
  const inReftable = `${name} (reftable)`;
  const path = reftablePath;
  if (path === undefined) skip(suite, inReftable, noReftable);
  else suite(inReftable, () => withPath(path, () => test('reftable')));
}

/** Runs something with another PATH. */
export async function withPath(path: string, test: () => Promise<void>): Promise<void> {
  const before = process.env.PATH;
  process.env.PATH = path;
  try {
    await test();
  } finally {
    process.env.PATH = before;
  }
}

export async function fresh(options: { bare?: boolean; commit?: boolean; format?: Format } = {}): Promise<Repository> {
  return openRepository(await repository(options));
}

/** A commit that no ref names. */
export async function looseCommit(repo: Repository, message: string, parents: readonly string[] = []): Promise<string> {
  const tree = await git(repo.gitDir, ['hash-object', '-t', 'tree', '-w', '/dev/null']);
  return git(repo.gitDir, ['commit-tree', tree, '-m', message, ...parents.flatMap((parent) => ['-p', parent])]);
}

/** Writes one blob and answers its object id. */
export function writeBlob(repo: Repository, content: string): Promise<string> {
  return git(repo.gitDir, ['hash-object', '-w', '--stdin'], { input: content });
}

export async function thrown(run: () => unknown): Promise<Error & { code?: string; data?: Record<string, unknown>; hint?: string }> {
  try {
    await run();
  } catch (error) {
    return error as Error & { code?: string };
  }
  throw new Error('nothing was thrown');
}

export function filesOf(folder: string, ending: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith(ending));
}

/** How to run a script beside this file in a process of its own. */
export function script(name: string): string[] {
  return [process.execPath, resolve(import.meta.dirname, name)];
}
