import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isStamp, replicaDigits, type Stamp } from '../base/clock.ts';
import { Broken } from '../base/errors.ts';
import type { Repository } from '../git/repository.ts';
import { homeOf } from './home.ts';
import type { Liveness } from './lock.ts';

/** One ledger: a ref of one repository, and this clone's part in it. */
export interface Ledger {
  readonly repository: Repository;
  readonly ref: string;
  /** The id prefixes that live here, the default one for new beads first. */
  readonly prefixes: readonly string[];
  readonly liveness: Liveness;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The commit that is looked at instead of the newest one. */
  readonly at?: string;
}

export const mainRef = 'refs/beads/main';
export const wispRef = 'refs/wisps/main';

/** The folder in the common git directory where this clone keeps what is not shared. */
export function stateFolder({ commonDir }: Repository): string {
  return join(commonDir, 'gastown');
}

/** A file of this clone's own state; its folder is made. */
export function statePath(repository: Repository, ...parts: string[]): string {
  const path = join(stateFolder(repository), ...parts);
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

/** Reads a JSON file of this clone's own state; undefined where there is none or it is damaged. */
export function readState<T>(repository: Repository, ...parts: string[]): T | undefined {
  try {
    return JSON.parse(readFileSync(join(stateFolder(repository), ...parts), 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** Writes a JSON file of this clone's own state, whole or not at all. */
export function writeState(repository: Repository, value: unknown, ...parts: string[]): void {
  replaceFile(statePath(repository, ...parts), JSON.stringify(value));
}

let written = 0;

/** Replaces a file in one step. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  written += 1;
  const fresh = `${path}.${process.pid}-${written}`;
  try {
    writeFileSync(fresh, content);
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/** A replica id, and the place that it was made in. */
interface ReplicaFile {
  readonly id: string;
  readonly home: string;
}

/** What is this clone's alone and would mislead a copy of it: who runs there, and when it last spoke with a remote. */
const notCopied: readonly string[] = ['sessions', 'engine.json', 'tick.json', 'sync.json'];

/**
 * This clone's replica id, made on first use, and anew wherever the clone is not in the place that it was made in: in a copy, on another machine, and after a move to another file system, which
 * nobody can tell from a copy. Then what it knew of sessions goes, too: they are those of the place where it was.
 */
export function replicaOf(repository: Repository): string {
  const known = readState<ReplicaFile>(repository, replicaFile);
  const home = homeOf(dirname(statePath(repository, replicaFile)));
  if (known?.home === home && known.id.length === replicaDigits) return known.id;
  if (known !== undefined) for (const name of notCopied) rmSync(join(stateFolder(repository), name), { recursive: true, force: true });
  return newReplica(repository, home);
}

/** Gives this clone another replica id, since somebody else writes under the one that it had: a copy that no place tells apart, such as a machine that was copied whole. */
export function renewReplica(repository: Repository): string {
  return newReplica(repository, homeOf(dirname(statePath(repository, replicaFile))));
}

function newReplica(repository: Repository, home: string): string {
  const id = Array.from(crypto.getRandomValues(new Uint8Array(replicaDigits)), (byte) => (byte % 36).toString(36)).join('');
  writeState(repository, { id, home } satisfies ReplicaFile, replicaFile);
  return id;
}

const replicaFile = 'replica.json';

const clockFile = 'clock';

/** The last stamp that this clone gave out. */
export function lastStamp(repository: Repository): Stamp | undefined {
  const known = readState<string>(repository, clockFile);
  return isStamp(known) ? known : undefined;
}

/**
 * Remembers the last stamp that this clone gave out, in the place of the one that was remembered (`known`), under the ledger's lock. All have one length, so the newer is written over the older in
 * one step: to replace the file takes ten times as long.
 */
export function keepStamp(repository: Repository, known: Stamp | undefined, stamp: Stamp): void {
  if (known === undefined || !overwrite(join(stateFolder(repository), clockFile), JSON.stringify(stamp))) writeState(repository, stamp, clockFile);
}

/** Writes over the beginning of a file; false where there is no such file any more. */
function overwrite(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'r+' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** A ledger that should be there is not: which is not the same as an empty one. */
export class NoLedger extends Broken {
  readonly code = 'ledger.missing';
  constructor({ repository, ref }: Pick<Ledger, 'repository' | 'ref'>) {
    super(`there is no ledger at ${ref} in ${repository.worktree ?? repository.gitDir}`, { ref, gitDir: repository.gitDir }, 'gt sync (fetches it, where the remote has one), or gt init');
  }
}
