import { base36, isStamp, stampAfter, stampReplica, type Stamp } from '../base/clock.ts';
import { hashText } from '../base/ids.ts';
import { canonical, isObject, same } from '../base/jsonl.ts';
import { workingStatuses, type Bead, type Dependency } from '../domain/bead.ts';

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
  readonly waiters?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string>>;
  /** By metadata key: the birth of the bead that the value names. */
  readonly references?: Readonly<Record<string, Stamp>>;
  /** By target id: the edge's stamp and the target's birth, where it was known. An edge that another one hides stands under its birth and id, with itself. */
  readonly dependencies?: Readonly<Record<string, EdgeEntry>>;
  /** By id, where one was edited or removed since it was added. */
  readonly comments?: Readonly<Record<string, string>>;
  readonly attempts?: Readonly<Record<string, string>>;
  /** When a tombstone was made. */
  readonly deleted?: Stamp;
  /** Every id that it was called by, as it was given, by when; kept once it was renamed. */
  readonly called?: Readonly<Record<Stamp, string>>;
  readonly [field: string]: unknown;
}

export type EdgeEntry = readonly [stamp: string, birth?: Stamp, hidden?: Dependency | null];

export interface CloseToken {
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

/** Metadata whose values are ids of beads that machines follow. */
export const referenceKeys: readonly string[] = ['request', 'source', 'rework_of', 'after', 'convoy'];

const special: readonly string[] = ['born', 'phase', 'assignee', 'closes', 'labels', 'metadata', 'references', 'dependencies', 'deleted', 'called'];
const derived: readonly string[] = [
  'id', 'clock', 'status', 'assignee', 'closed_at', 'close_reason', 'closed_by_session', 'updated_at', 'labels', 'waiters', 'metadata', 'dependencies', 'comments', 'attempts',
];

/** Whether a field of a bead is a register by itself. */
export function isRegister(field: string): boolean {
  return !derived.includes(field);
}

/** The clock's key for a register. */
export function registerKey(field: string): string {
  return special.includes(field) || field.startsWith('=') ? `=${field}` : field;
}

/** The register that a key of the clock stamps; undefined for its other parts. */
export function registerField(key: string): string | undefined {
  if (key.startsWith('=')) return key.slice(1);
  return special.includes(key) || derived.includes(key) ? undefined : key;
}

/** The greatest stamp of anything that was written to a record; births of other beads that it names are none. */
export function newest(clock: Clock): Stamp {
  let greatest: Stamp = clock.born;
  const see = (value: unknown): void => {
    const stamp = typeof value === 'string' && value.startsWith('-') ? value.slice(1) : value;
    if (isStamp(stamp) && stamp > greatest) greatest = stamp;
  };
  for (const [key, value] of Object.entries(clock)) {
    if (key === 'references') continue;
    if (Array.isArray(value)) see(value[0]);
    else if (!isObject(value)) see(value);
    else if (key === 'called') Object.keys(value).forEach(see);
    else if (key === 'closes') Object.entries(value).forEach(([stamp, token]) => (see(stamp), isObject(token) && see(token['undone'])));
    else Object.values(value).forEach((entry) => see(Array.isArray(entry) ? entry[0] : entry));
  }
  return greatest;
}

/** `base`, or the next stamp of its replica after everything that the record has seen, where that lies ahead. */
export function stampFor(base: Stamp, before: Stored | undefined): Stamp {
  if (before === undefined) return base;
  const seen = newest(before.clock);
  return seen >= base ? stampAfter(seen, stampReplica(base)) : base;
}

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
  if (next !== worker || after.status !== status) clock['phase'] = entryOf(at, after.status, next);
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

/** What a close says of itself. */
export function tokenOf(bead: Bead): CloseToken {
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

/** The plain assignee of a record: its stamp, and who it is, whether that is hidden by the phase or not. */
export function assigneeOf({ bead, clock }: Stored): readonly [Stamp, string?] {
  return clock.assignee ?? [clock.born, phaseOf({ bead, clock })[2] === undefined ? bead.assignee : undefined];
}

/** Whether the plain assignee counts: where the phase names no worker, and where it was written since the bead was closed. Nobody works on a bead who was not given it in that phase. */
function isPlain([stamp, status, worker]: readonly [Stamp, string, string?], since: Stamp, closes: Clock['closes'] = {}): boolean {
  if (worker === undefined && !workingStatuses.includes(status)) return true;
  return since > stamp && Object.entries(closes).some(([close, { undone }]) => undone === undefined && since >= close);
}

/** Who has a bead with this phase, plain assignee and closes. */
export function assigneeBy(phase: readonly [Stamp, string, string?], [since, plain]: readonly [Stamp, string?], closes: Clock['closes']): string | undefined {
  return isPlain(phase, since, closes) ? plain : phase[2];
}

/** The plain assignee where it counts. */
function plainAssignee(stored: Stored): string | undefined {
  const [since, plain] = assigneeOf(stored);
  return isPlain(phaseOf(stored), since, closesOf(stored)) ? plain : undefined;
}

/** The tokens of a record; a close that left none is as old as the record. */
export function closesOf({ bead, clock }: Stored): Readonly<Record<Stamp, CloseToken>> {
  const closes = clock.closes ?? {};
  const told = bead.status !== 'closed' || Object.values(closes).some(({ undone }) => undone === undefined);
  return told ? closes : { ...closes, [clock.born]: tokenOf(bead) };
}

/** The stamps of the elements of a set. In lines from before its elements were told apart, all have the one stamp of the field. */
export function elementClock({ bead, clock }: Stored, field: 'labels' | 'waiters'): Readonly<Record<string, string>> {
  const known: unknown = clock[field];
  if (isObject(known)) return known as Record<string, string>;
  return typeof known === 'string' ? Object.fromEntries([...wordsIn(bead[field])].map((word) => [word, known])) : {};
}

/** The texts of a list. */
export function wordsIn(value: unknown): Set<string> {
  return new Set(Array.isArray(value) ? value.filter((word) => typeof word === 'string') : []);
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

/** The lines that records were read from, or were made into: one that does not change is written as it stands. */
const lines = new WeakMap<Stored, string>();

/** One line of a shard, without its end. */
export function lineOf(stored: Stored): string {
  const known = lines.get(stored);
  if (known !== undefined) return known;
  const line = canonical({ ...stored.bead, clock: stored.clock });
  lines.set(stored, line);
  return line;
}

/** Keeps the line that a record was read from. */
export function keepLine(stored: Stored, line: string): void {
  lines.set(stored, line);
}

/** Reads a parsed line of a shard; undefined where it is no bead with an id and a birth. */
export function storedOf(value: Readonly<Record<string, unknown>>): Stored | undefined {
  const { clock, ...bead } = value;
  if (typeof bead['id'] !== 'string' || !isObject(clock) || !isStamp(clock['born'])) return undefined;
  return { bead: bead as unknown as Bead, clock: clock as unknown as Clock };
}
