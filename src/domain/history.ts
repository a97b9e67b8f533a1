import { canonical, isObject, same } from '../base/jsonl.ts';
import type { Bead } from './bead.ts';

/** Fields that are told together with others, or say nothing by themselves. */
const silent: readonly string[] = [
  'id', 'updated_at', 'created_at', 'created_by', 'labels', 'dependencies', 'comments', 'attempts', 'metadata', 'status', 'assignee', 'started_at',
  'closed_at', 'close_reason', 'closed_by_session', 'deleted_at', 'deleted_by', 'delete_reason', 'original_type', 'issue_type',
];
/** Fields whose values are long: only that they changed is told. */
const long: readonly string[] = ['description', 'design', 'acceptance_criteria', 'notes'];
const longest = 80;

/** What changed in a bead from one state to the next, in words, one thing each. */
export function differences(before: Bead | undefined, after: Bead | undefined): string[] {
  if (after === undefined) return before === undefined ? [] : ['removed'];
  if (after.status === 'tombstone') return before?.status === 'tombstone' ? [] : [`deleted${reason(after['delete_reason'])}`];
  if (before === undefined) return [`created as ${after.status} ${after.issue_type} P${after.priority}: ${after.title}`];
  return [...phase(before, after), ...fields(before, after), ...sets(before, after), ...lists(before, after)];
}

/** What a merge has overwritten of a bead, in words, one thing each. */
export function losses(lost: readonly { readonly part: string; readonly value: unknown }[]): string[] {
  return lost.map(({ part, value }) => `lost in a merge: ${part} ${short(value)}`);
}

function reason(text: unknown): string {
  return typeof text === 'string' && text !== '' ? `: ${text}` : '';
}

function phase(before: Bead, after: Bead): string[] {
  const told: string[] = [];
  if (before.status !== 'closed' && after.status === 'closed') told.push(`closed${reason(after.close_reason)}`);
  else if (before.status === 'closed' && after.status !== 'closed') told.push(`reopened as ${after.status}`);
  else if (before.status !== after.status) told.push(`status ${before.status} → ${after.status}`);
  if ((before.assignee ?? '') !== (after.assignee ?? '')) told.push(after.assignee ? `given to ${after.assignee}` : `taken from ${before.assignee}`);
  return told;
}

function fields(before: Bead, after: Bead): string[] {
  const told = before.issue_type === after.issue_type ? [] : [`type ${before.issue_type} → ${after.issue_type}`];
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (!silent.includes(key) && !same(before[key], after[key])) told.push(fieldChange(key, before[key], after[key]));
  }
  return told;
}

function fieldChange(key: string, before: unknown, after: unknown): string {
  if (after === undefined) return `${key} removed`;
  if (long.includes(key)) return before === undefined ? `${key} written` : `${key} rewritten`;
  return before === undefined ? `${key} set to ${short(after)}` : `${key} ${short(before)} → ${short(after)}`;
}

function sets(before: Bead, after: Bead): string[] {
  const [was, is] = [new Set(before.labels), new Set(after.labels)];
  const labels = [...[...is].filter((label) => !was.has(label)).map((label) => `label +${label}`), ...[...was].filter((label) => !is.has(label)).map((label) => `label -${label}`)];
  const [old, now] = [before.metadata, after.metadata].map((each): Readonly<Record<string, unknown>> => (isObject(each) ? each : {})) as [Record<string, unknown>, Record<string, unknown>];
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((key) => !same(old[key], now[key]));
  return [...labels, ...keys.map((key) => fieldChange(`metadata.${key}`, old[key], now[key]))];
}

function lists(before: Bead, after: Bead): string[] {
  const edges = (bead: Bead): Map<string, string> => new Map((bead.dependencies ?? []).map((edge) => [edge.depends_on_id, edge.type]));
  const [was, is] = [edges(before), edges(after)];
  const added = [...is].filter(([on, type]) => was.get(on) !== type).map(([on, type]) => (type === 'parent-child' ? `put below ${on}` : `depends on ${on} (${type})`));
  const removed = [...was].filter(([on]) => !is.has(on)).map(([on, type]) => (type === 'parent-child' ? `no longer below ${on}` : `no longer depends on ${on}`));
  const known = new Set((before.comments ?? []).map(({ id }) => id));
  const comments = (after.comments ?? []).filter(({ id }) => !known.has(id)).map(({ text }) => `comment: ${short(text)}`);
  const tried = new Set((before.attempts ?? []).map(({ id }) => id));
  const attempts = (after.attempts ?? []).filter(({ id }) => !tried.has(id)).map(({ outcome, agent }) => `attempt by ${agent}: ${outcome}`);
  return [...added, ...removed, ...comments, ...attempts];
}

/** One part of a bead that differs: a field, or an element of a set as `labels.<label>`; what it was and is, undefined where it was or is not there. */
export interface PartChange {
  readonly part: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

/** The keys by which the elements of a bead's lists are known. */
const elementKeys: Readonly<Record<string, (element: unknown) => string>> = {
  labels: String,
  waiters: String,
  dependencies: (edge) => String(isObject(edge) ? edge['depends_on_id'] : ''),
  comments: (comment) => String(isObject(comment) ? comment['id'] : ''),
  attempts: (attempt) => String(isObject(attempt) ? attempt['id'] : ''),
};

/** The parts of a bead that differ between two states of it, by name; when it was last updated is none. */
export function changedParts(before: Bead | undefined, after: Bead | undefined): PartChange[] {
  const [was, is] = [partsOf(before), partsOf(after)];
  return [...new Set([...was.keys(), ...is.keys()])].sort().filter((part) => !same(was.get(part), is.get(part))).map((part) => ({ part, from: was.get(part), to: is.get(part) }));
}

/** Every part of a bead with its value. */
export function partsOf(bead: Bead | undefined): Map<string, unknown> {
  const parts = new Map<string, unknown>();
  for (const [field, value] of Object.entries(bead ?? {})) {
    const key = Object.hasOwn(elementKeys, field) ? elementKeys[field] : undefined;
    if (key !== undefined && Array.isArray(value)) for (const element of value as readonly unknown[]) parts.set(`${field}.${key(element)}`, element);
    else if (field === 'metadata' && isObject(value)) for (const [name, each] of Object.entries(value)) parts.set(`metadata.${name}`, each);
    else if (field !== 'id' && field !== 'updated_at') parts.set(field, value);
  }
  return parts;
}

/** Takes the name of a part apart: the field, and which element of it is meant, undefined for all of it. A field that nobody knows may have a dot in its name. */
export function elementOf(part: string): { readonly field: string; readonly key: string | undefined } {
  const end = part.indexOf('.');
  const field = part.slice(0, Math.max(end, 0));
  return field === 'metadata' || Object.hasOwn(elementKeys, field) ? { field, key: part.slice(end + 1) } : { field: part, key: undefined };
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value.replace(/\s+/g, ' ') : canonical(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
