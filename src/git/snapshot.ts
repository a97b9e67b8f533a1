import { accessSync, constants, copyFileSync, existsSync, lstatSync, mkdtempSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Busy, Refused } from '../base/errors.ts';
import { freeLocks } from './locks.ts';
import { commitTree } from './merging.ts';
import { BadRevision } from './object.ts';
import { isWhole } from './objects.ts';
import { isOid, readRef, readSymbolicRef, updateRefs, type RefChange } from './refs.ts';
import type { Repository } from './repository.ts';
import { gitText, runGit, type GitOptions, type GitResult } from './run.ts';
import type { Signature } from './signature.ts';

export interface Snapshot {
  /** The head where nothing differs from it. */
  readonly commit: string;
  readonly tree: string;
  /** Whether the worktree holds just what its head does. */
  readonly clean: boolean;
  /** What could not be taken along: repositories inside the worktree, files that may not be read. */
  readonly left: readonly string[];
}

/** Somebody is in the middle of a merge, rebase or pick in a worktree. */
export class UnfinishedWork extends Refused {
  readonly code = 'worktree.unfinished';
  constructor(worktree: string, what: string) {
    super(`a ${what} is under way in ${worktree}`, { worktree, what }, 'finish it, or end it with git merge --abort or git rebase --abort');
  }
}

/** A worktree has no branch checked out, so there is none to commit on. */
export class NoBranch extends Refused {
  readonly code = 'worktree.detached';
  constructor(worktree: string) {
    super(`${worktree} has no branch checked out`, { worktree }, 'git switch <branch>');
  }
}

/** Objects were pruned from the repository while they were being written. */
export class Pruned extends Busy {
  readonly code = 'git.pruned';
  constructor(commit: string) {
    super('objects were pruned while they were being written', { commit }, 'run the command again');
  }
}

const long = 900_000;

/** Takes the full state of a worktree, with what is untracked and not ignored, as a commit on its head; its own index and branch stay as they are, and nothing that its configuration names runs. */
export async function snapshotWorktree(repository: Repository, options: { ref?: string; message: string; author: Signature; parent?: string }): Promise<Snapshot> {
  const head = await readRef(repository, 'HEAD');
  const { ref, message, author } = options;
  const snapshot = await withPrivateIndex(repository, head, async (index) => {
    const { tree, left } = await treeOfWorktree(repository, index, head);
    const parent = options.parent ?? head;
    const clean = head !== undefined && tree === (await gitText(repository, ['rev-parse', `${head}^{tree}`]));
    const commit = clean && parent === head ? head : await commitTree(repository, { tree, parents: parent === undefined ? [] : [parent], message, author, committer: author });
    return { commit, tree, clean, left };
  });
  if (ref !== undefined) await publish(repository, { ref, from: (await readRef(repository, ref)) ?? null, to: snapshot.commit }, message, head);
  return snapshot;
}

/** Commits everything that a worktree holds beyond its head on the branch that it is on, and brings its index along; answers the commit, or undefined where there was nothing. */
export async function commitWorktree(repository: Repository, { message, author }: { message: string; author: Signature }): Promise<string | undefined> {
  const branch = await readSymbolicRef(repository, 'HEAD');
  if (branch === undefined) throw new NoBranch(repository.worktree ?? repository.gitDir);
  refuseUnfinished(repository);
  const head = await readRef(repository, 'HEAD');
  return withPrivateIndex(repository, head, async (index) => {
    const { tree } = await treeOfWorktree(repository, index, head);
    const clean = head !== undefined && tree === (await gitText(repository, ['rev-parse', `${head}^{tree}`]));
    const commit = clean ? undefined : await commitTree(repository, { tree, parents: head === undefined ? [] : [head], message, author, committer: author });
    if (commit !== undefined) await publish(repository, { ref: branch, from: head ?? null, to: commit }, `commit: ${message}`, head);
    await installIndex(repository, index);
    return commit;
  });
}

/** Moves a ref to a new commit, and back when the commit lost something to somebody's pruning before the ref held it. */
async function publish(repository: Repository, change: RefChange & { to: string }, message: string, head: string | undefined): Promise<void> {
  const { ref, from, to } = change;
  await updateRefs(repository, [change], { reflog: message.split('\n', 1)[0]! });
  if (await isWhole(repository, to, head === undefined ? [] : [head])) return;
  await updateRefs(repository, [{ ref, from: to, to: from }]);
  throw new Pruned(to);
}

/** Makes a worktree, its index and its branch just what a commit is, and removes what is untracked and not ignored; nothing that its configuration names runs. */
export async function resetWorktree(repository: Repository, oid: string): Promise<void> {
  if (!isOid(oid)) throw new BadRevision(oid);
  await freeLocks(repository, [join(repository.gitDir, 'index.lock')]);
  await runGit(repository, ['reset', '--hard', '--quiet', oid, '--'], { worktree: true, timeoutMs: long });
  await runGit(repository, ['clean', '-ffd', '--quiet'], { worktree: true, timeoutMs: long });
  for (const state of ['rebase-merge', 'rebase-apply', 'sequencer']) rmSync(join(repository.gitDir, state), { recursive: true, force: true });
}

const unfinished: Readonly<Record<string, string>> = { MERGE_HEAD: 'merge', CHERRY_PICK_HEAD: 'cherry-pick', REVERT_HEAD: 'revert', 'rebase-merge': 'rebase', 'rebase-apply': 'rebase' };

function refuseUnfinished(repository: Repository): void {
  for (const [file, what] of Object.entries(unfinished)) {
    if (existsSync(join(repository.gitDir, file))) throw new UnfinishedWork(repository.worktree ?? repository.gitDir, what);
  }
}

async function withPrivateIndex<T>(repository: Repository, head: string | undefined, use: (index: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'gt-index-'));
  try {
    const index = join(folder, 'index');
    const own = join(repository.gitDir, 'index');
    if (existsSync(own)) {
      copyFileSync(own, index);
      // Git trusts what is older than its index: an older date on the copy makes it look closer, never less.
      const second = Math.floor(statSync(own).mtimeMs / 1000);
      utimesSync(index, second, second);
    } else if (head !== undefined) await inIndex(repository, index, ['read-tree', head]);
    return await use(index);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function inIndex(repository: Repository, index: string, args: readonly string[], options: GitOptions = {}): Promise<GitResult> {
  return runGit(repository, args, { ...options, worktree: true, timeoutMs: long, env: { GIT_INDEX_FILE: index }, config: { 'core.splitIndex': 'false', 'core.ignoreStat': 'false', 'advice.addEmbeddedRepo': 'false' } });
}

async function treeOfWorktree(repository: Repository, index: string, head: string | undefined): Promise<{ tree: string; left: string[] }> {
  // It also forgets which files were marked as not to be looked at. Status 1 says that some differ.
  const refresh = await inIndex(repository, index, ['update-index', '-q', '--really-refresh'], { accept: [0, 1, 128] });
  if (refresh.code === 128) {
    rmSync(index, { force: true });
    if (head !== undefined) await inIndex(repository, index, ['read-tree', head]);
  }
  const { stdout } = await inIndex(repository, index, ['ls-files', '-z', '--others', '--modified', '--exclude-standard']);
  const found: Record<Kind, string[]> = { file: [], folder: [], left: [] };
  for (const path of new Set(splitPaths(stdout))) found[kindOf(repository, path)].push(path);
  await stage(repository, index, ['--force-remove'], found.folder);
  await stage(repository, index, ['--add', '--remove', '--replace'], found.file);
  const tree = (await inIndex(repository, index, ['write-tree'])).stdout.toString('utf8').trim();
  return { tree, left: found.left.map((path) => Buffer.from(path, 'latin1').toString('utf8')) };
}

/** The paths, each as the characters of its bytes: names of files need not be UTF-8. */
function splitPaths(stdout: Buffer): string[] {
  return stdout.toString('latin1').split('\0').filter((path) => path !== '');
}

/** What stands at a path that git tracks, or might: a file (or nothing any more), a folder where a file was, or what cannot be taken along. */
type Kind = 'file' | 'folder' | 'left';

function kindOf(repository: Repository, path: string): Kind {
  if (path.endsWith('/')) return 'left';
  const file = Buffer.concat([Buffer.from(`${repository.worktree ?? ''}/`), Buffer.from(path, 'latin1')]);
  try {
    const stat = lstatSync(file);
    if (stat.isDirectory()) return existsSync(Buffer.concat([file, Buffer.from('/.git')])) ? 'file' : 'folder';
    if (stat.isFile()) accessSync(file, constants.R_OK);
    return 'file';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'left' : 'file';
  }
}

async function stage(repository: Repository, index: string, how: readonly string[], paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  const input = Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1');
  await inIndex(repository, index, ['update-index', '-z', ...how, '--stdin'], { input });
}

/** Puts a private index in the place of the worktree's own, under git's lock. */
async function installIndex(repository: Repository, index: string): Promise<void> {
  const own = join(repository.gitDir, 'index');
  const lock = `${own}.lock`;
  await freeLocks(repository, [lock]);
  copyFileSync(index, lock, constants.COPYFILE_EXCL);
  renameSync(lock, own);
}
