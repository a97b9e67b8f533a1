import { isStamp, stampAfter, stampReplica, type Stamp } from '../base/clock.ts';
import { canonical, isObject } from '../base/jsonl.ts';
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
export function plainAssignee(stored: Stored): string | undefined {
  const [since, plain] = assigneeOf(stored);
  return isPlain(phaseOf(stored), since, closesOf(stored)) ? plain : undefined;
}

/** What a close says of itself. */
export function tokenOf(bead: Bead): CloseToken {
  return JSON.parse(JSON.stringify({ at: bead.closed_at, reason: bead.close_reason, session: bead.closed_by_session })) as CloseToken;
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
