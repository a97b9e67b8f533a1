/** Between two times, in milliseconds; an end that is undefined is open. */
export interface Span {
  readonly after: number | undefined;
  readonly before: number | undefined;
}

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
}

const anyTime: Span = { after: undefined, before: undefined };

/** Asks for everything that people work on and that is not done. */
export const openWork: Query = {
  statuses: [], types: [], priorities: [], assignee: undefined, unassigned: false, labels: [], anyLabel: [], ids: [], parent: undefined, title: undefined, created: anyTime, updated: anyTime, closed: anyTime, all: false,
};

/** Whether the answer may hold beads that are done, so that all of the ledger has to be read. */
export function wantsDone(query: Query): boolean {
  return query.all || query.ids.length > 0 || query.statuses.some((status) => status === 'closed' || status === 'pinned' || status === 'tombstone' || status === 'all') || query.closed.after !== undefined || query.closed.before !== undefined;
}
