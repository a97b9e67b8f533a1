import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { parseConfiguration } from './configuration.ts';
import { freeLocks } from './locks.ts';
import { checkBranchName, isOid, readRef, updateRefs } from './refs.ts';
import { openRepository, type Repository } from './repository.ts';
import { BadRevision } from './objects.ts';
import { GitFailed, runGit } from './run.ts';

export interface NewWorktree {
  /** The branch that is checked out; without one, the head is detached at the start point. */
  readonly branch?: string;
  /** Makes the branch first; throws RefMoved where it is there already. */
  readonly newBranch?: boolean;
  /** A commit's object id; needed for a new branch and for a detached head. */
  readonly startPoint?: string;
}

export interface Worktree {
  readonly path: string;
  readonly head: string | undefined;
  /** Its full ref, or undefined where the head is detached. */
  readonly branch: string | undefined;
  readonly bare: boolean;
  /** Why it must not be removed, or undefined where it may. */
  readonly locked: string | undefined;
  /** Its folder is gone. */
  readonly missing: boolean;
}

const long = 900_000;

/** Makes a worktree at an absolute path that is free, without running what the repository's configuration names, and without tracking. */
export async function addWorktree(repository: Repository, path: string, { branch, newBranch = false, startPoint }: NewWorktree): Promise<Repository> {
  if (!isAbsolute(path)) throw new Error(`a worktree is given an absolute path, not ${path}`);
  if (startPoint !== undefined && !isOid(startPoint)) throw new BadRevision(startPoint);
  if (branch !== undefined) checkBranchName(branch);
  const created = branch !== undefined && newBranch ? { ref: `refs/heads/${branch}`, from: null, to: startPoint ?? '' } : undefined;
  if (created !== undefined) await updateRefs(repository, [created]);
  try {
    await checkOut(repository, path, branch ?? startPoint ?? '', branch === undefined);
  } catch (error) {
    if (created !== undefined) await updateRefs(repository, [{ ref: created.ref, from: created.to, to: null }]).catch(() => {}); // the first failure is the one to tell
    throw error;
  }
  return openRepository(path);
}

async function checkOut(repository: Repository, path: string, what: string, detached: boolean): Promise<void> {
  const args = ['worktree', 'add', '--quiet', ...(detached ? ['--detach'] : []), '--', path, what];
  for (let attempt = 1; ; attempt += 1) {
    const { code, stderr } = await runGit(repository, args, { guarded: true, timeoutMs: long, accept: [0, 1, 128, 255] });
    if (code === 0) return;
    if (attempt === 3 || existsSync(path)) throw new GitFailed(args, code, stderr);
    const known = (await listWorktrees(repository)).find((each) => each.path === path);
    if (known?.missing === true && known.locked === undefined) await removeWorktree(repository, path);
    await freeLocks(repository, [join(repository.commonDir, 'config.lock')]);
  }
}

/** Lists the worktrees of a repository; the first is its main one. */
export async function listWorktrees(repository: Repository): Promise<Worktree[]> {
  const { stdout } = await runGit(repository, ['worktree', 'list', '--porcelain', '-z']);
  return stdout.toString('utf8').split('\0\0').filter((block) => block !== '').map((block) => {
    const facts = new Map(block.split('\0').map((line) => [line.split(' ', 1)[0]!, line.slice(line.indexOf(' ') + 1)]));
    const path = facts.get('worktree') ?? '';
    const locked = facts.get('locked');
    return { path, head: facts.get('HEAD'), branch: facts.get('branch'), bare: facts.has('bare'), locked: locked === 'locked' ? '' : locked, missing: !existsSync(path) };
  });
}

/** Removes a worktree, with its folder where that is still there; `force` takes one that is locked or holds changes. */
export async function removeWorktree(repository: Repository, path: string, { force = false }: { force?: boolean } = {}): Promise<void> {
  await runGit(repository, ['worktree', 'remove', ...(force ? ['--force', '--force'] : []), '--', path], { guarded: true, timeoutMs: long });
}

/** Keeps a worktree from being removed, and says why; a lock that is there gets the new reason. */
export function lockWorktree(path: string, reason: string): void {
  const { gitDir, commonDir } = openRepository(path);
  if (gitDir !== commonDir) writeFileSync(join(gitDir, 'locked'), `${reason.replaceAll(/\s+/g, ' ')}\n`);
}

/** Lets a worktree be removed again; one without a lock stays as it is. */
export function unlockWorktree(path: string): void {
  const { gitDir, commonDir } = openRepository(path);
  if (gitDir !== commonDir) rmSync(join(gitDir, 'locked'), { force: true });
}

/** Sets keys of a worktree's own configuration. */
export async function configureWorktree(path: string, values: Readonly<Record<string, string>>): Promise<void> {
  const repository = openRepository(path);
  await separateConfigurations(repository);
  for (const [key, value] of Object.entries(values)) await setKey(repository, join(repository.gitDir, 'config.worktree'), [key, value]);
}

/** A worktree's own configuration, read without a process; section and key in lower case. */
export function worktreeConfig(path: string): Record<string, string> {
  return configurationOf(join(openRepository(path).gitDir, 'config.worktree'));
}

function configurationOf(file: string): Record<string, string> {
  return existsSync(file) ? parseConfiguration(readFileSync(file, 'utf8')) : {};
}

/** Lets each worktree have a configuration of its own; that the repository is bare is then said in the main one's, or git would believe it of all. */
async function separateConfigurations(repository: Repository): Promise<void> {
  const file = join(repository.commonDir, 'config');
  const before = configurationOf(file);
  if (before['core.bare'] === 'true') await setKey(repository, join(repository.commonDir, 'config.worktree'), ['core.bare', 'true']);
  if (before['extensions.worktreeconfig'] !== 'true') await setKey(repository, file, ['extensions.worktreeConfig', 'true']);
  if (before['core.bare'] === 'true') await setKey(repository, file, ['--unset-all', 'core.bare']);
}

async function setKey(repository: Repository, file: string, change: readonly string[]): Promise<void> {
  const args = ['config', '--file', file, ...change];
  for (let attempt = 1; ; attempt += 1) {
    // 5: there was nothing to unset; somebody else did it.
    const { code, stderr } = await runGit(repository, args, { accept: [0, 1, 2, 3, 4, 5, 128, 255] });
    if (code === 0 || code === 5) return;
    if (attempt === 20) throw new GitFailed(args, code, stderr);
    await freeLocks(repository, [`${file}.lock`]);
    await new Promise((resume) => setTimeout(resume, attempt * (1 + (performance.now() % 5))));
  }
}

/** The commit that a branch names, or undefined where there is no such branch. */
export function readBranch(repository: Repository, branch: string): Promise<string | undefined> {
  checkBranchName(branch);
  return readRef(repository, `refs/heads/${branch}`);
}
