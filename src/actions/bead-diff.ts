import type { Bead } from '../domain/bead.ts';
import { fates, type Fate } from '../domain/comparison.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { consult } from '../ledger/read.ts';

/** What became of the beads of some ledgers since they were what `then` holds of them; a ledger that had not begun then held nothing. */
export async function compareBeads(then: readonly Ledger[], now: readonly Ledger[]): Promise<Fate[]> {
  const found = await Promise.all(now.map(async (ledger) => {
    const former = then.find(({ repository }) => repository.commonDir === ledger.repository.commonDir);
    return fates(former === undefined ? new Map() : await beadsIn(former), await beadsIn(ledger));
  }));
  return found.flat();
}

async function beadsIn(ledger: Ledger): Promise<ReadonlyMap<string, Bead>> {
  return new Map((await consult(ledger, (view) => [...view.all()])).map((bead) => [bead.id, bead]));
}
