import { countOf } from '../base/text.ts';
import type { Bead } from '../domain/bead.ts';
import { remove } from '../domain/closing.ts';
import { purgeable, type Purge } from '../domain/purging.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LedgerChange } from '../ledger/transact.ts';
import { wispsOf } from '../ledger/wisps.ts';
import { existing } from './bead-list.ts';
import { actOf, writeBeads, type Writer } from './bead-write.ts';

/** Takes beads of some ledgers away, or only tells which, and answers them. */
export type Take = (writer: Writer, ledgers: readonly Ledger[], which: Purge, force: boolean) => Promise<Bead[]>;

/** Takes ephemeral beads that are closed away, as if they had never been: nobody else has seen them. Tells only what it would do unless `force`. */
export async function purgeWisps(writer: Writer, ledgers: readonly Ledger[], which: Purge, force: boolean): Promise<Bead[]> {
  return takeAway(writer, await existing(ledgers.map(wispsOf)), which, force, ({ id }) => [{ op: 'bead.withdrawn', id }]);
}

/** Deletes beads that were closed long ago, which stay in the history. Tells only what it would do unless `force`. */
export function pruneBeads(writer: Writer, ledgers: readonly Ledger[], which: Purge, force: boolean): Promise<Bead[]> {
  return takeAway(writer, ledgers, which, force, ({ id }, view) => remove(view, id, { reason: 'closed long ago', force: true }, actOf(writer)));
}

async function takeAway(writer: Writer, ledgers: readonly Ledger[], which: Purge, force: boolean, change: (bead: Bead, view: Parameters<typeof remove>[0]) => readonly LedgerChange[]): Promise<Bead[]> {
  const gone: Bead[] = [];
  for (const ledger of ledgers) {
    let chosen: readonly Bead[] = [];
    await writeBeads(writer, ledger, () => `Take away ${countOf(chosen.length, 'closed bead')}`, (view) => {
      chosen = purgeable(view, which);
      return force ? chosen.flatMap((bead) => change(bead, view)) : [];
    });
    gone.push(...chosen);
  }
  return gone;
}
