import type { Bead } from '../domain/bead.ts';
import { candidates, compact, type Candidate } from '../domain/compaction.ts';
import { headOf } from '../ledger/history.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { consult } from '../ledger/read.ts';
import { changeBead } from './bead-change.ts';
import { actOf, writeBeads, type Writer } from './bead-write.ts';
import { resolveBead } from './resolve.ts';

/** The beads of some ledgers that a summary would do for, the largest first; `now` in milliseconds. */
export async function findCompactable(ledgers: readonly Ledger[], now: number): Promise<Candidate[]> {
  const found = await Promise.all(ledgers.map((ledger) => consult(ledger, (view) => candidates(view.all(), now))));
  return found.flat().sort((a, b) => b.size - a.size);
}

/** Puts a summary in the place of what a bead says at length, or cuts it where there is none. Throws UnknownBead, AmbiguousId and NotCompactable. */
export async function compactBead(writer: Writer, text: string, summary: string | undefined, force: boolean): Promise<Bead> {
  const { ledger } = await resolveBead(writer.town, text, writer.cwd);
  const commit = await headOf(ledger);
  return changeBead(writer, text, (id) => `Compact ${id}`, (view, id, act) => compact(view, id, summary, { force, commit }, act));
}

/** Cuts what all beads say at length for which that is due, in one transaction a ledger; answers them as they were. */
export async function compactAll(writer: Writer, ledgers: readonly Ledger[], dryRun: boolean): Promise<Candidate[]> {
  const done: Candidate[] = [];
  for (const ledger of ledgers) {
    const commit = await headOf(ledger);
    let found: readonly Candidate[] = [];
    await writeBeads(writer, ledger, () => `Compact ${found.length} beads`, (view) => {
      found = candidates(view.all(), writer.town.now());
      return dryRun ? [] : found.flatMap(({ bead }) => compact(view, bead.id, undefined, { force: false, commit }, actOf(writer)));
    });
    done.push(...found);
  }
  return done;
}
