import { devNull } from 'node:os';
import { statePath, type Ledger } from '../ledger/ledger.ts';
import { LockBusy, withLock } from '../ledger/lock.ts';
import { keepProjection, roughCount } from '../ledger/projection.ts';
import { NotStarted, selfCommand, startDetached } from '../sessions/self.ts';
import type { Town } from '../town.ts';

/** What is worked out from a ledger. */
export interface Refreshed {
  readonly ledger: string;
  /** How many beads it is worked out from. */
  readonly beads: number;
  /** False where another process is at it. */
  readonly done: boolean;
}

/** Brings what everyday questions are answered from up to date with the newest commits of some ledgers, where nobody else is at it. Throws NoLedger. */
export async function refreshLedgers(ledgers: readonly Ledger[]): Promise<Refreshed[]> {
  const found: Refreshed[] = [];
  for (const ledger of ledgers) found.push({ ledger: ledger.prefixes[0] ?? '', done: await refreshAlone(ledger), beads: roughCount(ledger) });
  return found;
}

async function refreshAlone(ledger: Ledger): Promise<boolean> {
  try {
    await withLock(statePath(ledger.repository, 'locks', 'refresh'), ledger.liveness, 0, () => keepProjection(ledger));
    return true;
  } catch (error) {
    if (error instanceof LockBusy) return false;
    throw error;
  }
}

/** Has that done for all ledgers of a town by a process that nobody waits for. */
export function refreshAside(town: Town, inherited: Readonly<Record<string, string | undefined>>): void {
  const { repository } = town.hq;
  try {
    startDetached(selfCommand(['ledger', 'refresh', '--quiet']), { cwd: repository.worktree ?? repository.gitDir, inherited, log: devNull });
  } catch (error) {
    // Whoever asks next works it out then.
    if (!(error instanceof NotStarted)) throw error;
  }
}
