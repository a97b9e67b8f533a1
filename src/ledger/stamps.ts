import { base36, isStamp, stampAfter, stampReplica, type Stamp } from '../base/clock.ts';
import { hashText } from '../base/ids.ts';
import { isObject, same } from '../base/jsonl.ts';
import { workingStatuses, type Bead } from '../domain/bead.ts';
import { assigneeBy, assigneeOf, closesOf, elementClock, isRegister, newest, phaseOf, plainAssignee, referenceKeys, registerKey, tokenOf, wordsIn, type Clock, type CloseToken, type EdgeEntry, type Stored } from './stored.ts';

/** `base`, or the next stamp of its replica after the last write of a setting, or of one above or below it, where that lies ahead. */
export function stampForSetting(base: Stamp, settings: Readonly<Record<string, unknown>>, key: string): Stamp {
  const clock = isObject(settings['clock']) ? Object.entries(settings['clock']) : [];
  const related = clock.filter(([other]) => `${other}.`.startsWith(`${key}.`) || `${key}.`.startsWith(`${other}.`));
  const [seen] = related.map(([, stamp]) => String(stamp).replace(/^-/, '')).filter(isStamp).sort().reverse();
  return seen !== undefined && seen >= base ? stampAfter(seen, stampReplica(base)) : base;
}

/** A bead that is new to this ledger; what came from elsewhere was `edited` since its birth, and closed at `closing`. */
export function born(bead: Bead, at: Stamp, births: (id: string) => Stamp | undefined, edited: Stamp = at, closing: Stamp = at): Stored {
  const clock: Record<string, unknown> = { born: at };
  if (bead.status === 'tombstone') return { bead, clock: clock as unknown as Clock };
  if (edited > at) {
    // When it was created belongs to its birth.
    for (const field of Object.keys(bead)) if (isRegister(field) && field !== 'created_at') clock[registerKey(field)] = edited;
    set(clock, 'metadata', Object.fromEntries(Object.keys(bead.metadata ?? {}).map((key) => [key, edited])));
    if (bead.status !== 'closed') clock['phase'] = entryOf(edited, bead.status, workingStatuses.includes(bead.status) ? bead.assignee : undefined);
  }
  if (bead.status === 'closed') clock['closes'] = { [closing]: tokenOf(bead) };
  set(clock, 'references', birthsOfReferences(undefined, bead, births));
  set(clock, 'dependencies', edgeStamps(undefined, bead, edited, births));
  return { bead, clock: clock as unknown as Clock };
}

/**
 * The record after a write at `at`: every part that differs from before carries the new stamp, all others keep theirs. A close is known by the stamp `closing`, where
 * nobody has used that yet.
 */
export function restamp(before: Stored, after: Bead, at: Stamp, births: (id: string) => Stamp | undefined, closing: Stamp = at): Stored {
  const { called } = before.clock;
  if (after.status === 'tombstone') return { bead: after, clock: { born: before.clock.born, deleted: at, ...(called === undefined ? {} : { called }) } };
  const clock: Record<string, unknown> = { ...before.clock };
  for (const field of new Set([...Object.keys(before.bead), ...Object.keys(after)])) {
    if (isRegister(field) && !same(before.bead[field], after[field])) clock[registerKey(field)] = at;
  }
  stampCloses(before, after, at, clock, closing);
  stampPhase(before, after, at, clock);
  set(clock, 'labels', elementStamps(before.clock.labels, new Set(before.bead.labels), new Set(after.labels), at));
  set(clock, 'waiters', elementStamps(elementClock(before, 'waiters'), wordsIn(before.bead['waiters']), wordsIn(after['waiters']), at));
  set(clock, 'metadata', keyStamps(before, after, at));
  set(clock, 'references', birthsOfReferences(before, after, births));
  set(clock, 'dependencies', edgeStamps(before, after, at, births));
  for (const list of ['comments', 'attempts'] as const) set(clock, list, entryStamps(before.clock[list], before.bead[list], after[list], at));
  if (before.bead.updated_at !== after.updated_at && newest(clock as unknown as Clock) < at) clock['updated_at'] = at;
  return { bead: after, clock: clock as unknown as Clock };
}

function set(clock: Record<string, unknown>, key: string, value: object | undefined): void {
  if (value !== undefined && Object.keys(value).length > 0) clock[key] = value;
  else delete clock[key];
}

function stampCloses(before: Stored, after: Bead, at: Stamp, clock: Record<string, unknown>, closing: Stamp): void {
  const [was, is] = [before.bead.status === 'closed', after.status === 'closed'];
  const closes = before.clock.closes ?? {};
  const anew = is && (!was || !same(tokenOf(before.bead), tokenOf(after)));
  if (!anew && was === is) return;
  const token = Object.hasOwn(closes, closing) ? at : closing;
  clock['closes'] = { ...(was ? undoneAt(closes, at) : closes), ...(anew ? { [token]: tokenOf(after) } : {}) };
}

function stampPhase(before: Stored, after: Bead, at: Stamp, clock: Record<string, unknown>): void {
  const [, status, worker] = phaseOf(before);
  const [, assignee] = assigneeOf(before);
  if (after.status === 'closed') {
    if (before.clock.phase === undefined && before.bead.status !== 'closed' && before.bead.status !== 'open') clock['phase'] = entryOf(before.clock.born, status, worker);
    stampClosedAssignee(before, { bead: after, clock: clock as unknown as Clock }, at, clock);
    return;
  }
  const next = workingStatuses.includes(after.status) ? after.assignee : undefined;
  // The stamp of a working phase is the token of who works: a reopening hands out a new one.
  const anew = before.bead.status === 'closed' && next !== undefined;
  if (anew || next !== worker || after.status !== status) clock['phase'] = entryOf(at, after.status, next);
  if (next !== undefined) {
    if (assignee !== undefined && before.clock.assignee === undefined) clock['assignee'] = [before.clock.born, assignee];
  } else if (after.assignee !== (workingStatuses.includes(after.status) ? plainAssignee(before) : assignee)) {
    clock['assignee'] = entryOf(at, after.assignee);
  }
}

/** The phase of a closed bead stays as it is: nobody reads it, and a reopening elsewhere says what it is then. */
function stampClosedAssignee(before: Stored, after: Stored, at: Stamp, clock: Record<string, unknown>): void {
  const { assignee } = after.bead;
  const shows = (plain: readonly [Stamp, string?]): boolean => assigneeBy(phaseOf(after), plain, closesOf(after)) === assignee;
  if (shows(assigneeOf(before))) return;
  clock['assignee'] = entryOf(at, assignee);
  // A file may say that a bead was closed later than it was last written.
  if (!shows([at, assignee])) clock['phase'] = entryOf(at, 'open');
}

function entryOf(stamp: Stamp, ...parts: readonly (string | undefined)[]): readonly string[] {
  return [stamp, ...parts.filter((part) => part !== undefined)];
}

function undoneAt(closes: Readonly<Record<Stamp, CloseToken>>, at: Stamp): Record<Stamp, CloseToken> {
  return Object.fromEntries(Object.entries(closes).map(([stamp, token]) => [stamp, token.undone === undefined ? { ...token, undone: at } : token]));
}

function elementStamps(known: Readonly<Record<string, string>> | undefined, before: ReadonlySet<string>, after: ReadonlySet<string>, at: Stamp): Record<string, string> {
  const stamps: Record<string, string> = { ...known };
  for (const element of after) if (!before.has(element)) stamps[element] = at;
  for (const element of before) if (!after.has(element)) stamps[element] = `-${at}`;
  return stamps;
}

function keyStamps(before: Stored, after: Bead, at: Stamp): Record<string, string> {
  const was = before.bead.metadata ?? {};
  const is = after.metadata ?? {};
  const stamps: Record<string, string> = { ...before.clock.metadata };
  for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) {
    if (!same(was[key], is[key])) stamps[key] = is[key] === undefined ? `-${at}` : at;
  }
  return stamps;
}

/** A value that stays keeps the birth that was known when it was written; a new one takes the one that is known now. */
function birthsOfReferences(before: Stored | undefined, after: Bead, births: (id: string) => Stamp | undefined): Record<string, Stamp> {
  const found: Record<string, Stamp> = {};
  for (const key of referenceKeys) {
    const value = after.metadata?.[key];
    if (typeof value !== 'string' || value === '') continue;
    const birth = before?.bead.metadata?.[key] === value ? before.clock.references?.[key] : births(value);
    if (birth !== undefined) found[key] = birth;
  }
  return found;
}

/** Entries of a list are told apart by their ids; one that was not there before needs no stamp. */
function entryStamps(known: Readonly<Record<string, string>> | undefined, before: readonly { readonly id: string }[] | undefined, after: readonly { readonly id: string }[] | undefined, at: Stamp): Record<string, string> {
  const stamps: Record<string, string> = { ...known };
  if (before === after) return stamps;
  const is = new Map((after ?? []).map((entry) => [entry.id, entry]));
  const was = new Map((before ?? []).map((entry) => [entry.id, entry]));
  for (const [id, entry] of was) if (!is.has(id)) stamps[id] = `-${at}`; else if (!same(entry, is.get(id))) stamps[id] = at;
  for (const id of is.keys()) if (!was.has(id) && known?.[id] !== undefined) stamps[id] = at;
  return stamps;
}

/** An edge keeps the birth of its target that was known when it was first written, or that none was: it means the same bead for ever. */
function edgeStamps(before: Stored | undefined, after: Bead, at: Stamp, births: (id: string) => Stamp | undefined): Record<string, EdgeEntry> {
  const known = before?.clock.dependencies;
  const was = new Map((before?.bead.dependencies ?? []).map((edge) => [edge.depends_on_id, edge]));
  const stamps: Record<string, EdgeEntry> = { ...known };
  for (const edge of after.dependencies ?? []) {
    const id = edge.depends_on_id;
    if (!same(was.get(id), edge)) stamps[id] = withBirth(at, known?.[id] === undefined ? births(id) : known[id][1]);
    was.delete(id);
  }
  for (const target of was.keys()) stamps[target] = withBirth(`-${at}`, known?.[target]?.[1]);
  return stamps;
}

function withBirth(stamp: string, birth: Stamp | undefined): EdgeEntry {
  return birth === undefined ? [stamp] : [stamp, birth];
}

/** The birth of a bead whose id is the same in every town: roles and agents. */
export function constantBirth(id: string): Stamp {
  return base36(0, 12) + hashText(id, 6);
}
