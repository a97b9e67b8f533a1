import { timeOf } from '../base/time.ts';
import { edgesOf, isDone, type Bead } from './bead.ts';
import { townTypes } from './kind.ts';
import { readyOrder } from './ready.ts';
import { wantsClosed, wantsDone, type Query, type Span, type Test } from './query.ts';

/** Whether a bead is one of those that are wanted. */
export function matches(query: Query, bead: Bead): boolean {
  return (
    matchesState(query, bead) &&
    (query.priorities.length === 0 || query.priorities.includes(bead.priority)) &&
    (query.assignee === undefined || bead.assignee === query.assignee) &&
    (!query.unassigned || !bead.assignee) &&
    query.labels.every((label) => bead.labels?.includes(label)) &&
    (query.anyLabel.length === 0 || query.anyLabel.some((label) => bead.labels?.includes(label))) &&
    (query.ids.length === 0 || query.ids.includes(bead.id)) &&
    (query.parent === undefined || edgesOf(bead, ['parent-child']).includes(query.parent)) &&
    (query.title === undefined || bead.title.toLowerCase().includes(query.title.toLowerCase())) &&
    within(query.created, bead.created_at) &&
    within(query.updated, bead.updated_at) &&
    within(query.closed, bead.closed_at) &&
    passes(query.tests, bead)
  );
}

function passes(tests: readonly Test[], bead: Bead): boolean {
  for (const test of tests) if (!test(bead)) return false;
  return true;
}

function matchesState(query: Query, bead: Bead): boolean {
  return matchesStatus(query, bead) && matchesKind(query, bead) && matchesPin(query, bead);
}

function matchesStatus(query: Query, bead: Bead): boolean {
  const { statuses } = query;
  if (bead.status === 'tombstone') return statuses.includes('tombstone');
  if (statuses.length > 0) return statuses.includes('all') || statuses.includes(bead.status);
  return wantsClosed(query) || (wantsDone(query) ? bead.status !== 'closed' : !isDone(bead));
}

function matchesKind({ types, all, ids, books, templates }: Query, bead: Bead): boolean {
  if (types.length > 0) return types.includes(bead.issue_type);
  if (all || ids.length > 0) return true;
  return (!townTypes.includes(bead.issue_type) || books.includes(bead.issue_type)) && (templates || bead['is_template'] !== true);
}

/** Beads with the mark of a pin are not what there is to do, and so are left out where no status was named. */
function matchesPin({ pinned, statuses, all, ids }: Query, bead: Bead): boolean {
  if (pinned !== undefined) return pinned === isPinned(bead);
  return all || ids.length > 0 || statuses.length > 0 || bead['pinned'] !== true;
}

function isPinned(bead: Bead): boolean {
  return bead.status === 'pinned' || bead['pinned'] === true;
}

/** Whether a time lies in a span; one that is unknown lies in the endless span alone. */
export function within({ after, before }: Span, at: string | undefined): boolean {
  if (after === undefined && before === undefined) return true;
  const time = timeOf(at);
  return time !== undefined && (after === undefined || time >= after) && (before === undefined || time < before);
}

export const sortFields = ['priority', 'created', 'updated', 'closed', 'status', 'id', 'title', 'type', 'assignee'] as const;
export type SortField = (typeof sortFields)[number];

/** How beads are ordered by a field: times newest first, everything else from the smallest. */
export function orderBy(field: SortField): (a: Bead, b: Bead) => number {
  const byText = (text: (bead: Bead) => string) => (a: Bead, b: Bead) => compareNaturally(text(a), text(b)) || readyOrder(a, b);
  const byTime = (at: (bead: Bead) => string | undefined) => (a: Bead, b: Bead) => (timeOf(at(b)) ?? 0) - (timeOf(at(a)) ?? 0) || readyOrder(a, b);
  switch (field) {
    case 'priority': return readyOrder;
    case 'created': return byTime((bead) => bead.created_at);
    case 'updated': return byTime((bead) => bead.updated_at);
    case 'closed': return byTime((bead) => bead.closed_at);
    case 'status': return byText((bead) => bead.status);
    case 'id': return byText((bead) => bead.id);
    case 'title': return byText((bead) => bead.title.toLowerCase());
    case 'type': return byText((bead) => bead.issue_type);
    case 'assignee': return byText((bead) => bead.assignee ?? '\uffff');
  }
}

export type ReadySort = 'priority' | 'hybrid' | 'oldest';

const young = 48 * 3600e3;

/** How ready work is ordered at a time: most urgent first; oldest first; or what is younger than two days by urgency and behind it the rest, oldest first. */
export function readyOrderBy(sort: ReadySort, now: number): (a: Bead, b: Bead) => number {
  const born = ({ created_at: at }: Bead): number => timeOf(at) ?? 0;
  const oldest = (a: Bead, b: Bead): number => born(a) - born(b) || readyOrder(a, b);
  if (sort === 'priority') return readyOrder;
  if (sort === 'oldest') return oldest;
  return (a, b) => {
    const [first, second] = [now - born(a) < young, now - born(b) < young];
    return first !== second ? (first ? -1 : 1) : first ? readyOrder(a, b) : oldest(a, b);
  };
}

/** Compares texts with the numbers in them by value, so `gt-a.2` stands before `gt-a.10`. */
function compareNaturally(a: string, b: string): number {
  const [first, second] = [a.split(/(\d+)/), b.split(/(\d+)/)];
  for (let at = 0; at < Math.min(first.length, second.length); at += 1) {
    const [x = '', y = ''] = [first[at], second[at]];
    const difference = at % 2 === 1 ? Number(x) - Number(y) : x < y ? -1 : x > y ? 1 : 0;
    if (difference !== 0) return difference;
  }
  return first.length - second.length;
}

/** Whether a text occurs in the title or description, whatever its case. */
export function says(bead: Bead, text: string): boolean {
  const wanted = text.toLowerCase();
  return bead.title.toLowerCase().includes(wanted) || (bead.description ?? '').toLowerCase().includes(wanted);
}

/** Whether a text is the id of a bead or begins it, with or without what stands before its last `-`. */
export function isNamed({ id }: Bead, text: string): boolean {
  return id.startsWith(text) || id.startsWith(text, id.lastIndexOf('-') + 1);
}
