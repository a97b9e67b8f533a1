import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, unlinkSync, utimes, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Busy } from '../base/errors.ts';
import { hashText } from '../base/ids.ts';
import { hostName } from './home.ts';

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
/** In the lock directory: who holds it. */
const ownerFile = 'owner';
const graveMilliseconds = 30_000;

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
  await letOthers(path);
  for (let wait = 2; ; wait = Math.min(wait * 1.5, 40)) {
    if (appear(path, liveness.self)) return held(path, liveness.self);
    if (takeFromDead(path, liveness)) continue;
    if (performance.now() > end) throw new LockBusy(path, holderOf(path));
    if (patience > 0) writeFileSync(`${path}.wanted`, '');
    await sleep(wait * (0.5 + (performance.now() % 1)));
  }
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resume) => setTimeout(resume, milliseconds));

/** When this process last gave a lock back. */
const givenBack = new Map<string, number>();
const turnMilliseconds = 80;

/** Who has just had the lock lets those come first who have asked for it since; else a writer in a loop would starve them. */
async function letOthers(path: string): Promise<void> {
  const since = performance.now() - (givenBack.get(path) ?? -Infinity);
  if (since < turnMilliseconds && existsSync(`${path}.wanted`) && ageOf(`${path}.wanted`) < turnMilliseconds) await sleep(turnMilliseconds - since);
}

let made = 0;

/**
 * Makes the lock directory, unless there is one: aside, with its owner in it, and renamed into place. It is the directory that proper-lockfile makes, and kept
 * fresh as that keeps it; the library itself takes longer to load natively than a whole program.
 */
function appear(path: string, self: LockOwner): boolean {
  const own = aside(path, self);
  try {
    mkdirSync(own);
    writeFileSync(join(own, ownerFile), JSON.stringify({ ...self, host: hostName() } satisfies Holder));
    renameSync(own, path);
    return true;
  } catch (error) {
    rmSync(own, { recursive: true, force: true });
    if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function aside(path: string, self: LockOwner): string {
  made += 1;
  return `${path}.${self.pid}-${made}`;
}

/** Keeps the lock fresh for those who cannot see whether we live; answers how to give it back. */
function held(path: string, self: LockOwner): () => Promise<void> {
  if (existsSync(`${path}.wanted`)) rmSync(`${path}.wanted`, { force: true });
  const touch = setInterval(() => {
    const now = (performance.timeOrigin + performance.now()) / 1000;
    // Somebody who could not see that we live may have taken it over.
    utimes(path, now, now, () => undefined);
  }, touchMilliseconds);
  touch.unref();
  return async () => {
    clearInterval(touch);
    givenBack.set(path, performance.now());
    const holder = holderOf(path);
    if (holder === undefined || holder.pid !== self.pid || holder.started !== self.started) return;
    const gone = aside(path, self);
    renameSync(path, gone);
    clear(gone);
  };
}

/** Removes a lock that stands aside; the owner is all that lies in it, which goes faster than a look at what does. */
function clear(gone: string): void {
  try {
    unlinkSync(join(gone, ownerFile));
    rmdirSync(gone);
  } catch {
    rmSync(gone, { recursive: true, force: true });
  }
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

/** Whose lock it is, where the owner is dead or nothing was heard of it for too long. */
function deadHolder(path: string, liveness: Liveness): Holder | 'nobody' | undefined {
  const holder = holderOf(path);
  const alive = holder === undefined || holder.host !== hostName() ? 'unknown' : liveness.isAlive(holder);
  const isDead = alive === false || (alive === 'unknown' && ageOf(path) > staleMilliseconds);
  return isDead ? (holder ?? 'nobody') : undefined;
}

/**
 * Moves the lock of a dead owner into a grave of that owner's own, which stays a while: who meant the same owner, and comes late, finds it taken and cannot bury the
 * lock of a new one.
 */
function takeFromDead(path: string, liveness: Liveness): boolean {
  const holder = deadHolder(path, liveness);
  if (holder === undefined) return false;
  forgetTheDead(path);
  try {
    renameSync(path, `${path}.dead-${hashText(JSON.stringify(holder), 12)}`);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return true;
    if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Removes the graves beside a lock, and what processes left there that were killed while they made or unmade it. */
function forgetTheDead(path: string): void {
  for (const name of readdirSync(dirname(path))) {
    const other = join(dirname(path), name);
    if (name.startsWith(`${basename(path)}.`) && ageOf(other, 'ctimeMs') > graveMilliseconds) rmSync(other, { recursive: true, force: true });
  }
}

/** What is left of locks in a folder whose owners are dead, and of processes that were killed while they made or unmade one. */
export function leftLocks(folder: string, liveness: Liveness): string[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const isWhole = (name: string): boolean => !name.includes('.');
  return names.filter((name) => (isWhole(name) ? deadHolder(join(folder, name), liveness) !== undefined : ageOf(join(folder, name), 'ctimeMs') > graveMilliseconds && !name.endsWith('.wanted'))).map((name) => join(folder, name));
}

/** Takes away what `leftLocks` has found, unless it has a living owner by now. */
export function clearLock(path: string, liveness: Liveness): void {
  if (!basename(path).includes('.')) takeFromDead(path, liveness);
  else if (ageOf(path, 'ctimeMs') > graveMilliseconds) rmSync(path, { recursive: true, force: true });
}

function ageOf(path: string, since: 'mtimeMs' | 'ctimeMs' = 'mtimeMs'): number {
  const changed = statSync(path, { throwIfNoEntry: false })?.[since];
  return changed === undefined ? 0 : performance.timeOrigin + performance.now() - changed;
}

/** Another process holds the lock and did not give it back in time. */
export class LockBusy extends Busy {
  readonly code = 'lock.busy';
  constructor(path: string, owner: LockOwner | undefined) {
    super(owner === undefined ? `${path} is locked` : `process ${owner.pid} holds ${path}`, { path, owner }, 'run the command again');
  }
}
