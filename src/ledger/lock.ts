import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
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
const breakerStaleMilliseconds = 5_000;

/**
 * Runs `work` while holding the lock file `path`. The file appears whole, with its owner in it, so the lock of a dead process is known as such and taken over
 * at once. Waits up to `patience` milliseconds for another one. Throws LockBusy.
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
    if (take(path, liveness.self)) return held(path, liveness.self);
    if (takeFromDead(path, liveness)) continue;
    if (performance.now() > end) throw new LockBusy(path, holderOf(path));
    await new Promise((resume) => setTimeout(resume, wait * (0.5 + (performance.now() % 1))));
  }
}

let taken = 0;

/** A link to a file that is complete already: nobody ever sees a lock without its owner. */
function take(path: string, self: LockOwner): boolean {
  taken += 1;
  const own = `${path}.${self.pid}-${taken}`;
  try {
    writeFileSync(own, JSON.stringify({ ...self, host: hostname() } satisfies Holder));
    linkSync(own, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

function held(path: string, self: LockOwner): () => Promise<void> {
  const touch = setInterval(() => {
    try {
      const now = performance.timeOrigin + performance.now();
      utimesSync(path, now / 1000, now / 1000);
    } catch {
      // Somebody who could not see that we live has taken it over.
    }
  }, touchMilliseconds);
  touch.unref();
  return async () => {
    clearInterval(touch);
    const holder = holderOf(path);
    if (holder?.pid === self.pid && holder.started === self.started) rmSync(path, { force: true });
  };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function holderOf(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
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
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 0 : performance.timeOrigin + performance.now() - stat.mtimeMs;
}

/** Another process holds the lock and did not give it back in time. */
export class LockBusy extends Busy {
  readonly code = 'lock.busy';
  constructor(path: string, owner: LockOwner | undefined) {
    super(owner === undefined ? `${path} is locked` : `process ${owner.pid} holds ${path}`, { path, owner }, 'run the command again');
  }
}
