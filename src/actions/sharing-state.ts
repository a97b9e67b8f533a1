import type { Repository } from '../git/repository.ts';
import { readState, writeState } from '../ledger/ledger.ts';

/** How the sharing of a clone's ledger has gone. Times are milliseconds since 1970 by this clone's clock. */
export interface SharingState {
  readonly triedAt: number;
  /** How often it has failed in a row. */
  readonly failures: number;
  /** How many other clones the remote knows. */
  readonly replicas: number;
  /** When it pushed, in the minute before the last try. */
  readonly pushes: readonly number[];
  /** What the last try failed with. */
  readonly trouble: string | undefined;
}

const file = 'sync.json';

/** What this clone remembers of sharing its ledger; times that lie ahead of now are of a clock that was wrong, and say nothing. */
export function readSharing(repository: Repository, now: number): SharingState {
  const { triedAt = 0, failures = 0, replicas = 0, pushes = [], trouble } = readState<Partial<SharingState>>(repository, file) ?? {};
  return { triedAt: triedAt > now ? 0 : triedAt, failures, replicas, pushes: pushes.filter((at) => at <= now), trouble };
}

/** Remembers it. */
export function writeSharing(repository: Repository, state: SharingState): void {
  writeState(repository, state, file);
}
