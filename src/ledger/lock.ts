import { mkdirSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
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

const staleMilliseconds = 15_000;
const breakerStaleMilliseconds = 5_000;

/**
 * Runs `work` while holding the lock directory `path`. Its owner is written to `<path>.owner`, beside it, so the lock of a dead process is taken over at
 * once. Waits up to `patience` milliseconds for another one. Throws LockBusy.
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
    const release = await tryLock(path);
    if (release !== undefined) {
      writeFileSync(`${path}.owner`, JSON.stringify({ ...liveness.self, host: hostname() }));
      return async () => {
        rmSync(`${path}.owner`, { force: true });
        await release();
      };
    }
    if (takeFromDead(path, liveness)) continue;
    if (performance.now() > end) throw new LockBusy(path, readOwner(path));
    await new Promise((resume) => setTimeout(resume, wait * (0.5 + (performance.now() % 1))));
  }
}

async function tryLock(path: string): Promise<(() => Promise<void>) | undefined> {
  try {
    return await lockfile.lock(path, { lockfilePath: path, realpath: false, stale: staleMilliseconds, update: 2_000, retries: 0, onCompromised: () => undefined });
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ELOCKED' || error.code === 'ENOENT')) return undefined;
    throw error;
  }
}

function readOwner(path: string): (LockOwner & { host: string }) | undefined {
  try {
    return JSON.parse(readFileSync(`${path}.owner`, 'utf8')) as LockOwner & { host: string };
  } catch {
    return undefined;
  }
}

function ownerIsDead(path: string, liveness: Liveness): boolean {
  const owner = readOwner(path);
  return owner !== undefined && owner.host === hostname() && liveness.isAlive(owner) === false;
}

/** Removes the lock of a dead owner. Only who holds the breaker may, and it looks again first, so a new owner's lock is never taken. */
function takeFromDead(path: string, liveness: Liveness): boolean {
  if (!ownerIsDead(path, liveness)) return false;
  const breaker = `${path}.breaker`;
  try {
    mkdirSync(breaker);
  } catch {
    if (ageOf(breaker) > breakerStaleMilliseconds) rmSync(breaker, { recursive: true, force: true });
    return false;
  }
  try {
    if (!ownerIsDead(path, liveness)) return false;
    unlinkSync(`${path}.owner`);
    renameSync(path, `${path}.dead-${liveness.self.pid}`);
    rmSync(`${path}.dead-${liveness.self.pid}`, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(breaker, { recursive: true, force: true });
  }
}

function ageOf(path: string): number {
  try {
    return performance.timeOrigin + performance.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

/** Another process holds the lock and did not give it back in time. */
export class LockBusy extends Busy {
  readonly code = 'lock.busy';
  constructor(path: string, owner: LockOwner | undefined) {
    super(owner === undefined ? `${path} is locked` : `process ${owner.pid} holds ${path}`, { path, owner }, 'run the command again');
  }
}
