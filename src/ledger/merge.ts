import type { Stamp } from '../base/clock.ts';
import { stampTime } from '../base/clock.ts';
import { canonical, isObject } from '../base/jsonl.ts';
import { compareTimes, timestamp } from '../base/time.ts';
import type { Bead } from '../domain/bead.ts';
import { edgesOf, identityIn, mentionsOf, pairsOf, readdress, settle, type Mention, type Pair } from './births.ts';
import { calledSo, isRedirect, joinCalled, renamedIn, settleRenamed, withFormer } from './renaming.ts';
import { assigneeBy, assigneeOf, closesOf, elementClock, isRegister, lineOf, newest, phaseOf, registerField, registerKey, wordsIn, type CloseToken, type Clock, type Stored } from './stored.ts';

/** What was written, and when; undefined where it was removed. */
interface Written {
  readonly stamp: Stamp;
  readonly value: unknown;
  /** Of the bead that it means. */
  readonly birth?: Stamp | undefined;
}

/**
 * Merges the records of two replicas, by id: the records of one birth become one, whatever each side calls them, and several births that claim one id are told apart. Nothing
 * else is looked at, no common past either. What both sides have alike may be left out.
 */
export function mergeRecords(ours: ReadonlyMap<string, Stored>, theirs: ReadonlyMap<string, Stored>): Map<string, Stored> {
  const renamed = renamedIn(ours, theirs);
  const beads = new Map<string, Stored>();
  const redirects: Stored[] = [];
  const marked: Mention[] = [];
  for (const side of [ours, theirs]) {
    for (const stored of side.values()) {
      if (isRedirect(stored)) {
        redirects.push(stored);
        continue;
      }
      if (stored.bead.id.includes('+')) marked.push({ id: stored.bead.id, birth: stored.clock.born });
      const identity = identityIn(stored);
      const known = beads.get(identity);
      const meant = readdress(stored, renamed);
      beads.set(identity, known === undefined ? meant : mergeStored(known, meant));
    }
  }
  const settled = settleRenamed([...beads.values()], redirects, marked);
  const merged = new Map<string, Stored>();
  for (const bead of beads.values()) {
    const stored = readdress(bead, settled.names);
    merged.set(stored.bead.id, stored);
  }
  for (const stored of settled.redirects) merged.set(stored.bead.id, stored);
  return merged;
}

/** Merges two records of one birth. Commutative, associative, idempotent; every value of the result stands in one of the two. */
export function mergeStored(a: Stored, b: Stored): Stored {
  if (a === b || lineOf(a) === lineOf(b)) return a;
  const called = joinCalled(a.clock, b.clock);
  const settled = settle([...mentionsOf(a), ...mentionsOf(b)]);
  const names = called === undefined ? settled : withFormer(settled, a.clock.born, called);
  const align = (stored: Stored): Stored => (called === undefined ? readdress(stored, names) : calledSo(readdress(stored, names), called));
  const [one, other] = [align(a), align(b)];
  if (names.size > 0 && lineOf(one) === lineOf(other)) return one;
  const ends = [one, other].filter(({ bead }) => bead.status === 'tombstone');
  return ends.length > 0 ? ends.reduce(laterEnd) : mergeLive(one, other);
}

function laterEnd(a: Stored, b: Stored): Stored {
  const [first, second] = [a.clock.deleted ?? a.clock.born, b.clock.deleted ?? b.clock.born];
  return (first === second ? lineOf(a) > lineOf(b) : first > second) ? a : b;
}

/** The later write; of two with one stamp, the greater value, and any value rather than none. */
function later<T extends Written>(a: T, b: T): T {
  if (a.stamp !== b.stamp) return a.stamp > b.stamp ? a : b;
  return (a.value === b.value && a.birth === b.birth) || rank(a) >= rank(b) ? a : b;
}

function rank(written: Written): string {
  return written.value === undefined ? '' : canonical(written);
}

function union<T extends Written>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>): Map<string, T> {
  const joined = new Map(a);
  for (const [key, written] of b) {
    const known = joined.get(key);
    joined.set(key, known === undefined ? written : later(known, written));
  }
  return joined;
}

function mergeLive(a: Stored, b: Stored): Stored {
  const { born } = a.clock;
  const bead: Record<string, unknown> = { id: a.bead.id };
  const clock: Record<string, unknown> = { ...foreignParts(a.clock, b.clock), born, ...(a.clock.called === undefined ? {} : { called: a.clock.called }) };
  for (const [field, { stamp, value }] of union(registersOf(a), registersOf(b))) {
    if (value !== undefined) bead[field] = value;
    if (stamp !== born) clock[registerKey(field)] = stamp;
  }
  bead['updated_at'] = later(lastWrite(a), lastWrite(b)).value;
  const noted = [a, b].flatMap(({ clock: { updated_at: at } }) => (typeof at === 'string' ? [at] : [])).sort().at(-1);
  if (noted !== undefined) clock['updated_at'] = noted;
  for (const field of ['labels', 'waiters'] as const) {
    const words = union(elementsOf(a, field), elementsOf(b, field));
    put(bead, field, [...words].flatMap(([word, { value }]) => (value === undefined ? [] : [word])).sort());
    put(clock, field, stampsOf(words, born));
  }
  mergeMetadata(a, b, bead, clock);
  const edges = edgesOf([...union(pairsByKey(a), pairsByKey(b)).values()]);
  put(bead, 'dependencies', edges.dependencies);
  put(clock, 'dependencies', edges.entries);
  for (const [list, time] of [['comments', 'created_at'], ['attempts', 'at']] as const) {
    const entries = union(entriesOf(a, list), entriesOf(b, list));
    const sorted = [...entries].sort(([first, one], [second, other]) => compareTimes(timeIn(one, time), timeIn(other, time)) || (first < second ? -1 : 1));
    put(bead, list, sorted.flatMap(([, { value }]) => (value === undefined ? [] : [value])));
    put(clock, list, stampsOf(entries, born));
  }
  return finish(a, b, bead as unknown as Bead, clock as unknown as Clock);
}

/** Parts of clocks that nobody knows here stay, as greater values. */
function foreignParts(a: Clock, b: Clock): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [key, value] of [...Object.entries(a), ...Object.entries(b)]) {
    if (typeof value === 'string' || registerField(key) === undefined) continue;
    if (found[key] === undefined || canonical(value) > canonical(found[key])) found[key] = value;
  }
  return found;
}

function put(target: Record<string, unknown>, key: string, value: object): void {
  if (Object.keys(value).length > 0) target[key] = value;
}

function stampsOf(written: ReadonlyMap<string, Written>, born: Stamp): Record<string, string> {
  return Object.fromEntries([...written].flatMap(([key, { stamp, value }]) => (value === undefined ? [[key, `-${stamp}`]] : stamp === born ? [] : [[key, stamp]])));
}

function registersOf({ bead, clock }: Stored): Map<string, Written> {
  const found = new Map<string, Written>();
  for (const [field, value] of Object.entries(bead)) if (isRegister(field)) found.set(field, { stamp: String(clock[registerKey(field)] ?? clock.born), value });
  for (const [key, stamp] of Object.entries(clock)) {
    const field = registerField(key);
    if (field !== undefined && typeof stamp === 'string' && !found.has(field)) found.set(field, { stamp, value: undefined });
  }
  return found;
}

/** When a record was last written, as it says itself, by the stamp of that write; a renaming is none. */
function lastWrite({ bead, clock }: Stored): Written {
  return { stamp: newest(clock.called === undefined ? clock : { ...clock, called: {} }), value: bead.updated_at };
}

function writtenAt(entry: string | undefined, born: Stamp, value: unknown): Written {
  return entry?.startsWith('-') === true ? { stamp: entry.slice(1), value: undefined } : { stamp: entry ?? born, value };
}

function elementsOf(stored: Stored, field: 'labels' | 'waiters'): Map<string, Written> {
  const stamps = elementClock(stored, field);
  const words = wordsIn(stored.bead[field]);
  return new Map([...new Set([...words, ...Object.keys(stamps)])].map((word) => [word, writtenAt(stamps[word], stored.clock.born, words.has(word) || undefined)]));
}

function metadataOf({ bead, clock }: Stored): Map<string, Written> {
  const values = isObject(bead.metadata) ? bead.metadata : {};
  const keys = new Set([...Object.keys(values), ...Object.keys(clock.metadata ?? {})]);
  return new Map([...keys].map((key) => [key, { ...writtenAt(clock.metadata?.[key], clock.born, values[key]), birth: clock.references?.[key] }]));
}

function mergeMetadata(a: Stored, b: Stored, bead: Record<string, unknown>, clock: Record<string, unknown>): void {
  const facts = union(metadataOf(a), metadataOf(b));
  const said = [...facts].filter(([, { value }]) => value !== undefined);
  put(bead, 'metadata', Object.fromEntries(said.map(([key, { value }]) => [key, value])));
  put(clock, 'metadata', stampsOf(facts, a.clock.born));
  put(clock, 'references', Object.fromEntries(said.flatMap(([key, { birth }]) => (birth === undefined ? [] : [[key, birth]]))));
}

function pairsByKey(stored: Stored): Map<string, Pair> {
  return new Map(pairsOf(stored).map((pair) => [`${pair.birth} ${pair.target}`, pair]));
}

function entriesOf({ bead, clock }: Stored, list: 'comments' | 'attempts'): Map<string, Written> {
  const stamps = clock[list] ?? {};
  const entries = new Map((bead[list] ?? []).map((entry): [string, unknown] => [entry.id ?? canonical(entry), entry]));
  return new Map([...new Set([...entries.keys(), ...Object.keys(stamps)])].map((id) => [id, writtenAt(stamps[id], clock.born, entries.get(id))]));
}

function timeIn({ value }: Written, key: string): string {
  return isObject(value) ? String(value[key]) : '';
}

/** Works out status, worker and close from phase, plain assignee and the tokens of closes. */
function finish(a: Stored, b: Stored, bead: Bead, clock: Clock): Stored {
  const closes = mergeCloses(closesOf(a), closesOf(b));
  const phase = laterEntry(phaseOf(a), phaseOf(b));
  const plain = laterEntry(assigneeOf(a), assigneeOf(b));
  const [closing, token] = Object.entries(closes).filter(([, { undone }]) => undone === undefined).sort(([x], [y]) => (x < y ? -1 : 1)).at(-1) ?? [];
  const assignee = assigneeBy(phase, plain, closes);
  const closed = closing === undefined ? {} : { closed_at: token?.at ?? timestamp(stampTime(closing)), ...(token?.reason === undefined ? {} : { close_reason: token.reason }), ...(token?.session === undefined ? {} : { closed_by_session: token.session }) };
  const whole: Bead = { ...bead, ...closed, status: closing === undefined ? phase[1] : 'closed', ...(assignee === undefined ? {} : { assignee }) };
  const parts: Record<string, unknown> = { ...clock };
  put(parts, 'closes', closes);
  const bare = (): Stored => ({ bead: whole, clock: parts as unknown as Clock });
  if (!sameEntry(phaseOf(bare()), phase)) parts['phase'] = entry(...phase);
  if (!sameEntry(assigneeOf(bare()), plain)) parts['assignee'] = entry(...plain);
  return bare();
}

function entry(...parts: readonly (string | undefined)[]): string[] {
  return parts.filter((part) => part !== undefined);
}

function sameEntry(a: readonly (string | undefined)[], b: readonly (string | undefined)[]): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2];
}

function laterEntry<T extends readonly [Stamp, ...(string | undefined)[]]>(a: T, b: T): T {
  if (a[0] !== b[0]) return a[0] > b[0] ? a : b;
  return sameEntry(a, b) || canonical(entry(...a)) >= canonical(entry(...b)) ? a : b;
}

function mergeCloses(a: Readonly<Record<Stamp, CloseToken>>, b: Readonly<Record<Stamp, CloseToken>>): Record<Stamp, CloseToken> {
  const joined: Record<Stamp, CloseToken> = { ...a };
  for (const [stamp, token] of Object.entries(b)) {
    const known = joined[stamp];
    joined[stamp] = known === undefined ? token : mergeToken(known, token);
  }
  return joined;
}

function mergeToken({ undone: first, ...a }: CloseToken, { undone: second, ...b }: CloseToken): CloseToken {
  const undone = [first, second].filter((stamp) => stamp !== undefined).sort().at(-1);
  return { ...(canonical(a) >= canonical(b) ? a : b), ...(undone === undefined ? {} : { undone }) };
}
