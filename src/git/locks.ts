import { closeSync, linkSync, openSync, readdirSync, readFileSync, readlinkSync, renameSync, statSync, unlinkSync, fstatSync } from 'node:fs';
import { join } from 'node:path';
import { Busy } from '../base/errors.ts';
import type { Repository } from './repository.ts';

/** How old, in milliseconds, a lock must be before it may be a dead process's; without a process table to look at, it must be far older. */
const stale = { seen: 10_000, unseen: 600_000 };
const patience = 3000;

/** Another process holds a lock of the repository. */
export class LockHeld extends Busy {
  readonly code = 'git.locked';
  constructor(path: string) {
    super(`another git process holds ${path}`, { path }, 'run the command again');
  }
}

/**
 * Waits for locks to go, and removes one that a dead process left: unchanged for ten seconds by the file system's own clock, with no living git process in the repository.
 * Answers whether any lock was there; throws LockHeld.
 */
export async function freeLocks(repository: Repository, paths: readonly string[], note: (sentence: string) => void = () => {}): Promise<boolean> {
  let found = false;
  for (const path of new Set(paths)) {
    const begun = performance.now();
    for (let before = identity(path); before !== undefined; before = identity(path)) {
      found = true;
      await new Promise((resume) => setTimeout(resume, 50));
      if (identity(path) !== before) break;
      if (isStale(repository, path) && take(repository, path, before)) {
        note(`removed ${path}, which a git process that is dead had left`);
        break;
      }
      if (performance.now() - begun > patience) throw new LockHeld(path);
    }
  }
  return found;
}

/** The same for every lock of git's in the repository, after a command that may take any of them has failed. */
export function freeAllLocks(repository: Repository, note?: (sentence: string) => void): Promise<boolean> {
  return freeLocks(repository, allLocks(repository), note);
}

/** The lock files that git has in a repository, whether anybody still holds them or not. */
function allLocks({ gitDir, commonDir }: Repository): string[] {
  const below = (folder: string, recursive: boolean): string[] =>
    (attempt(() => readdirSync(folder, { recursive, encoding: 'utf8' })) ?? []).filter((name) => name.endsWith('.lock')).map((name) => join(folder, name));
  return [...new Set([...below(gitDir, false), ...below(commonDir, false), ...below(join(commonDir, 'refs'), true), ...below(join(commonDir, 'reftable'), false)])];
}

/** The lock files that git processes left which are dead. */
export function deadLocks(repository: Repository): string[] {
  return allLocks(repository).filter((path) => isStale(repository, path));
}

function identity(path: string): string | undefined {
  const stat = attempt(() => statSync(path));
  return stat && `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
}

function isStale(repository: Repository, lock: string): boolean {
  const stat = attempt(() => statSync(lock));
  if (stat === undefined) return false;
  const age = fileSystemTime(repository) - stat.mtimeMs;
  if (age < stale.seen) return false;
  const busy = gitIsBusyIn(repository, lock);
  return busy === 'unknown' ? age > stale.unseen : !busy;
}

/** The time as the file system that holds the lock has it, which may be another machine's. */
function fileSystemTime({ commonDir }: Repository): number {
  const probe = join(commonDir, `gastown-probe-${process.pid}`);
  const file = openSync(probe, 'w');
  try {
    return fstatSync(file).mtimeMs;
  } finally {
    closeSync(file);
    unlinkSync(probe);
  }
}

/** Whether a living process has the lock open, or a living git process works in the repository; unknown where processes cannot be looked at. */
function gitIsBusyIn(repository: Repository, lock: string): boolean | 'unknown' {
  let pids: string[];
  try {
    pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return 'unknown';
  }
  const places = [repository.gitDir, repository.commonDir, ...(repository.worktree === undefined ? [] : [repository.worktree])];
  return pids.some((pid) => {
    const process = join('/proc', pid);
    if (attempt(() => readdirSync(join(process, 'fd')))?.some((file) => attempt(() => readlinkSync(join(process, 'fd', file))) === lock)) return true;
    if (attempt(() => readFileSync(join(process, 'comm'), 'utf8'))?.startsWith('git') !== true) return false;
    const folder = attempt(() => readlinkSync(join(process, 'cwd')));
    const command = attempt(() => readFileSync(join(process, 'cmdline'), 'utf8')) ?? '';
    // Readers live long and lock nothing.
    if (folder === undefined || command.includes('\0cat-file\0')) return false;
    const told = `${command}\0${attempt(() => readFileSync(join(process, 'environ'), 'utf8')) ?? ''}`;
    return places.some((place) => folder === place || folder.startsWith(`${place}/`) || told.includes(place));
  });
}

/** What a look at a file gives that may go, or belong to somebody else, at any moment. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** Takes a lock file away, unless it is no longer the one that was looked at. */
function take({ commonDir }: Repository, path: string, expected: string): boolean {
  const aside = join(commonDir, `gastown-stale-${process.pid}`);
  try {
    renameSync(path, aside);
  } catch {
    return false;
  }
  const same = identity(aside) === expected;
  if (!same) attempt(() => linkSync(aside, path));
  unlinkSync(aside);
  return same;
}
