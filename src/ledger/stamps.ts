import { base36, isStamp, makeStamp, stampAfter, stampReplica, type Stamp } from '../base/clock.ts';
import { hashText } from '../base/ids.ts';
import { canonical, isObject } from '../base/jsonl.ts';
import { timeOf } from '../base/time.ts';
import { workingStatuses, type Bead } from '../domain/bead.ts';

/**
 * When each part of a bead was last written. A register maps its field name to a stamp; a field without an entry has the birth stamp.
 * In sets, `-` before a stamp remembers a removal. Registers named like one of the special keys stand under `=<name>`.
 */
export interface Clock {
  readonly born: Stamp;
  /** Status and worker are one register, read only while the bead is not closed. */
  readonly phase?: readonly [Stamp, string, string?];
  /** The plain assignee, which counts where the phase names no worker. */
  readonly assignee?: readonly [Stamp, string?];
  /** Close tokens by their stamp; `undone` is the stamp of the reopening that saw it. */
  readonly closes?: Readonly<Record<Stamp, CloseToken>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string>>;
  /** By target id: the edge's stamp and the target's birth, where it was known. */
  readonly dependencies?: Readonly<Record<string, readonly [string, Stamp?]>>;
  readonly [field: string]: unknown;
}

interface CloseToken {
  readonly at?: string;
  readonly reason?: string;
  readonly session?: string;
  readonly undone?: Stamp;
}

/** A bead as the ledger keeps it. */
export interface Stored {
  readonly bead: Bead;
  readonly clock: Clock;
}

const special: readonly string[] = ['born', 'phase', 'assignee', 'closes', 'labels', 'metadata', 'dependencies'];
const derived: readonly string[] = [
  'id', 'clock', 'status', 'assignee', 'closed_at', 'close_reason', 'closed_by_session', 'created_at', 'updated_at', 'labels', 'metadata', 'dependencies', 'comments', 'attempts',
];

function registerKey(field: string): string {
  return special.includes(field) || field.startsWith('=') ? `=${field}` : field;
}

/** Whether two values are the same as canonical JSON. */
function same(a: unknown, b: unknown): boolean {
  return a === b || (a !== undefined && b !== undefined && canonical(a) === canonical(b));
}

/** The greatest stamp anywhere in a clock. */
export function newest(clock: Clock): Stamp {
  let greatest: Stamp = clock.born;
  const visit = (value: unknown): void => {
    if (typeof value === 'string') {
      const stamp = value.startsWith('-') ? value.slice(1) : value;
      if (isStamp(stamp) && stamp > greatest) greatest = stamp;
    } else if (Array.isArray(value)) value.forEach(visit);
    else if (isObject(value)) Object.entries(value).forEach(([key, inner]) => (visit(key), visit(inner)));
  };
  visit(clock);
  return greatest;
}

/** `base`, or the next stamp of its replica after everything that the record has seen, where that lies ahead. */
export function stampFor(base: Stamp, before: Stored | undefined): Stamp {
  if (before === undefined) return base;
  const seen = newest(before.clock);
  return seen >= base ? stampAfter(seen, stampReplica(base)) : base;
}

/** `base`, or the next stamp of its replica after the last write of a setting, where that lies ahead. */
export function stampForSetting(base: Stamp, settings: Readonly<Record<string, unknown>>, key: string): Stamp {
  const clock = isObject(settings['clock']) ? settings['clock'] : {};
  const seen = String(clock[key] ?? '').replace(/^-/, '');
  return isStamp(seen) && seen >= base ? stampAfter(seen, stampReplica(base)) : base;
}

/** A bead that is new to this ledger. */
export function born(bead: Bead, at: Stamp, births: (id: string) => Stamp | undefined): Stored {
  const clock: Record<string, unknown> = { born: at };
  if (bead.status === 'closed') clock['closes'] = { [at]: tokenOf(bead) };
  if (bead.dependencies) clock['dependencies'] = edgeStamps(undefined, bead, at, births);
  return { bead, clock: clock as unknown as Clock };
}

/** The record after a write at `at`: every part that differs from before carries the new stamp, all others keep theirs. */
export function restamp(before: Stored, after: Bead, at: Stamp, births: (id: string) => Stamp | undefined): Stored {
  if (after.status === 'tombstone') return { bead: after, clock: { born: before.clock.born } };
  const clock: Record<string, unknown> = { ...before.clock };
  for (const field of new Set([...Object.keys(before.bead), ...Object.keys(after)])) {
    if (!derived.includes(field) && !same(before.bead[field], after[field])) clock[registerKey(field)] = at;
  }
  stampPhase(before, after, at, clock);
  set(clock, 'labels', elementStamps(before.clock.labels, new Set(before.bead.labels), new Set(after.labels), at));
  set(clock, 'metadata', keyStamps(before, after, at));
  set(clock, 'dependencies', edgeStamps(before, after, at, births));
  return { bead: after, clock: clock as unknown as Clock };
}

function set(clock: Record<string, unknown>, key: string, value: unknown): void {
  if (value !== undefined) clock[key] = value;
}

function stampPhase(before: Stored, after: Bead, at: Stamp, clock: Record<string, unknown>): void {
  const [, status, worker] = phaseOf(before);
  const [, assignee] = assigneeOf(before);
  const closed = after.status === 'closed';
  if (closed && before.bead.status !== 'closed') clock['closes'] = { ...before.clock.closes, [at]: tokenOf(after) };
  if (!closed && before.bead.status === 'closed') clock['closes'] = undoneAt(before.clock.closes ?? {}, at);
  const keeps = closed && after.assignee === before.bead.assignee;
  const next = keeps ? { status, worker } : { status: closed ? 'open' : after.status, worker: workingStatuses.includes(after.status) ? after.assignee : undefined };
  if (next.status !== status || next.worker !== worker) clock['phase'] = next.worker === undefined ? [at, next.status] : [at, next.status, next.worker];
  else if (closed && before.bead.status !== 'closed' && before.clock.phase === undefined) clock['phase'] = worker === undefined ? [before.clock.born, status] : [before.clock.born, status, worker];
  if (next.worker !== undefined) {
    if (assignee !== undefined && before.clock.assignee === undefined) clock['assignee'] = [before.clock.born, assignee];
  } else if (!keeps && after.assignee !== assignee) clock['assignee'] = after.assignee === undefined ? [at] : [at, after.assignee];
}

function tokenOf(bead: Bead): CloseToken {
  return JSON.parse(JSON.stringify({ at: bead.closed_at, reason: bead.close_reason, session: bead.closed_by_session })) as CloseToken;
}

function undoneAt(closes: Readonly<Record<Stamp, CloseToken>>, at: Stamp): Record<Stamp, CloseToken> {
  return Object.fromEntries(Object.entries(closes).map(([stamp, token]) => [stamp, token.undone === undefined ? { ...token, undone: at } : token]));
}

/** The phase register of a record: its stamp, the status that counts while it is not closed, the worker. */
export function phaseOf({ bead, clock }: Stored): readonly [Stamp, string, string?] {
  if (clock.phase) return clock.phase;
  const working = workingStatuses.includes(bead.status);
  return [clock.born, bead.status === 'closed' ? 'open' : bead.status, working ? bead.assignee : undefined];
}

function assigneeOf({ bead, clock }: Stored): readonly [Stamp, string?] {
  return clock.assignee ?? [clock.born, phaseOf({ bead, clock })[2] === undefined ? bead.assignee : undefined];
}

function elementStamps(known: Readonly<Record<string, string>> | undefined, before: ReadonlySet<string>, after: ReadonlySet<string>, at: Stamp): Record<string, string> | undefined {
  const stamps: Record<string, string> = { ...known };
  for (const element of after) if (!before.has(element)) stamps[element] = at;
  for (const element of before) if (!after.has(element)) stamps[element] = `-${at}`;
  return Object.keys(stamps).length > 0 ? stamps : undefined;
}

function keyStamps(before: Stored, after: Bead, at: Stamp): Record<string, string> | undefined {
  const was = before.bead.metadata ?? {};
  const is = after.metadata ?? {};
  const stamps: Record<string, string> = { ...before.clock.metadata };
  for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) {
    if (!same(was[key], is[key])) stamps[key] = is[key] === undefined ? `-${at}` : at;
  }
  return Object.keys(stamps).length > 0 ? stamps : undefined;
}

function edgeStamps(before: Stored | undefined, after: Bead, at: Stamp, births: (id: string) => Stamp | undefined): Record<string, readonly [string, Stamp?]> | undefined {
  const was = new Map((before?.bead.dependencies ?? []).map((edge) => [edge.depends_on_id, edge]));
  const stamps: Record<string, readonly [string, Stamp?]> = { ...before?.clock.dependencies };
  for (const edge of after.dependencies ?? []) {
    if (!same(was.get(edge.depends_on_id), edge)) stamps[edge.depends_on_id] = withBirth(at, births(edge.depends_on_id));
    was.delete(edge.depends_on_id);
  }
  for (const target of was.keys()) stamps[target] = withBirth(`-${at}`, before?.clock.dependencies?.[target]?.[1]);
  return Object.keys(stamps).length > 0 ? stamps : undefined;
}

function withBirth(stamp: string, birth: Stamp | undefined): readonly [string, Stamp?] {
  return birth === undefined ? [stamp] : [stamp, birth];
}

/**
 * The record of an imported bead, the same in every clone: its birth is made from (id, created_at), its fields' stamps from updated_at,
 * its close from closed_at.
 */
export function imported(bead: Bead, births: (id: string) => Stamp | undefined): Stored {
  const birth = importedBirth(bead);
  if (bead.status === 'tombstone') return { bead, clock: { born: birth } };
  const edited = importStamp(bead.updated_at, bead);
  const clock: Record<string, unknown> = { born: birth };
  if (edited > birth) for (const field of Object.keys(bead)) if (!derived.includes(field)) clock[registerKey(field)] = edited;
  if (bead.status === 'closed') clock['closes'] = { [importStamp(bead.closed_at ?? bead.updated_at, bead)]: tokenOf(bead) };
  else if (edited > birth) clock['phase'] = workingStatuses.includes(bead.status) && bead.assignee ? [edited, bead.status, bead.assignee] : [edited, bead.status];
  set(clock, 'dependencies', edgeStamps(undefined, bead, edited > birth ? edited : birth, births));
  return { bead, clock: clock as unknown as Clock };
}

/** The record of a bead that was imported over one that is here: it stays the same bead, and what differs is as new as the import says, or newer than what it replaces. */
export function importedOver(before: Stored, bead: Bead, births: (id: string) => Stamp | undefined): Stored {
  return restamp(before, bead, stampFor(importStamp(bead.updated_at, bead), before), births);
}

/** The birth that every clone gives to a bead it imports. */
export function importedBirth(bead: Bead): Stamp {
  return importStamp(bead.created_at, bead);
}

/** What the stamps of an imported bead end with: made once, since a bead takes several. */
const marks = new WeakMap<Bead, string>();

function importStamp(time: string, bead: Bead): Stamp {
  const mark = marks.get(bead) ?? hashText(`${bead.id}|${bead.created_at}`, 8);
  marks.set(bead, mark);
  return makeStamp(timeOf(time) ?? 0, parseInt(mark.slice(6), 36), mark.slice(0, 6));
}

/** The birth of a bead whose id is the same in every town: roles and agents. */
export function constantBirth(id: string): Stamp {
  return base36(0, 12) + hashText(id, 6);
}

/** One line of a shard, without its end. */
export function lineOf({ bead, clock }: Stored): string {
  return canonical({ ...bead, clock });
}

/** Reads a parsed line of a shard; undefined where it is no bead with an id and a birth. */
export function storedOf(value: Readonly<Record<string, unknown>>): Stored | undefined {
  const { clock, ...bead } = value;
  if (typeof bead['id'] !== 'string' || !isObject(clock) || !isStamp(clock['born'])) return undefined;
  return { bead: bead as unknown as Bead, clock: clock as unknown as Clock };
}
