import { prefixOf } from '../base/ids.ts';
import { isDone, type Bead, type Beads } from '../domain/bead.ts';
import { unmet } from '../domain/dependency.ts';
import { counted, type Counted } from '../domain/detail.ts';
import { matches } from '../domain/matching.ts';
import { openWork, type Query } from '../domain/query.ts';
import { isReady, readyOrder } from '../domain/ready.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { dependentsNow, liveBeads, readyBeads } from '../ledger/projection.ts';
import { ledgersOf, type Town } from '../town.ts';
import { joined } from './scope.ts';

/** The beads of the town that are not done. */
export async function liveTown(town: Town): Promise<Beads> {
  return joined(await Promise.all(ledgersOf(town).map(async (ledger) => ({ ledger, beads: await liveBeads(ledger) }))));
}

/** Whether an id belongs to one of these ledgers. */
export function isIn(ledgers: readonly Ledger[], id: string): boolean {
  return ledgers.some(({ prefixes }) => prefixOf(id, prefixes) !== undefined);
}

/** The ready beads of several ledgers that a query asks for, judged with the beads of the whole town and its settings in view where one waits for a bead of another ledger, or has a status that the settings add. */
export async function readyInTown(town: Town, ledgers: readonly Ledger[], query: Query | undefined): Promise<Counted[]> {
  const lists = await Promise.all(ledgers.map((ledger) => readyBeads(ledger, Infinity)));
  const judged = lists.some(({ foreign }) => foreign) ? ((await readyByCategory(town, ledgers, Infinity))?.beads ?? (await judge(town, ledgers))) : lists.flatMap(({ beads }) => beads);
  return judged.filter((bead) => query === undefined || matches(query, bead)).sort(readyOrder);
}

/** The first `limit` ready beads, where the settings alone have to be asked besides what is kept of the ledgers; undefined where that is not enough. */
export async function readyByCategory(town: Town, ledgers: readonly Ledger[], limit: number): Promise<{ readonly total: number; readonly beads: readonly Counted[] } | undefined> {
  const { readyPages } = await import('./custom-statuses.ts');
  const pages = (await readyPages(town, ledgers, limit)).filter((page) => page !== undefined);
  if (pages.length < ledgers.length) return undefined;
  return { total: pages.reduce((sum, { total }) => sum + total, 0), beads: pages.flatMap(({ beads }) => beads).sort(readyOrder).slice(0, limit) };
}

async function judge(town: Town, ledgers: readonly Ledger[]): Promise<Counted[]> {
  const beads = await liveTown(town);
  const { categoriesIn } = await import('./custom-statuses.ts');
  const categoryOf = await categoriesIn(town, ledgers, beads.all());
  return countedOf(ledgers, [...beads.all()].filter((bead) => isIn(ledgers, bead.id) && isReady(beads, bead, town.now(), categoryOf)));
}

/** Beads of some ledgers, each with how many others there have an edge to it, those that are done too. */
export async function countedOf(ledgers: readonly Ledger[], beads: readonly Bead[]): Promise<Counted[]> {
  if (beads.length === 0) return [];
  const known = await Promise.all(ledgers.map(async (ledger) => ({ prefixes: ledger.prefixes, dependents: await dependentsNow(ledger) })));
  return beads.map((bead) => {
    let dependents = 0;
    for (const each of known) if (prefixOf(bead.id, each.prefixes) !== undefined) dependents += each.dependents(bead.id);
    return counted(bead, dependents);
  });
}

/** A bead that waits for others, and for which. */
export type Blocked = Counted & { readonly blocked_by_count: number; readonly blocked_by: readonly string[] };

/** The beads that are not done, wait for others, and are those that a query asks for, without one all that people work on; most urgent first. */
export async function blockedWork(town: Town, ledgers: readonly Ledger[], query: Query = openWork): Promise<Blocked[]> {
  const beads = await liveTown(town);
  const blocked = [...beads.all()]
    .filter((bead) => !isDone(bead) && isIn(ledgers, bead.id) && matches(query, bead))
    .map((bead) => ({ bead, waiting: unmet(beads, bead) }))
    .filter(({ waiting }) => waiting.length > 0)
    .sort((a, b) => readyOrder(a.bead, b.bead));
  const all = await countedOf(ledgers, blocked.map(({ bead }) => bead));
  return blocked.map(({ waiting }, index) => ({ ...all[index]!, blocked_by_count: waiting.length, blocked_by: waiting }));
}
