import { timeOf } from '../base/time.ts';
import { edgesOf, indexed, isBuiltIn, isDone, type Bead, type Beads } from '../domain/bead.ts';
import type { Counted } from '../domain/detail.ts';
import { matches, orderBy, type SortField } from '../domain/matching.ts';
import { isParticular, openWork, wantsClosed, wantsDone, type Query } from '../domain/query.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openPage } from '../ledger/open-page.ts';
import { liveBeads } from '../ledger/projection.ts';
import { consult, hasLedger } from '../ledger/read.ts';
import { wispsOf } from '../ledger/wisps.ts';
import { ledgersOf, type Town } from '../town.ts';
import { blockedWork, countedOf } from './bead-judging.ts';
import { readyWork } from './bead-ready.ts';
import { joined } from './scope.ts';

/** Every bead of a ledger, done or not, with the ways back along edges worked out. */
async function wholeLedger(ledger: Ledger): Promise<Beads> {
  return indexed(await consult(ledger, (view) => new Map([...view.all()].map((bead) => [bead.id, bead]))));
}

/** Every bead of the town, done or not. */
export async function wholeTown(town: Town): Promise<Beads> {
  return joined(await Promise.all(ledgersOf(town).map(async (ledger) => ({ ledger, beads: await wholeLedger(ledger) }))));
}

/** How an answer is put in order, and how much of it is wanted. */
export interface Order {
  readonly sort: SortField;
  readonly reverse: boolean;
  /** Infinity for all of it. */
  readonly limit: number;
}

/** A page of an answer, and how many there are in all. */
export interface Page {
  readonly total: number;
  readonly beads: readonly Counted[];
}

/** The beads that a query asks for; ephemeral ones are counted in where they are asked for, and those that a status of the settings' own calls done or laid aside where a status is named or all are wanted. `named` are the statuses that somebody typed in a question, where the query does not hold them. Throws UnknownStatus. */
export async function listBeads(town: Town, ledgers: readonly Ledger[], query: Query, order: Order & { readonly wisps: boolean; readonly named?: readonly string[] }): Promise<Page> {
  const page = order.wisps || order.named !== undefined || isParticular(query) ? undefined : await firstOfAll(town, ledgers, order);
  if (page !== undefined) return page;
  const among = order.wisps ? [...ledgers, ...(await existing(ledgers.map(wispsOf)))] : ledgers;
  const beads = await beadsLike(town, among, query, order);
  return { total: beads.length, beads: await countedOf(among, beads.slice(0, order.limit)) };
}

/** All beads that a query asks for, in order; `named` as for `listBeads`. Throws UnknownStatus. */
export async function beadsLike(town: Town, ledgers: readonly Ledger[], query: Query, { sort, reverse, named }: Pick<Order, 'sort' | 'reverse'> & { readonly named?: readonly string[] }): Promise<Bead[]> {
  const views = await Promise.all(ledgers.map((ledger) => (wantsDone(query) ? wholeLedger(ledger) : liveBeads(ledger))));
  const matching = views.flatMap((beads) => [...beads.all()].filter((bead) => matches(query, bead)));
  const found = (named?.length ?? query.statuses.length) > 0 || wantsClosed(query) ? matching : await shown(town, ledgers, matching);
  found.sort(orderBy(sort));
  if (found.length === 0) await refuseUnknownStatus(town, ledgers, named ?? query.statuses, views, named && ((near) => `status = ${near}`));
  if (reverse) found.reverse();
  return found;
}

/** The first of all open work, where what is kept of the ledgers reaches so far. */
async function firstOfAll(town: Town, ledgers: readonly Ledger[], { sort, reverse, limit }: Order): Promise<Page | undefined> {
  if (sort !== 'priority' || reverse) return undefined;
  const pages = await Promise.all(ledgers.map((ledger) => openPage(ledger, limit)));
  const mixed = pages.some((page) => page?.custom !== undefined);
  const known = (mixed ? await (await import('./custom-statuses.ts')).shownPages(town, ledgers, pages, limit) : pages).filter((page) => page !== undefined);
  if (known.length < pages.length) return undefined;
  return { total: known.reduce((sum, { total }) => sum + total, 0), beads: known.flatMap(({ beads }) => beads).sort(orderBy(sort)).slice(0, limit) };
}

/** Those of some beads that no status of the settings' own calls done or laid aside. */
async function shown(town: Town, ledgers: readonly Ledger[], beads: Bead[]): Promise<Bead[]> {
  if (beads.every(({ status }) => isBuiltIn(status))) return beads;
  const { categoriesIn, isHidden } = await import('./custom-statuses.ts');
  const categoryOf = await categoriesIn(town, ledgers, beads);
  return beads.filter((bead) => !isHidden(categoryOf?.(bead)));
}

/** A status that nobody knows and no bead has is a slip of the hand. Throws UnknownStatus. */
async function refuseUnknownStatus(town: Town, ledgers: readonly Ledger[], named: readonly string[], views: readonly Beads[], typed: ((near: string) => string) | undefined): Promise<void> {
  const other = named.filter((status) => status !== 'all' && !isBuiltIn(status) && !views.some((beads) => [...beads.all()].some((bead) => bead.status === status)));
  if (other.length === 0) return;
  const [{ UnknownStatus }, { customStatusesOf }] = await Promise.all([import('../domain/field.ts'), import('./custom-statuses.ts')]);
  const custom = (await Promise.all(ledgers.map((ledger) => customStatusesOf(town, ledger)))).flat().map(({ name }) => name);
  const strange = other.find((status) => !custom.includes(status));
  if (strange !== undefined) throw new UnknownStatus(strange, [...new Set(custom)], typed);
}

/** Those of some ledgers that there are. */
export async function existing(ledgers: readonly Ledger[]): Promise<Ledger[]> {
  const there = await Promise.all(ledgers.map(hasLedger));
  return ledgers.filter((_, index) => there[index]);
}

/** What beads can be counted by. */
export type Grouping = 'status' | 'type' | 'priority' | 'assignee' | 'label';

/** How many beads a query asks for, in all and in groups, the largest first. */
export async function countBeads(town: Town, ledgers: readonly Ledger[], query: Query, by: Grouping | undefined): Promise<{ readonly total: number; readonly groups: readonly { group: string; count: number }[] | undefined }> {
  const beads = await beadsLike(town, ledgers, query, { sort: 'id', reverse: false });
  const total = beads.length;
  if (by === undefined) return { total, groups: undefined };
  const counts = new Map<string, number>();
  for (const group of beads.flatMap((bead) => groupsOf(bead, by))) counts.set(group, (counts.get(group) ?? 0) + 1);
  return { total, groups: [...counts].map(([group, count]) => ({ group, count })).sort((a, b) => b.count - a.count || (a.group < b.group ? -1 : 1)) };
}

function groupsOf(bead: Bead, by: Grouping): readonly string[] {
  switch (by) {
    case 'status': return [bead.status];
    case 'type': return [bead.issue_type];
    case 'priority': return [`P${bead.priority}`];
    case 'assignee': return [bead.assignee || '(nobody)'];
    case 'label': return bead.labels ?? [];
  }
}

/** How much there is of what people work on. */
export async function statsOf(town: Town, ledgers: readonly Ledger[]): Promise<{ readonly summary: Readonly<Record<string, number>> }> {
  const beads = await beadsLike(town, ledgers, { ...openWork, statuses: ['all'] }, { sort: 'id', reverse: false });
  const status = (...names: string[]): number => beads.filter((bead) => names.includes(bead.status)).length;
  const leads = beads.flatMap((bead) => (bead.status === 'closed' ? [(timeOf(bead.closed_at) ?? 0) - (timeOf(bead.created_at) ?? 0)] : [])).filter((lead) => lead >= 0);
  const parentsOf = (children: readonly Bead[]): Set<string> => new Set(children.flatMap((child) => edgesOf(child, ['parent-child'])));
  const [parents, unfinished] = [parentsOf(beads), parentsOf(beads.filter((bead) => !isDone(bead)))];
  const closeable = beads.filter((bead) => bead.issue_type === 'epic' && !isDone(bead) && parents.has(bead.id) && !unfinished.has(bead.id));
  return {
    summary: {
      total_issues: beads.length,
      open_issues: status('open'),
      in_progress_issues: status('in_progress', 'hooked'),
      closed_issues: status('closed'),
      blocked_issues: (await blockedWork(town, ledgers)).length,
      deferred_issues: status('deferred'),
      ready_issues: (await readyWork(town, ledgers, 0, undefined)).total,
      pinned_issues: status('pinned'),
      epics_eligible_for_closure: closeable.length,
      average_lead_time_hours: leads.length === 0 ? 0 : Math.round(leads.reduce((sum, lead) => sum + lead, 0) / leads.length / 36_000) / 100,
    },
  };
}
