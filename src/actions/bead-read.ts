import { prefixOf } from '../base/ids.ts';
import { timeOf } from '../base/time.ts';
import { find, indexed, isDone, unmet, type Bead, type Beads } from '../domain/bead.ts';
import { counted, detailsOf, type Counted, type Details } from '../domain/detail.ts';
import { matches, openWork, orderBy, says, wantsDone, type Query, type SortField } from '../domain/query.ts';
import { isReady, readyOrder } from '../domain/ready.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { liveBeads, readyBeads } from '../ledger/projection.ts';
import { hasLedger, openSnapshot, type Snapshot } from '../ledger/read.ts';
import { wispsOf } from '../ledger/wisps.ts';
import { ledgersOf, rigAt, rigNamed, type Town } from '../town.ts';
import { byBeginning, readings, type Named } from './resolve.ts';

/** The ledgers that a question is about: of the rig that is named; else the whole town for `gt`, and the place where one stands for `bd`. */
export function ledgersAt(town: Town, cwd: string, program: 'gt' | 'bd', rig: string | undefined): Ledger[] {
  if (rig !== undefined) return [rig === 'hq' ? town.hq : rigNamed(town, rig).ledger];
  const standing = program === 'bd' ? rigAt(town, cwd)?.ledger : undefined;
  return standing === undefined ? ledgersOf(town) : [standing];
}

/** Several ledgers' beads as one view. */
function joined(views: readonly { readonly ledger: Ledger; readonly beads: Beads }[]): Beads {
  const home = (id: string): Beads | undefined => views.find(({ ledger }) => prefixOf(id, ledger.prefixes) !== undefined)?.beads;
  return {
    get: (id) => home(id)?.get(id),
    family: (root) => home(root)?.family(root) ?? [],
    all: () => views.flatMap(({ beads }) => [...beads.all()]),
    referrers: (id) => views.flatMap(({ beads }) => [...(beads.referrers?.(id) ?? [])]),
  };
}

/** The beads of the town that are not done. */
async function liveTown(town: Town): Promise<Beads> {
  return joined(await Promise.all(ledgersOf(town).map(async (ledger) => ({ ledger, beads: await liveBeads(ledger) }))));
}

/** Every bead of a ledger but tombstones, done or not, with the ways back along edges worked out. */
async function wholeLedger(ledger: Ledger): Promise<Beads> {
  const snapshot = await openSnapshot(ledger);
  try {
    return indexed(await snapshot.ask((view) => new Map([...view.all()].map((bead) => [bead.id, bead]))));
  } finally {
    await snapshot.close();
  }
}

/** Every bead of the town, done or not. */
export async function wholeTown(town: Town): Promise<Beads> {
  return joined(await Promise.all(ledgersOf(town).map(async (ledger) => ({ ledger, beads: await wholeLedger(ledger) }))));
}

/** The beads that can be started now, best first, and how many there are in all. */
export async function readyWork(town: Town, ledgers: readonly Ledger[], limit: number, query: Query | undefined): Promise<{ readonly total: number; readonly beads: readonly Counted[] }> {
  const lists = await Promise.all(ledgers.map((ledger) => readyBeads(ledger, query === undefined ? limit : Infinity)));
  const judged = lists.some(({ foreign }) => foreign) ? await judge(town, ledgers) : lists.flatMap(({ beads }) => beads.map(({ bead, dependents }) => counted(bead, dependents)));
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

function countedIn(beads: Beads, bead: Bead): Counted {
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

/** A page of an answer, and how many there are in all. */
export interface Page {
  readonly total: number;
  readonly beads: readonly Counted[];
}

/** The beads that a query asks for; ephemeral ones are counted in where they are asked for. */
export async function listBeads(ledgers: readonly Ledger[], query: Query, order: { readonly sort: SortField; readonly reverse: boolean; readonly limit: number; readonly wisps: boolean }): Promise<Page> {
  const wisps = order.wisps ? await existing(ledgers.map(wispsOf)) : [];
  const views = await Promise.all([...ledgers, ...wisps].map((ledger) => (wantsDone(query) ? wholeLedger(ledger) : liveBeads(ledger))));
  const found = views.flatMap((beads) => [...beads.all()].filter((bead) => matches(query, bead)).map((bead) => countedIn(beads, bead))).sort(orderBy(order.sort));
  if (order.reverse) found.reverse();
  return { total: found.length, beads: found.slice(0, order.limit) };
}

async function existing(ledgers: readonly Ledger[]): Promise<Ledger[]> {
  const there = await Promise.all(ledgers.map(hasLedger));
  return ledgers.filter((_, index) => there[index]);
}

/** The beads whose id a text is or begins, else those that say it in title or description. */
export async function searchBeads(ledgers: readonly Ledger[], text: string, query: Query, limit: number): Promise<Page> {
  const { beads } = await listBeads(ledgers, query, { sort: 'priority', reverse: false, limit: Infinity, wisps: false });
  const named = beads.filter(({ id }) => id === text || id.startsWith(text) || id.startsWith(text, id.lastIndexOf('-') + 1));
  const exact = named.filter(({ id }) => id === text);
  const found = exact.length > 0 ? exact : /^[a-z0-9-]+$/.test(text) && named.length > 0 && text.includes('-') ? named : beads.filter((bead) => says(bead, text) || named.includes(bead));
  return { total: found.length, beads: found.slice(0, limit) };
}

/** What beads can be counted by. */
export type Grouping = 'status' | 'type' | 'priority' | 'assignee' | 'label';

/** How many beads a query asks for, in all and in groups, the largest first. */
export async function countBeads(ledgers: readonly Ledger[], query: Query, by: Grouping | undefined): Promise<{ readonly total: number; readonly groups: readonly { group: string; count: number }[] | undefined }> {
  const { beads, total } = await listBeads(ledgers, query, { sort: 'id', reverse: false, limit: Infinity, wisps: false });
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

/** How much there is of what. */
export async function statsOf(town: Town, ledgers: readonly Ledger[]): Promise<{ readonly summary: Readonly<Record<string, number>> }> {
  const { beads } = await listBeads(ledgers, { ...openWork, all: true }, { sort: 'id', reverse: false, limit: Infinity, wisps: false });
  const status = (...names: string[]): number => beads.filter((bead) => names.includes(bead.status)).length;
  const leads = beads.flatMap((bead) => (bead.status === 'closed' ? [(timeOf(bead.closed_at) ?? 0) - (timeOf(bead.created_at) ?? 0)] : [])).filter((lead) => lead >= 0);
  const children = beads.filter((bead) => bead.parent !== undefined);
  const closeable = beads.filter((bead) => bead.issue_type === 'epic' && !isDone(bead) && children.some(({ parent }) => parent === bead.id) && children.every((child) => child.parent !== bead.id || isDone(child)));
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

/** Reads single beads, each ledger opened once. */
class Reading {
  readonly #town: Town;
  readonly #snapshots = new Map<string, Promise<Snapshot>>();

  constructor(town: Town) {
    this.#town = town;
  }

  #open(ledger: Ledger): Promise<Snapshot> {
    const key = `${ledger.repository.commonDir} ${ledger.ref}`;
    const known = this.#snapshots.get(key) ?? openSnapshot(ledger);
    this.#snapshots.set(key, known);
    return known;
  }

  /** The bead that a text means. Throws UnknownBead and AmbiguousId. */
  async named(cwd: string, text: string): Promise<{ readonly bead: Bead; readonly ledger: Ledger }> {
    for (const named of readings(this.#town, cwd, text)) {
      const bead = await this.bead(named);
      if (bead !== undefined && bead.status !== 'tombstone') return { bead, ledger: named.ledger };
    }
    const named = await byBeginning(this.#town, text);
    return { bead: await (await this.#open(named.ledger)).ask((view) => find(view, named.id)), ledger: named.ledger };
  }

  async bead({ id, ledger }: Named): Promise<Bead | undefined> {
    if (ledger.ref === wispsOf(ledger).ref && !(await hasLedger(ledger))) return undefined;
    return (await this.#open(ledger)).ask((view) => view.get(id));
  }

  async details(bead: Bead, ledger: Ledger): Promise<Details> {
    const targets = new Map<string, Bead | undefined>();
    const edges = bead.dependencies ?? [];
    const snapshot = await this.#open(ledger);
    await Promise.all(edges.map(async ({ depends_on_id: id }) => targets.set(id, await this.#anywhere(id))));
    return detailsOf(bead, (id) => targets.get(id), await snapshot.ask((view) => view.referrers(bead.id)));
  }

  async #anywhere(id: string): Promise<Bead | undefined> {
    for (const named of readings(this.#town, this.#town.root, id)) {
      const bead = named.id === id ? await this.bead(named) : undefined;
      if (bead !== undefined) return bead;
    }
    return undefined;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#snapshots.values()].map(async (snapshot) => (await snapshot).close()));
  }
}

/** Everything that there is to show of the beads that texts mean. Throws UnknownBead and AmbiguousId. */
export async function showBeads(town: Town, cwd: string, texts: readonly string[]): Promise<Details[]> {
  const reading = new Reading(town);
  try {
    const found: Details[] = [];
    for (const text of texts) {
      const { bead, ledger } = await reading.named(cwd, text);
      found.push(await reading.details(bead, ledger));
    }
    return found;
  } finally {
    await reading.close();
  }
}
