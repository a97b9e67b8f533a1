import { countOf } from '../base/text.ts';
import { evolving, find, type Bead } from '../domain/bead.ts';
import { candidates, compact, type Candidate } from '../domain/compaction.ts';
import { headOf } from '../ledger/history.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { consult } from '../ledger/read.ts';
import { changeBead } from './bead-change.ts';
import { actOf, writeBeads, type Writer } from './bead-write.ts';
import { resolveBead } from './resolve.ts';

/** What compacting a bead did, or would do: the same bead twice where none of its texts was long enough to be cut. */
export interface Compacted {
  readonly before: Bead;
  readonly after: Bead;
}

/** The beads of some ledgers that a summary would do for, the largest first; `now` in milliseconds. */
export async function findCompactable(ledgers: readonly Ledger[], now: number): Promise<Candidate[]> {
  const found = await Promise.all(ledgers.map((ledger) => consult(ledger, (view) => candidates(view.all(), now))));
  return found.flat().sort((a, b) => b.size - a.size);
}

/** Puts a summary in the place of what a bead says at length, or cuts it where there is none. Throws UnknownBead, AmbiguousId and NotCompactable. */
export async function compactBead(writer: Writer, text: string, summary: string | undefined, { force, dryRun }: { readonly force: boolean; readonly dryRun: boolean }): Promise<Compacted> {
  const { ledger } = await resolveBead(writer.town, text, writer.cwd);
  const commit = await headOf(ledger);
  let decided: Compacted | undefined;
  const written = await changeBead(writer, text, (id) => `Compact ${id}`, (view, id, act) => {
    const known = evolving(view);
    const before = find(known, id);
    const changes = known.take(compact(view, id, summary, { force, commit }, act));
    decided = { before, after: find(known, id) };
    return dryRun ? [] : changes;
  });
  if (decided === undefined) throw new Error(`nothing was decided about ${written.id}`);
  return dryRun ? decided : { ...decided, after: written };
}

/** Cuts what all beads say at length for which that is due and makes them shorter, in one transaction a ledger; answers them as they were. */
export async function compactAll(writer: Writer, ledgers: readonly Ledger[], dryRun: boolean): Promise<Candidate[]> {
  const done: Candidate[] = [];
  for (const ledger of ledgers) {
    const commit = await headOf(ledger);
    let found: readonly Candidate[] = [];
    await writeBeads(writer, ledger, () => `Compact ${countOf(found.length, 'bead')}`, (view) => {
      const act = actOf(writer);
      const cuts = candidates(view.all(), writer.town.now()).map((due) => ({ due, changes: compact(view, due.bead.id, undefined, { force: false, commit }, act) })).filter(({ changes }) => changes.length > 0);
      found = cuts.map(({ due }) => due);
      return dryRun ? [] : cuts.flatMap(({ changes }) => changes);
    });
    done.push(...found);
  }
  return done;
}
