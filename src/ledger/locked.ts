import { Busy } from '../base/errors.ts';
import { LockHeld } from '../git/locks.ts';
import { RefMoved } from '../git/refs.ts';
import { statePath, type Ledger } from './ledger.ts';
import { withLock } from './lock.ts';

const patience = 30_000;
/** A git that was killed at the ref leaves its lock there, which is known to be a dead one's after ten seconds. */
const lockPatience = 15_000;
const attempts = 20;

/** Runs `work` while nobody else writes the ledger. Throws LockBusy. */
export function underLedgerLock<T>({ repository, liveness }: Ledger, work: () => Promise<T>): Promise<T> {
  return withLock(statePath(repository, 'locks', 'ledger'), liveness, patience, work);
}

/** Tries to write under the ledger's lock, and again where somebody without that lock has moved the ref meanwhile. Throws Busy when it lost too often. */
export async function lockedWrite<T>(ledger: Ledger, write: () => Promise<T>): Promise<T> {
  return underLedgerLock(ledger, async () => {
    const end = performance.now() + lockPatience;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await write();
      } catch (error) {
        if (error instanceof LockHeld && performance.now() < end) continue;
        if (!(error instanceof RefMoved)) throw error;
        if (attempt === attempts) throw new LostRace(ledger.ref);
        await new Promise((resume) => setTimeout(resume, attempt * 3 * (1 + (performance.now() % 1))));
      }
    }
  });
}

/** Other writers were faster every time. */
export class LostRace extends Busy {
  readonly code = 'ledger.busy';
  constructor(ref: string) {
    super(`other writers moved ${ref} ${attempts} times in a row`, { ref }, 'run the command again');
  }
}
