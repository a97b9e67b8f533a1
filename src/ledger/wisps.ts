import { wispRef, type Ledger } from './ledger.ts';

/** The ledger of ephemeral beads that lies beside a ledger: kept in this clone, never pushed. */
export function wispsOf(ledger: Ledger): Ledger {
  return { ...ledger, ref: wispRef };
}

/** Whether an id was made for an ephemeral bead. */
export function isWispId(id: string): boolean {
  return id.includes('-wisp-');
}
