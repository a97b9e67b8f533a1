import { isObject } from '../base/jsonl.ts';
import { timeOf, timestamp } from '../base/time.ts';
import type { Bead } from './bead.ts';
import { missedShape } from './field.ts';

/** What beads can be written as: beads' own JSON Lines, the list of issues that `gh` prints, a Markdown task list. */
export const formats = ['jsonl', 'github', 'markdown'] as const;
export type Format = (typeof formats)[number];

const flags: readonly string[] = ['ephemeral', 'wisp', 'pinned', 'is_template', 'no_history', 'crystallizes'];
/** What lists add to a bead and every reader can count by itself. */
const computed: readonly string[] = ['_type', 'dependency_count', 'dependent_count', 'comment_count', 'parent', 'dependency_type', 'clock', 'schema_version'];

/** A part of a file that cannot be taken in: which line of it, or which item of a JSON list, and why. */
export interface Fault {
  /** Counted from 1. */
  readonly line: number;
  readonly reason: string;
}

/** Whether a line of an exchange file is about the file, or about something that is no bead. */
export function isOther(value: Readonly<Record<string, unknown>>): boolean {
  return (value['_type'] !== undefined && value['_type'] !== 'issue') || (value['id'] === undefined && value['_schema'] !== undefined);
}

/**
 * Reads a bead of an exchange file, from any time and tool: nulls left out, 0 and 1 as booleans, `parent_child` as `parent-child`, ids of comments as texts, the title on one line.
 * Keys that nobody knows stay as they are. Answers what is wrong with it as a text.
 */
export function readBead(value: Readonly<Record<string, unknown>>): Bead | string {
  const bead: Record<string, unknown> = {};
  for (const key in value) {
    const each = value[key];
    if (each === null || each === undefined || computed.includes(key)) continue;
    put(bead, key, (each === 0 || each === 1) && flags.includes(key) ? each === 1 : each);
  }
  const fault = faultOf(bead);
  if (fault !== undefined) return fault;
  const created = String(bead['created_at']);
  const updated = typeof bead['updated_at'] === 'string' ? bead['updated_at'] : created;
  const status = typeof bead['status'] === 'string' ? bead['status'] : 'open';
  const title = String(bead['title']).replace(/\s*[\n\r\u2028\u2029]\s*/g, ' ').trim();
  const evened = { dependencies: edgesIn(bead), comments: commentsIn(bead), labels: labelsIn(bead), title, status, priority: bead['priority'] ?? 0, issue_type: bead['issue_type'] ?? 'task', created_at: created, updated_at: updated, ...closing(bead, status, created, updated) };
  for (const [key, each] of Object.entries(evened)) {
    if (each !== undefined) bead[key] = each;
    else if (key in bead) delete bead[key];
  }
  return bead as unknown as Bead;
}

/** Sets a key whatever its name: `__proto__` is one like others in JSON. */
function put(bead: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(bead, key, { value, enumerable: true, writable: true, configurable: true });
  else bead[key] = value;
}

function faultOf(bead: Readonly<Record<string, unknown>>): string | undefined {
  const { id, title, status, priority, issue_type: type, created_at: created, updated_at: updated, metadata } = bead;
  if (typeof id !== 'string' || id.length > 255 || !/^[a-z0-9][a-z0-9_-]*-[a-z0-9_]+(?:[.+][a-z0-9_]+)*$/i.test(id)) return id === undefined ? 'it has no id' : `${JSON.stringify(id)?.slice(0, 60)} is no id of a bead`;
  if (typeof title !== 'string') return `${id} has no title`;
  if (status !== undefined && (typeof status !== 'string' || !/^[a-z][a-z0-9_-]{0,49}$/.test(status))) return `the status of ${id} is no word`;
  if (priority !== undefined && !(Number.isInteger(priority) && Number(priority) >= 0 && Number(priority) <= 4)) return `the priority of ${id} is no whole number from 0 to 4`;
  if (type !== undefined && (typeof type !== 'string' || type === '')) return `the type of ${id} is no word`;
  if (typeof created !== 'string' || timeOf(created) === undefined) return `${id} does not say when it was created`;
  if (updated !== undefined && (typeof updated !== 'string' || timeOf(updated) === undefined)) return `${id} was updated at no time`;
  if (metadata !== undefined && !isObject(metadata)) return `the metadata of ${id} are no JSON object`;
  for (const key in bead) {
    const missed = missedShape(key, bead[key]);
    if (missed !== undefined) return `${key} of ${id} is no ${missed}`;
  }
  return holdsNul(bead) ? `${id} holds a NUL` : undefined;
}

function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (typeof value !== 'object' || value === null) return false;
  for (const [key, inner] of Object.entries(value)) if (key.includes('\0') || holdsNul(inner)) return true;
  return false;
}

function edgesIn({ id, dependencies }: Readonly<Record<string, unknown>>): unknown {
  if (!Array.isArray(dependencies) || dependencies.length === 0) return undefined;
  // One edge a pair: the last one of several counts.
  const byTarget = new Map(dependencies.map((edge: Record<string, unknown>) => [edge['depends_on_id'], { issue_id: id, ...edge, type: String(edge['type'] ?? 'blocks').replaceAll('_', '-') }]));
  return [...byTarget.values()];
}

function commentsIn({ comments }: Readonly<Record<string, unknown>>): unknown {
  return Array.isArray(comments) && comments.length > 0 ? comments.map((each: Record<string, unknown>) => ({ ...each, id: String(each['id']) })) : undefined;
}

function labelsIn({ labels }: Readonly<Record<string, unknown>>): unknown {
  return Array.isArray(labels) && labels.length > 0 ? [...new Set(labels as string[])].sort() : undefined;
}

/** A bead has a closing time if, and only if, it is closed. */
function closing({ closed_at: closed, close_reason: reason, closed_by_session: session }: Readonly<Record<string, unknown>>, status: string, created: string, updated: string): Record<string, unknown> {
  if (status === 'tombstone') return {};
  if (status !== 'closed') return { closed_at: undefined, close_reason: undefined, closed_by_session: undefined };
  const latest = Math.max(timeOf(created) ?? 0, timeOf(updated) ?? 0);
  return { closed_at: typeof closed === 'string' && timeOf(closed) !== undefined ? closed : timestamp(latest + 1000), close_reason: reason, closed_by_session: session };
}

/** What is to be done with a bead of an exchange file: it is new, newer than ours, the same, or older. A deletion here is never undone. */
export function compare(ours: Bead | undefined, theirs: Bead, same: boolean): 'new' | 'newer' | 'same' | 'older' {
  if (ours === undefined) return 'new';
  if (same) return 'same';
  if (ours.status === 'tombstone') return theirs.status === 'tombstone' ? 'same' : 'older';
  return (timeOf(theirs.updated_at) ?? 0) < (timeOf(ours.updated_at) ?? 0) ? 'older' : 'newer';
}

/** The prefixes of ids that no known prefix fits: what stands before the last `-`, and of several that extend one another the shortest. */
export function newPrefixes(ids: Iterable<string>): string[] {
  const found = new Set([...ids].map((id) => id.slice(0, id.split(/[.+]/, 1)[0]?.lastIndexOf('-'))));
  return [...found].filter((prefix) => ![...found].some((other) => other !== prefix && prefix.startsWith(`${other}-`))).sort();
}
