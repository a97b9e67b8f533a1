import type { Bead } from './bead.ts';

/** Between two times, in milliseconds; an end that is undefined is open. */
export interface Span {
  readonly after: number | undefined;
  readonly before: number | undefined;
}

/** One more thing that is asked of a bead. */
export type Test = (bead: Bead) => boolean;

/** Which beads are wanted; an empty list asks for nothing in particular. */
export interface Query {
  readonly statuses: readonly string[];
  readonly types: readonly string[];
  readonly priorities: readonly number[];
  readonly assignee: string | undefined;
  readonly unassigned: boolean;
  /** All of these. */
  readonly labels: readonly string[];
  /** At least one of these. */
  readonly anyLabel: readonly string[];
  readonly ids: readonly string[];
  readonly parent: string | undefined;
  readonly title: string | undefined;
  readonly created: Span;
  readonly updated: Span;
  readonly closed: Span;
  /** Beads of every status and type. */
  readonly all: boolean;
  /** Books that the town keeps, by type, that are wanted beside work. */
  readonly books: readonly string[];
  /** Templates, beside work. */
  readonly templates: boolean;
  /** Those that are pinned (true), or those that are not (false); undefined for what there is to do, which pinned beads are not. */
  readonly pinned: boolean | undefined;
  /** All of these hold. */
  readonly tests: readonly Test[];
}

const anyTime: Span = { after: undefined, before: undefined };

/** Asks for everything that people work on and that is not done. */
export const openWork: Query = {
  statuses: [], types: [], priorities: [], assignee: undefined, unassigned: false, labels: [], anyLabel: [], ids: [], parent: undefined, title: undefined, created: anyTime, updated: anyTime, closed: anyTime, all: false, books: [], templates: false, pinned: undefined, tests: [],
};

const doneStatuses: readonly string[] = ['closed', 'pinned', 'tombstone', 'all'];

/** Whether the answer may hold beads that are done, so that all of the ledger has to be read. */
export function wantsDone(query: Query): boolean {
  return query.pinned === true || wantsClosed(query) || query.statuses.some((status) => doneStatuses.includes(status));
}

/** Whether closed beads are wanted though no status was named. */
export function wantsClosed(query: Query): boolean {
  return query.all || query.ids.length > 0 || query.closed.after !== undefined || query.closed.before !== undefined;
}

/** Whether anything was asked for in particular. */
export function isParticular({ tests, ...query }: Query): boolean {
  const { tests: _none, ...plain } = openWork;
  return tests.length > 0 || JSON.stringify(query) !== JSON.stringify(plain);
}
