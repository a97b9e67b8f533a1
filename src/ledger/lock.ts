import { mkdirSync, readFileSync, realpath, renameSync, rmSync, stat, statSync, utimes, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import lockfile from 'proper-lockfile';
import { Busy } from '../base/errors.ts';

/** A process, by its number and the time it started, so that a reused number is not mistaken for it. */
export interface LockOwner {
  readonly pid: number;
  readonly started: string;
}

/** Who takes locks here, and how to find out whether another owner still lives. */
export interface Liveness {
  readonly self: LockOwner;
  isAlive(owner: LockOwner): boolean | 'unknown';
}

interface Holder extends LockOwner {
  readonly host: string;
}

/** A lock whose owner cannot be looked at (another host's) counts as left behind when it was not touched for so long. */
const staleMilliseconds = 15_000;
const touchMilliseconds = 2_000;
const neverMilliseconds = 1e12;
/** In the lock directory: who holds it. */
const ownerFile = 'owner';
const breakerStaleMilliseconds = 5_000;

/**
 * Runs `work` while holding the lock directory `path`. The directory appears whole, with its owner in it, so the lock of a dead process is known as such and taken
 * over at once. Waits up to `patience` milliseconds for another one. Throws LockBusy.
 */
export async function withLock<T>(path: string, liveness: Liveness, patience: number, work: () => Promise<T>): Promise<T> {
  const release = await acquire(path, liveness, patience);
  try {
    return await work();
  } finally {
    await release();
  }
}

/** Takes the lock; the function that it returns gives it back. */
export async function acquire(path: string, liveness: Liveness, patience: number): Promise<() => Promise<void>> {
  mkdirSync(dirname(path), { recursive: true });
  const end = performance.now() + patience;
  for (let wait = 2; ; wait = Math.min(wait * 1.5, 40)) {
    const release = await take(path, liveness.self);
    if (release !== undefined) return release;
    if (takeFromDead(path, liveness)) continue;
    if (performance.now() > end) throw new LockBusy(path, holderOf(path));
    await new Promise((resume) => setTimeout(resume, wait * (0.5 + (performance.now() % 1))));
  }
}

/** Tries once. When a lock is left behind is for us to say, so the library is told that none ever is; it keeps the directory's time fresh while we hold it. */
async function take(path: string, self: LockOwner): Promise<(() => Promise<void>) | undefined> {
  try {
    return await lockfile.lock(path, { lockfilePath: path, realpath: false, stale: neverMilliseconds, update: touchMilliseconds, retries: 0, onCompromised: () => undefined, fs: signing(self) });
  } catch (error) {
    if (codeOf(error) === 'ELOCKED') return undefined;
    throw error;
  }
}

let made = 0;

/** The file operations of the lock library, so that its directory is never seen without its owner: made aside and renamed into place, renamed away and then removed. */
function signing(self: LockOwner): object {
  const aside = (path: string): string => `${path}.${self.pid}-${(made += 1)}`;
  const removeDirectory = (path: string): void => {
    const holder = holderOf(path);
    // Somebody who could not see that we live has taken it over.
    if (holder !== undefined && (holder.pid !== self.pid || holder.started !== self.started)) return;
    const gone = aside(path);
    renameSync(path, gone);
    rmSync(gone, { recursive: true, force: true });
  };
  return {
    stat,
    utimes,
    realpath,
    mkdir: (path: string, done: (error?: unknown) => void) => answer(done, () => appear(path, aside(path), self)),
    rmdir: (path: string, done: (error?: unknown) => void) => answer(done, () => removeDirectory(path)),
    rmdirSync: removeDirectory,
  };
}

function appear(path: string, own: string, self: LockOwner): void {
  try {
    mkdirSync(own);
    writeFileSync(join(own, ownerFile), JSON.stringify({ ...self, host: hostname() } satisfies Holder));
    renameSync(own, path);
  } catch (error) {
    rmSync(own, { recursive: true, force: true });
    throw codeOf(error) === 'ENOTEMPTY' ? Object.assign(new Error(`${path} is locked`), { code: 'EEXIST' }) : error;
  }
}

function answer(done: (error?: unknown) => void, work: () => void): void {
  try {
    work();
  } catch (error) {
    done(error);
    return;
  }
  done();
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function holderOf(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(join(path, ownerFile), 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function isLeftBehind(path: string, liveness: Liveness): boolean {
  const holder = holderOf(path);
  const alive = holder === undefined || holder.host !== hostname() ? 'unknown' : liveness.isAlive(holder);
  return alive === false || (alive === 'unknown' && ageOf(path) > staleMilliseconds);
}

/** Removes the lock of a dead owner. Only who holds the breaker may, and it looks again first, so a new owner's lock is never taken. */
function takeFromDead(path: string, liveness: Liveness): boolean {
  if (!isLeftBehind(path, liveness)) return false;
  const breaker = `${path}.breaker`;
  try {
    mkdirSync(breaker);
  } catch {
    if (ageOf(breaker) > breakerStaleMilliseconds) rmSync(breaker, { recursive: true, force: true });
    return false;
  }
  try {
    if (!isLeftBehind(path, liveness)) return false;
    renameSync(path, `${path}.dead-${liveness.self.pid}`);
    rmSync(`${path}.dead-${liveness.self.pid}`, { recursive: true, force: true });
    return true;
  } catch (error) {
    // It was given back in the meantime.
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  } finally {
    rmSync(breaker, { recursive: true, force: true });
  }
}

function ageOf(path: string): number {
  const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return changed === undefined ? 0 : performance.timeOrigin + performance.now() - changed;
}

/** Another process holds the lock and did not give it back in time. */
export class LockBusy extends Busy {
  readonly code = 'lock.busy';
  constructor(path: string, owner: LockOwner | undefined) {
    super(owner === undefined ? `${path} is locked` : `process ${owner.pid} holds ${path}`, { path, owner }, 'run the command again');
  }
}
