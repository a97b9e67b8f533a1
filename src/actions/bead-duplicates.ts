import type { Bead } from '../domain/bead.ts';
import { resemblances, type Resemblance } from '../domain/similarity.ts';
import { duplicateGroups, type DuplicateGroup } from '../domain/superseding.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Town } from '../town.ts';
import { eachBead, type Outcome } from './bead-change.ts';
import { isIn, liveTown } from './bead-judging.ts';
import { replaceBead } from './bead-replace.ts';
import type { Writer } from './bead-write.ts';

/** The groups of beads of some ledgers that are not done and say the same. */
export async function findDuplicates(town: Town, ledgers: readonly Ledger[]): Promise<DuplicateGroup[]> {
  const beads = await liveTown(town);
  return ledgers.flatMap((ledger) => duplicateGroups(beads, [...beads.all()].filter(({ id }) => isIn([ledger], id))));
}

/** Closes all beads of each group but the one that should stay. */
export async function mergeDuplicates(writer: Writer, groups: readonly DuplicateGroup[]): Promise<Outcome> {
  const stays = new Map(groups.flatMap(({ beads: [first, ...others] }) => others.map(({ id }): [string, string] => [id, first?.id ?? id])));
  return eachBead([...stays.keys()], async (id): Promise<Bead> => (await replaceBead(writer, id, stays.get(id) ?? id, 'duplicates')).bead);
}

/** The pairs of beads of some ledgers, not done, that say nearly the same, and how many there are. */
export async function findSimilar(town: Town, ledgers: readonly Ledger[], least: number, limit: number): Promise<{ readonly total: number; readonly pairs: readonly Resemblance[] }> {
  const beads = await liveTown(town);
  const found = resemblances([...beads.all()].filter(({ id }) => isIn(ledgers, id)), least);
  return { total: found.length, pairs: found.slice(0, limit) };
}
