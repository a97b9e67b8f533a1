import { stampTime, type Stamp } from '../base/clock.ts';
import { timestamp } from '../base/time.ts';
import { renamedTo, type Bead } from '../domain/bead.ts';
import type { Move } from '../domain/renaming.ts';
import { givenId, identityOf, readdress, settle, type Mention, type Names } from './births.ts';
import { lineOf, stampFor, type Clock, type Stored } from './stored.ts';

type Records = ReadonlyMap<string, Stored>;

/** Every id that a bead was called by, by when. */
type Called = Readonly<Record<Stamp, string>>;

/** The id that a bead was last given. */
function lastId(called: Called): string {
  return called[Object.keys(called).sort().at(-1) ?? ''] ?? '';
}

/** The ids that a bead was called by and is not any more. */
function formerIds(called: Called): Set<string> {
  const former = new Set(Object.values(called));
  former.delete(lastId(called));
  return former;
}

/** What both sides know of how a bead was called; undefined where it was never renamed. */
export function joinCalled({ called: a }: Clock, { called: b }: Clock): Called | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const joined: Record<Stamp, string> = { ...a };
  for (const [stamp, id] of Object.entries(b)) if (!(id <= (joined[stamp] ?? ''))) joined[stamp] = id;
  return joined;
}

/** A record of a bead that was renamed, with all that is known of that. */
export function calledSo(stored: Stored, called: Called): Stored {
  return { bead: stored.bead, clock: { ...stored.clock, called } };
}

/** Names by which every former id of a bead means what it is called now. */
export function withFormer(names: Names, birth: Stamp, called: Called): Names {
  const all = new Map(names);
  addFormer(all, birth, called);
  return all;
}

function addFormer(names: Map<string, string>, birth: Stamp, called: Called): void {
  const last = lastId(called);
  const now = names.get(`${birth} ${last}`) ?? last;
  for (const id of formerIds(called)) {
    // Where an older bead has the id, it is the one that is meant by those who know no birth.
    if (!names.has(`${birth} ${id}`)) names.set(` ${id}`, now);
    names.set(`${birth} ${id}`, now);
  }
}

/** Whether a record only says what became of an id. */
export function isRedirect({ bead }: Stored): boolean {
  return renamedTo(bead) !== undefined;
}

/** The line that stands where a bead was: made from nothing but how it was called, so that all replicas write the same one. */
function redirect(id: string, to: string, birth: Stamp, called: Called): Stored {
  const at = timestamp(stampTime(Object.keys(called).sort().at(-1) ?? birth));
  const bead: Bead = { id, title: `renamed to ${to}`, status: 'tombstone', priority: 2, issue_type: 'task', created_at: at, updated_at: at, renamed_to: to };
  return { bead, clock: { born: birth } };
}

const none: Names = new Map();

function hasRenamed(records: Records): boolean {
  for (const { clock } of records.values()) if (clock.called !== undefined) return true;
  return false;
}

/** What former ids mean now, of all beads that one of two replicas has renamed. */
export function renamedIn(ours: Records, theirs: Records): Names {
  if (!hasRenamed(ours) && !hasRenamed(theirs)) return none;
  const known = new Map<string, { readonly birth: Stamp; readonly called: Called }>();
  for (const side of [ours, theirs]) {
    for (const { clock } of side.values()) {
      if (clock.called === undefined) continue;
      const identity = `${clock.born} ${clock.called[clock.born]}`;
      known.set(identity, { birth: clock.born, called: joinCalled(clock, { born: clock.born, ...(known.get(identity) ?? {}) }) ?? clock.called });
    }
  }
  const names = new Map<string, string>();
  for (const { birth, called } of known.values()) addFormer(names, birth, called);
  for (const name of names.keys()) {
    if (!name.startsWith(' ')) continue;
    const others = [ours, theirs].flatMap((side) => side.get(name.slice(1)) ?? []);
    if (others.some((other) => !isRedirect(other) && !names.has(identityOf({ id: other.bead.id, birth: other.clock.born })))) names.delete(name);
  }
  return names;
}

/** Who is called what among merged beads, and the redirects that stand beside them; `marked` are the ids with a mark that either side has. */
export function settleRenamed(beads: readonly Stored[], redirects: readonly Stored[], marked: readonly Mention[]): { readonly names: Names; readonly redirects: readonly Stored[] } {
  const mentions: Mention[] = [...beads, ...redirects].map(({ bead, clock }): Mention => ({ id: bead.id, birth: clock.born })).concat(marked);
  const renamed = beads.filter(({ clock }) => clock.called !== undefined);
  for (const { clock: { born, called = {} } } of renamed) for (const id of formerIds(called)) mentions.push({ id, birth: born });
  const places = settle(mentions);
  const placeOf = (id: string, birth: Stamp): string => places.get(identityOf({ id, birth })) ?? id;
  const names = new Map(places);
  const standing = new Map<string, Stored>();
  const moved = new Set<string>();
  for (const { clock: { born, called = {} } } of renamed) {
    const now = placeOf(lastId(called), born);
    moved.add(`${born} ${lastId(called)}`);
    for (const id of formerIds(called)) {
      moved.add(`${born} ${id}`);
      names.set(`${born} ${id}`, now);
      if (!places.has(`${born} ${id}`)) names.set(` ${id}`, now);
      standing.set(`${born} ${id}`, redirect(placeOf(id, born), now, born, called));
    }
  }
  // Where the bead itself is not among these, both sides have it alike, and so its redirects.
  for (const each of redirects) {
    const { id, to = '', birth } = { id: each.bead.id, to: renamedTo(each.bead), birth: each.clock.born };
    const identity = identityOf({ id, birth });
    if (moved.has(identity)) continue;
    const [place, now] = [placeOf(id, birth), placeOf(to, birth)];
    const next = place === id && now === to ? each : { bead: { ...each.bead, id: place, title: `renamed to ${now}`, renamed_to: now }, clock: each.clock };
    const known = standing.get(identity);
    if (known !== undefined && lineOf(known) >= lineOf(next)) continue;
    standing.set(identity, next);
    names.set(identity, now);
  }
  return { names, redirects: [...standing.values()] };
}

/** The records that differ once beads are renamed: themselves, those that point at them, and what stands at their former ids. `records` are all of the ledger. */
export function rename(records: Records, moves: readonly Move[], stampOf: (id: string) => Stamp): Stored[] {
  const names = new Map<string, string>();
  const called = new Map<string, Called>();
  for (const { id, from } of moves) {
    const stored = records.get(from);
    if (stored === undefined || id === from) continue;
    const { born, called: known = { [born]: givenId({ id: from, birth: born }) } } = stored.clock;
    const given = givenId({ id, birth: born });
    const now = { ...known, [stampFor(stampOf(id), stored)]: given };
    called.set(from, now);
    if (given !== id) names.set(`${born} ${given}`, id);
    addFormer(names, born, now);
    names.set(` ${from}`, id);
  }
  const written: Stored[] = [];
  const standing = new Map<string, string>();
  for (const { bead, clock } of records.values()) if (isRedirect({ bead, clock })) standing.set(identityOf({ id: bead.id, birth: clock.born }), bead.id);
  for (const stored of records.values()) {
    if (isRedirect(stored)) continue;
    const next = readdress(stored, names);
    const { born } = stored.clock;
    const now = called.get(stored.bead.id);
    if (now === undefined) {
      if (next !== stored) written.push(next);
      continue;
    }
    standing.set(identityOf({ id: stored.bead.id, birth: born }), stored.bead.id);
    written.push(calledSo(next, now));
    for (const id of formerIds(now)) written.push(redirect(standing.get(`${born} ${id}`) ?? id, next.bead.id, born, now));
  }
  return written;
}

/** The records that point at beads by ids which these lose again, with those that they have from then on. `records` are all of the ledger. */
export function returned(records: Records, moves: readonly Move[]): Stored[] {
  const names = new Map<string, string>();
  for (const { id, from } of moves) {
    const born = records.get(from)?.clock.born;
    if (born === undefined) continue;
    names.set(identityOf({ id: from, birth: born }), id);
    names.set(` ${from}`, id);
  }
  const own = new Set(moves.flatMap(({ id, from }) => [id, from]));
  return [...records.values()].flatMap((stored) => {
    const next = own.has(stored.bead.id) || isRedirect(stored) ? stored : readdress(stored, names);
    return next === stored ? [] : [next];
  });
}
