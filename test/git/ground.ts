import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openRepository, type Repository } from '../../src/git/repository.ts';
import type { Signature } from '../../src/git/signature.ts';
import { skip } from '../helpers/skip.ts';
import { output, ownEnvironment, repository, temporary, type RunOptions } from '../helpers/temporary.ts';

// The room under test hands its own environment on: nobody's home but the test's.
Object.assign(process.env, ownEnvironment());

export const furiosa: Signature = { name: 'gastown/polecats/furiosa', email: 'ada@example.com', epochSeconds: 1_750_000_000, zone: '+0200' };

export function git(cwd: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return output(['git', ...args], { cwd, ...options });
}

const knowsReftable = spawnSync('git', ['init', '-q', '--ref-format=reftable', join(temporary(), 'probe')], { env: ownEnvironment() }).status === 0;

interface Suite {
  (name: string, run: () => Promise<void>): void;
  skip(name: string, run: () => void): void;
}

/** How refs are kept: as files unless told. */
type Format = 'reftable' | undefined;

/** Adds a test for refs kept as files, and for refs kept in a reftable where git knows it. */
export function eachFormat(suite: Suite, name: string, test: (format: Format) => Promise<void>): void {
  suite(name, () => test(undefined));
  if (knowsReftable) suite(`${name} (reftable)`, () => test('reftable'));
  else skip(suite, `${name} (reftable)`, 'the git at hand does not know --ref-format=reftable');
}

export async function fresh(options: { bare?: boolean; commit?: boolean; format?: Format } = {}): Promise<Repository> {
  return openRepository(await repository(options));
}

/** A commit that no ref names. */
export async function looseCommit(repo: Repository, message: string, parents: readonly string[] = []): Promise<string> {
  const tree = await git(repo.gitDir, ['hash-object', '-t', 'tree', '-w', '/dev/null']);
  return git(repo.gitDir, ['commit-tree', tree, '-m', message, ...parents.flatMap((parent) => ['-p', parent])]);
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
