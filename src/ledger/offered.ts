import { readRef, updateRefs } from '../git/refs.ts';
import { NoLedger, type Ledger } from './ledger.ts';
import { underLedgerLock } from './locked.ts';

/** What this clone has last begun to send: of that nobody can say any more who has it. */
export const offeredRef = 'refs/beads-offered/main';

/** Answers the newest commit of a ledger, to be pushed, and remembers first that others may have it from now on, whatever becomes of the push. Throws NoLedger. */
export async function offer(ledger: Ledger): Promise<string> {
  const { repository, ref } = ledger;
  return underLedgerLock(ledger, async () => {
    const [main, before] = await Promise.all([ref, offeredRef].map((name) => readRef(repository, name)));
    if (main === undefined) throw new NoLedger(ledger);
    if (main !== before) await updateRefs(repository, [{ ref: offeredRef, from: before ?? null, to: main }]);
    return main;
  });
}
