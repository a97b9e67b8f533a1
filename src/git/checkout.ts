import { join } from 'node:path';
import { Refused } from '../base/errors.ts';
import { freeLocks, LockHeld } from './locks.ts';
import { BadRevision } from './object.ts';
import { isOid } from './refs.ts';
import type { Repository } from './repository.ts';
import { GitFailed, runGit } from './run.ts';

/** A checkout holds changes, or files that are not tracked, where others would be written. */
export class CheckoutInUse extends Refused {
  readonly code = 'checkout.in-use';
  constructor(worktree: string, said: string) {
    super(`${worktree} holds changes that a move would overwrite`, { worktree, said }, 'commit them, or git stash');
  }
}

/** Whether a worktree has no change, staged or not, and nothing untracked that is not ignored, unless that does not matter. */
export async function isClean(repository: Repository, { untracked = true }: { untracked?: boolean } = {}): Promise<boolean> {
  const args = ['status', '--porcelain=v2', '-z', `--untracked-files=${untracked ? 'normal' : 'no'}`, '--ignore-submodules=all', '--no-renames'];
  return (await runGit(repository, args, { worktree: true })).stdout.length === 0;
}

/** Moves the files and the index of a clean checkout from one commit to another, when its branch has moved; throws CheckoutInUse and changes nothing where something is in the way, LockHeld, and GitFailed. */
export async function moveCheckout(repository: Repository, from: string, to: string): Promise<void> {
  for (const oid of [from, to]) if (!isOid(oid)) throw new BadRevision(oid);
  await freeLocks(repository, [join(repository.gitDir, 'index.lock')]);
  await runGit(repository, ['update-index', '-q', '--refresh'], { worktree: true, accept: [0, 1] });
  const said = await readTree(repository, ['-m', '-u', from, to]);
  if (said !== undefined) throw new CheckoutInUse(repository.worktree ?? repository.gitDir, said);
}

/** Reads trees into the index; answers what git says is in the way. Throws LockHeld, and GitFailed where it could not be done for another reason. */
async function readTree(repository: Repository, how: readonly string[]): Promise<string | undefined> {
  const args = ['read-tree', ...how];
  const { code, stderr } = await runGit(repository, args, { worktree: true, accept: [0, 128], timeoutMs: 900_000 });
  if (code === 0) return undefined;
  // One status for all of it: what is in the way git calls an error, and goes on to the next one.
  if (!/^(fatal: |stopped by |error: unable to read )/m.test(stderr)) return stderr.trim();
  if (/^fatal: Unable to create '.*index\.lock'/m.test(stderr)) throw new LockHeld(join(repository.gitDir, 'index.lock'));
  throw new GitFailed(args, code, stderr);
}

/** Whether a checkout could be moved from one commit to another: nothing that it holds, tracked or not, is in the way. While another git process holds its index, nothing is known to be. Throws GitFailed. */
export async function mayMove(repository: Repository, from: string, to: string): Promise<boolean> {
  for (const oid of [from, to]) if (!isOid(oid)) throw new BadRevision(oid);
  if (!(await refreshIndex(repository))) return true;
  try {
    return (await readTree(repository, ['-n', '-m', '-u', from, to])) === undefined;
  } catch (error) {
    if (error instanceof LockHeld) return true;
    throw error;
  }
}

/** Brings the index up to date with the dates of files; false where another git process holds it, and then it stays as it is. Throws GitFailed where it cannot be read. */
async function refreshIndex(repository: Repository): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await freeLocks(repository, [join(repository.gitDir, 'index.lock')]);
    } catch (error) {
      if (error instanceof LockHeld) return false;
      throw error;
    }
    // Git fails with 128 where somebody has taken the lock since, and where the index is damaged: that fails every time.
    const { code } = await runGit(repository, ['update-index', '-q', '--refresh'], { worktree: true, accept: attempt < 3 ? [0, 1, 128] : [0, 1] });
    if (code !== 128) return true;
  }
}

/** Whether the tracked files and the index of a checkout are those of a commit, whatever its branch says. */
export async function shows(repository: Repository, commit: string): Promise<boolean> {
  if (!isOid(commit)) throw new BadRevision(commit);
  await refreshIndex(repository);
  const quiet = async (args: readonly string[]): Promise<boolean> => (await runGit(repository, args, { worktree: true, accept: [0, 1] })).code === 0;
  return (await quiet(['diff-index', '--cached', '--quiet', commit, '--'])) && quiet(['diff-files', '--quiet', '--ignore-submodules=all']);
}
