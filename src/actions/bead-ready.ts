import type { Counted } from '../domain/detail.ts';
import type { ReadySort } from '../domain/matching.ts';
import type { Query } from '../domain/query.ts';
import { briefPage, type BriefPage } from '../ledger/brief-page.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { readyBeads } from '../ledger/projection.ts';
import type { Town } from '../town.ts';

/** Ready work, best first, and how much there is in all. */
export interface ReadyWork {
  readonly total: number;
  readonly beads: readonly Counted[];
  /** Whether the ledgers should be refreshed, because nothing was kept of what it took to answer. */
  readonly unkept?: true;
}

/**
 * The beads that can be started now, best first, and how many there are in all. What the ledgers know by themselves is answered from their projections alone; with `hasty`, a
 * large ledger that has none is answered from without making one.
 */
export async function readyWork(town: Town, ledgers: readonly Ledger[], limit: number, query: Query | undefined, sort: ReadySort = 'priority', hasty = false): Promise<ReadyWork> {
  if (sort !== 'priority') return sorted(town, ledgers, limit, query, sort);
  const lists = query === undefined ? await Promise.all(ledgers.map((ledger) => readyBeads(ledger, limit, hasty))) : undefined;
  if (lists === undefined || lists.some(({ foreign }) => foreign)) {
    const { readyByCategory, readyInTown } = await import('./bead-judging.ts');
    const page = query === undefined ? await readyByCategory(town, ledgers, limit) : undefined;
    if (page !== undefined) return page;
    const found = await readyInTown(town, ledgers, query);
    return { total: found.length, beads: found.slice(0, limit) };
  }
  const [only, ...others] = lists;
  if (only !== undefined && others.length === 0) return only;
  const { readyOrder } = await import('../domain/ready.ts');
  const unkept = lists.some((list) => list.unkept === true);
  return { total: lists.reduce((sum, { total }) => sum + total, 0), beads: lists.flatMap(({ beads }) => beads).sort(readyOrder).slice(0, limit), ...(unkept ? { unkept } : {}) };
}

/** The first of what `readyWork` finds without being asked for anything particular, in the words that a list shows; undefined where these are not kept. */
export async function readyInBrief(ledgers: readonly Ledger[], limit: number): Promise<BriefPage | undefined> {
  const [only, ...others] = ledgers;
  return only === undefined || others.length > 0 ? undefined : briefPage(only, limit);
}

async function sorted(town: Town, ledgers: readonly Ledger[], limit: number, query: Query | undefined, sort: ReadySort): Promise<ReadyWork> {
  const { total, beads } = await readyWork(town, ledgers, Infinity, query);
  const { readyOrderBy } = await import('../domain/matching.ts');
  return { total, beads: [...beads].sort(readyOrderBy(sort, town.now())).slice(0, limit) };
}
