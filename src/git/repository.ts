import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Broken } from '../base/errors.ts';

/** Where one repository keeps its things; every path is absolute. */
export interface Repository {
  /** What belongs to this worktree alone: HEAD, the index. */
  readonly gitDir: string;
  /** What all worktrees share: objects, refs, config. */
  readonly commonDir: string;
  readonly worktree: string | undefined;
  /** True where there is no worktree. */
  readonly bare: boolean;
  readonly reftable: boolean;
}

/** There is no git repository where one is needed. */
export class NoRepository extends Broken {
  readonly code = 'git.no-repository';
  constructor(path: string) {
    super(`${path} is not inside a git repository`, { path }, 'gt init');
  }
}

/** Finds the repository that holds a folder by reading files only, without a process and without the environment. */
export function discover(from: string): Repository | undefined {
  let folder: string;
  try {
    folder = realpathSync(resolve(from));
  } catch {
    return undefined;
  }
  for (;;) {
    const found = repositoryAt(folder);
    if (found !== undefined) return found;
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

/** Finds the repository of a folder, a worktree or a git directory; throws NoRepository. */
export function openRepository(path: string): Repository {
  const found = discover(path);
  if (found === undefined) throw new NoRepository(path);
  return found;
}

function repositoryAt(folder: string): Repository | undefined {
  const dotGit = join(folder, '.git');
  if (isGitDir(dotGit)) return describe(realpathSync(dotGit), folder);
  const linked = linkTarget(dotGit);
  const gitDir = linked === undefined ? undefined : resolve(folder, linked);
  if (gitDir !== undefined && isGitDir(gitDir)) return describe(realpathSync(gitDir), folder);
  if (isGitDir(folder)) return describe(folder, undefined);
  return undefined;
}

function describe(gitDir: string, above: string | undefined): Repository {
  const common = firstLine(join(gitDir, 'commondir'));
  const commonDir = common === undefined ? gitDir : realpathSync(resolve(gitDir, common));
  const worktree = above !== undefined && (common !== undefined || !saysBare(commonDir)) ? above : worktreeOf(gitDir, common !== undefined);
  return { gitDir, commonDir, worktree, bare: worktree === undefined, reftable: existsSync(join(commonDir, 'reftable')) };
}

/** The worktree of a git directory that was found from the inside. */
function worktreeOf(gitDir: string, linked: boolean): string | undefined {
  if (linked) {
    const pointer = firstLine(join(gitDir, 'gitdir'));
    const dotGit = pointer === undefined ? undefined : resolve(gitDir, pointer);
    return dotGit !== undefined && existsSync(dotGit) ? dirname(realpathSync(dotGit)) : undefined;
  }
  return basename(gitDir) === '.git' && !saysBare(gitDir) ? dirname(gitDir) : undefined;
}

function isGitDir(folder: string): boolean {
  if (!existsSync(join(folder, 'HEAD'))) return false;
  return existsSync(join(folder, 'commondir')) || (isFolder(join(folder, 'objects')) && isFolder(join(folder, 'refs')));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** What a `.git` file points to. */
function linkTarget(dotGit: string): string | undefined {
  if (statSync(dotGit, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  return /^gitdir: (.+)$/m.exec(readFileSync(dotGit, 'utf8'))?.[1];
}

function firstLine(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return readFileSync(path, 'utf8').split('\n', 1)[0];
  } catch {
    return undefined;
  }
}

function saysBare(commonDir: string): boolean {
  for (const name of ['config', 'config.worktree']) {
    const path = join(commonDir, name);
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    // Git writes it so, and a pattern is dearer than the reading.
    if (text.toLowerCase().replace('bare = false', '').includes('bare') && /^\s*bare\s*=\s*(true|yes|on|1)\b/im.test(text)) return true;
  }
  return false;
}
