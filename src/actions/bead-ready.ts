import { prefixOf } from '../base/ids.ts';
import { isDone, type Bead, type Beads } from '../domain/bead.ts';
import { unmet } from '../domain/dependency.ts';
import { counted, type Counted } from '../domain/detail.ts';
import { matches, type Query } from '../domain/query.ts';
import { isReady, readyOrder } from '../domain/ready.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { liveBeads, readyBeads } from '../ledger/projection.ts';
import { ledgersOf, type Town } from '../town.ts';
import { joined } from './scope.ts';

/** The beads of the town that are not done. */
async function liveTown(town: Town): Promise<Beads> {
  return joined(await Promise.all(ledgersOf(town).map(async (ledger) => ({ ledger, beads: await liveBeads(ledger) }))));
}

/** The beads that can be started now, best first, and how many there are in all. */
export async function readyWork(town: Town, ledgers: readonly Ledger[], limit: number, query: Query | undefined): Promise<{ readonly total: number; readonly beads: readonly Counted[] }> {
  const lists = await Promise.all(ledgers.map((ledger) => readyBeads(ledger, query === undefined ? limit : Infinity)));
  const judged = lists.some(({ foreign }) => foreign) ? await judge(town, ledgers) : lists.flatMap(({ beads }) => beads);
  const wanted = query === undefined ? judged : judged.filter((bead) => matches(query, bead));
  const total = query === undefined && !lists.some(({ foreign }) => foreign) ? lists.reduce((sum, list) => sum + list.total, 0) : wanted.length;
  return { total, beads: (ledgers.length > 1 || query !== undefined ? wanted.sort(readyOrder) : wanted).slice(0, limit) };
}

/** Readiness with the beads of the whole town in view. */
async function judge(town: Town, ledgers: readonly Ledger[]): Promise<Counted[]> {
  const beads = await liveTown(town);
  const own = (bead: Bead): boolean => ledgers.some(({ prefixes }) => prefixOf(bead.id, prefixes) !== undefined);
  return [...beads.all()].filter((bead) => own(bead) && isReady(beads, bead, town.now())).sort(readyOrder).map((bead) => countedIn(beads, bead));
}

/** A bead with the edges to it that a view knows. */
export function countedIn(beads: Beads, bead: Bead): Counted {
  return counted(bead, beads.referrers?.(bead.id).length ?? 0);
}

/** A bead that waits for others, and for which. */
export type Blocked = Counted & { readonly blocked_by_count: number; readonly blocked_by: readonly string[] };

/** The beads that are not done and wait for others, most urgent first. */
export async function blockedWork(town: Town, ledgers: readonly Ledger[]): Promise<Blocked[]> {
  const beads = await liveTown(town);
  return [...beads.all()]
    .filter((bead) => !isDone(bead) && ledgers.some(({ prefixes }) => prefixOf(bead.id, prefixes) !== undefined))
    .map((bead) => ({ bead, waiting: unmet(beads, bead) }))
    .filter(({ waiting }) => waiting.length > 0)
    .sort((a, b) => readyOrder(a.bead, b.bead))
    .map(({ bead, waiting }) => ({ ...countedIn(beads, bead), blocked_by_count: waiting.length, blocked_by: waiting }));
}
