import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { parseConfiguration } from './configuration.ts';
import { freeAllLocks, freeLocks } from './locks.ts';
import { checkBranchName, isOid, readRef, readSymbolicRef, updateRefs } from './refs.ts';
import { openRepository, type Repository } from './repository.ts';
import { BadRevision } from './object.ts';
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
const halfMadeMilliseconds = 5_000;

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
    if (attempt === 5 || existsSync(path)) throw new GitFailed(args, code, stderr);
    const known = (await listWorktrees(repository)).find((each) => each.path === path);
    if (known?.missing === true && known.locked === undefined) await removeWorktree(repository, path);
    forgetHalfMade(repository);
    await freeAllLocks(repository);
    await new Promise((resume) => setTimeout(resume, attempt * 50));
  }
}

/** Lists the worktrees of a repository; the first is its main one. One that is just being made or unmade is left out, where `git worktree list` would fail. */
export async function listWorktrees(repository: Repository): Promise<Worktree[]> {
  const main = openRepository(repository.commonDir);
  const found = [await worktreeAt(main, main.worktree ?? main.commonDir, main.bare)];
  for (const name of administered(repository)) {
    const gitDir = join(repository.commonDir, 'worktrees', name);
    const pointer = firstLine(join(gitDir, 'gitdir'));
    if (pointer === undefined || firstLine(join(gitDir, 'HEAD')) === undefined || firstLine(join(gitDir, 'commondir')) === undefined) continue;
    const path = dirname(resolve(gitDir, pointer));
    found.push(await worktreeAt({ ...repository, gitDir, worktree: path, bare: false }, path, false));
  }
  return found;
}

async function worktreeAt(repository: Repository, path: string, bare: boolean): Promise<Worktree> {
  const [branch, head] = await Promise.all([readSymbolicRef(repository, 'HEAD'), readRef(repository, 'HEAD')]);
  return { path, head, branch, bare, locked: firstLine(join(repository.gitDir, 'locked')), missing: !existsSync(path) };
}

function administered({ commonDir }: Repository): string[] {
  try {
    return readdirSync(join(commonDir, 'worktrees')).sort();
  } catch (error) {
    // Git takes the folder away with the last worktree.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function firstLine(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').split('\n', 1)[0]!.trim();
  } catch {
    return undefined;
  }
}

/** Forgets worktrees that a killed git left half made: until then `git worktree` and `git fetch` fail on them. One that changed a moment ago may still be under way. */
export function forgetHalfMade(repository: Repository): void {
  for (const name of administered(repository)) {
    const gitDir = join(repository.commonDir, 'worktrees', name);
    // Until git has checked it out, the head of a new one is all zeros.
    const whole = ['gitdir', 'commondir', 'HEAD'].every((file) => !/^0*$/.test(firstLine(join(gitDir, file)) ?? ''));
    const changed = statSync(gitDir, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (!whole && performance.timeOrigin + performance.now() - changed > halfMadeMilliseconds) rmSync(gitDir, { recursive: true, force: true });
  }
}

/** Removes a worktree, with its folder where that is still there; `force` takes one that is locked or holds changes. One that a git of somebody else removes meanwhile, such as the last one of a killed process, is removed. */
export async function removeWorktree(repository: Repository, path: string, { force = false }: { force?: boolean } = {}): Promise<void> {
  const isThere = async (): Promise<boolean> => (await listWorktrees(repository)).some((each) => each.path === path);
  const was = await isThere();
  try {
    await administer(repository, ['worktree', 'remove', ...(force ? ['--force', '--force'] : []), '--', path]);
  } catch (error) {
    if (!was || (await isThere())) throw error;
  }
}

/** Forgets worktrees whose folders are gone. */
export async function pruneWorktrees(repository: Repository): Promise<void> {
  await administer(repository, ['worktree', 'prune']);
}

/** Runs a `git worktree` that may be tried again: it fails while another worktree is just being made. */
async function administer(repository: Repository, args: readonly string[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const { code, stderr } = await runGit(repository, args, { guarded: true, timeoutMs: long, accept: [0, 1, 128, 255] });
    if (code === 0) return;
    if (attempt === 5) throw new GitFailed(args, code, stderr);
    forgetHalfMade(repository);
    await new Promise((resume) => setTimeout(resume, attempt * 50));
  }
}

/** Keeps a worktree from being removed, and says why; a lock that is there gets the new reason. */
export function lockWorktree(path: string, reason: string): void {
  const { gitDir, commonDir } = openRepository(path);
  if (gitDir !== commonDir) writeFileSync(join(gitDir, 'locked'), `${reason.replaceAll(/\s+/g, ' ')}\n`);
}

/** Lets a worktree be removed again; one without a lock, or with another reason than the one that is told, stays as it is. */
export function unlockWorktree(path: string, reason?: string): void {
  const { gitDir, commonDir } = openRepository(path);
  const lock = join(gitDir, 'locked');
  if (gitDir === commonDir || !existsSync(lock)) return;
  if (reason === undefined || readFileSync(lock, 'utf8').trim() === reason) rmSync(lock, { force: true });
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
