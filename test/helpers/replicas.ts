import { nextStamp, type Stamp } from '../../src/base/clock.ts';
import { Refused } from '../../src/base/errors.ts';
import { timestamp } from '../../src/base/time.ts';
import { indexed, workingStatuses, type Act, type Bead, type BeadChange, type Beads } from '../../src/domain/bead.ts';
import { close, remove, reopen } from '../../src/domain/closing.ts';
import { rename } from '../../src/domain/renaming.ts';
import { addLabel, comment, create, edit, nextChildId, recordAttempt, removeLabel } from '../../src/domain/content.ts';
import { depend, undepend } from '../../src/domain/dependency.ts';
import { compare } from '../../src/domain/exchange.ts';
import { claim, hook, release } from '../../src/domain/hook.ts';
import { imported, importedBirth, importedOver } from '../../src/ledger/imported.ts';
import { givenId } from '../../src/ledger/births.ts';
import { isRedirect, rename as renameRecords } from '../../src/ledger/renaming.ts';
import type { Stored } from '../../src/ledger/stored.ts';
import { applyOne } from '../../src/ledger/transact.ts';
import { bead } from './garage.ts';

export type Records = ReadonlyMap<string, Stored>;
export type Merge = (ours: Records, theirs: Records) => Map<string, Stored>;

/** One write to one part of a bead, as whoever made it knew the part: kept beside the records, made from no stamp. */
export interface Deed {
  readonly value: unknown;
  readonly seen: ReadonlySet<Deed>;
}

/** What a replica has heard of: by bead (its birth) and part, the deeds; the closes, and which were undone; who was ever given a bead; what was deleted. */
export interface Memory {
  readonly parts: Map<string, Set<Deed>>;
  /** By birth: each close, and whether a reopening has seen it. */
  readonly closes: Map<Stamp, Map<string, boolean>>;
  readonly given: Map<Stamp, Set<string>>;
  readonly deleted: Set<Stamp>;
  /** By birth: the ids that it was ever given, the one that it was born with first. */
  readonly births: Map<Stamp, Set<string>>;
}

/** A clone that writes by a clock of its own. */
export interface Replica {
  readonly name: string;
  readonly skew: number;
  last: Stamp | undefined;
  records: Records;
  readonly memory: Memory;
}

export const emptyMemory = (): Memory => ({ parts: new Map(), closes: new Map(), given: new Map(), deleted: new Set(), births: new Map() });

/** Adds to one memory what another one holds. */
export function remember(into: Memory, from: Memory): Memory {
  for (const [part, deeds] of from.parts) into.parts.set(part, new Set([...(into.parts.get(part) ?? []), ...deeds]));
  for (const [birth, closes] of from.closes) {
    const known = new Map(into.closes.get(birth));
    for (const [id, undone] of closes) known.set(id, undone || known.get(id) === true);
    into.closes.set(birth, known);
  }
  for (const [birth, to] of from.given) into.given.set(birth, new Set([...(into.given.get(birth) ?? []), ...to]));
  for (const birth of from.deleted) into.deleted.add(birth);
  for (const [birth, ids] of from.births) into.births.set(birth, new Set([...(into.births.get(birth) ?? []), ...ids]));
  return into;
}

/** What each part of a bead says; edges and references by the births of those they mean. */
export function partsOf({ bead: each }: Stored, records: Records): Map<string, unknown> {
  const meant = (id: string): string => records.get(id)?.clock.born ?? `?${id}`;
  const parts = new Map<string, unknown>();
  for (const field of ['title', 'priority', 'notes', 'x']) if (each[field] !== undefined) parts.set(field, each[field]);
  for (const [key, value] of Object.entries(each.metadata ?? {})) parts.set(`m:${key}`, key === 'request' ? meant(String(value)) : value);
  for (const label of each.labels ?? []) parts.set(`l:${label}`, true);
  for (const edge of each.dependencies ?? []) parts.set(`d:${meant(edge.depends_on_id)}`, edge.type);
  for (const { id, text } of each.comments ?? []) parts.set(`c:${id}`, text);
  for (const { id, outcome } of each.attempts ?? []) parts.set(`a:${id}`, outcome);
  if (each.status !== 'closed' && each.status !== 'tombstone') parts.set('phase', phaseIn(each));
  return parts;
}

/** The status that counts while a bead is not closed, with the worker where it has one. */
export function phaseIn({ status, assignee }: Bead): string {
  return workingStatuses.includes(status) ? `${status} ${assignee ?? ''}` : status;
}

const names = ['aaaaaa', 'bbbbbb', 'cccccc'];
const hour = 3_600_000;
const skews = [0, 0, hour, -hour, 10 * 365 * 24 * hour];
const start = Date.parse('2026-05-01T08:00:00Z');
const edge = (id: string, on: string) => ({ issue_id: id, depends_on_id: on, type: 'blocks', created_at: '2026-03-01T08:00:00Z', created_by: 'ace' });
const said = (id: string, text: string) => ({ id, issue_id: 'gt-i', author: 'ace', text, created_at: '2026-03-01T09:00:00Z' });
/** Two states of one file that clones import. */
const file: readonly (readonly Bead[])[] = [
  [bead('gt-i', { updated_at: '2026-03-02T08:00:00Z', assignee: 'slit', metadata: { m: 0 }, comments: [said('1', 'first')], dependencies: [edge('gt-i', 'gt-c')] }), bead('gt-i.1', { dependencies: [{ ...edge('gt-i.1', 'gt-i'), type: 'parent-child' }] })],
  [bead('gt-i', { updated_at: '2026-03-05T08:00:00Z', assignee: 'slit', metadata: { m: 1 }, status: 'closed', closed_at: '2026-03-05T08:00:00Z', close_reason: 'done', comments: [said('1', 'first'), said('2', 'second')] })],
];

/** Three replicas that live through a history told in numbers: each is a step that one of them takes. */
export class World {
  readonly replicas: readonly Replica[];
  #deeds = 0;
  #now = start;

  constructor(
    skewed: number,
    steps: readonly number[],
    readonly merge: Merge,
  ) {
    this.replicas = names.map((name, index) => ({ name, skew: skews[Math.floor(skewed / skews.length ** index) % skews.length] ?? 0, last: undefined, records: new Map(), memory: emptyMemory() }));
    // Something that all of them know, so that they have something to disagree about.
    for (const step of [0, 1]) this.#decide(this.replicas[0]!, (beads, act) => create(beads, ['gt-a', 'gt-b'][step] ?? '', { title: 'Weld', labels: ['l0'], notes: 'old' }, act));
    for (const index of [1, 2]) this.#meet(this.replicas[index]!, this.replicas[0]!);
    // In half of all worlds some of them file a bead under one id before they meet again.
    this.replicas.forEach((replica, index) => {
      if (((skewed >> index) & 1) === 1 && skewed % 4 < 2) this.#decide(replica, (beads, act) => [...create(beads, 'gt-c', { title: `Made by ${replica.name}` }, act), ...edit(beads, 'gt-b', { metadata: { request: 'gt-c' } }, act)]);
    });
    for (const step of steps) this.#step(step, steps.length);
  }

  #step(step: number, focus: number): void {
    const draw = (count: number): number => {
      const drawn = step % count;
      step = Math.floor(step / count);
      return drawn;
    };
    const replica = this.replicas[draw(3)]!;
    const verb = draw(34);
    const one = draw(8);
    const [two, value] = [draw(8), draw(3)];
    const last = draw(2) === 0;
    if (verb === 0) return this.#meet(replica, this.replicas[one % 3]!);
    if (verb === 1) return this.#import(replica, file[one % 2] ?? []);
    const ids = [...replica.records.values()].filter((stored) => !isRedirect(stored)).map(({ bead: each }) => each.id);
    // Half of all that is done is done to one bead, and half of all that is meant is the newest.
    const id = ids[one < 4 ? focus % Math.min(3, ids.length) : one % ids.length] ?? '';
    const other = (last ? ids.at(-1) : ids[two % ids.length]) ?? '';
    const agent = ['nux', 'slit', 'toast'][value] ?? '';
    if (verb > 31) return this.#rename(replica, id, ['gt-c', 'gt-d', 'gt-e', 'gt-a'][two % 4] ?? '');
    this.#decide(replica, (beads, act) => {
      switch (verb) {
        case 2: return create(beads, ['gt-c', 'gt-d'][one % 2] ?? '', { title: `Made by ${replica.name}`, x: value }, act);
        case 3: case 4: { const child = nextChildId(beads, id); return [...create(beads, child, { title: `Child by ${replica.name}` }, act), { op: 'dependency.added', id: child, dependency: { issue_id: child, depends_on_id: id, type: 'parent-child', created_at: act.at, created_by: act.by } }]; }
        case 5: return edit(beads, id, { title: `Title ${this.#deeds}` }, act);
        case 6: return edit(beads, id, { notes: two % 2 === 0 ? null : `Notes ${value}` }, act);
        case 7: return edit(beads, id, { x: { value } }, act);
        case 8: return edit(beads, id, { metadata: { m: two % 2 === 0 ? null : value } }, act);
        case 9: return edit(beads, id, { metadata: { request: other } }, act);
        case 10: case 11: return addLabel(beads, id, `l${value}`, act);
        case 12: case 13: return removeLabel(beads, id, `l${value % 2}`, act);
        case 14: case 15: return depend(beads, id, other, ['blocks', 'related', 'tracks'][value] ?? '', act);
        case 16: case 30: case 31: return undepend(beads, id, beads.get(id)?.dependencies?.[two % (beads.get(id)?.dependencies?.length ?? 1)]?.depends_on_id ?? '', act);
        case 17: return comment(beads, id, `c${this.#deeds}`, `Says ${this.#deeds}`, act);
        case 18: return recordAttempt(beads, id, { id: `t${value}`, agent, outcome: `by ${replica.name}`, evidence: '', at: act.at });
        case 19: return claim(beads, id, { ...act, by: agent });
        case 20: return hook(beads, id, agent, act);
        case 21: return two % 2 === 0 ? release(beads, id, act) : edit(beads, id, { status: ['open', 'deferred', 'in_progress'][value], assignee: two % 4 === 1 ? agent : null }, act);
        case 22: case 26: case 27: return close(beads, id, { reason: `Reason ${this.#deeds}`, force: true }, act);
        case 23: case 24: case 28: case 29: return reopen(beads, id, act);
        default: return two === 0 ? remove(beads, id, { reason: 'off', force: true }, act) : edit(beads, id, { assignee: agent }, act);
      }
    });
  }

  #meet(replica: Replica, other: Replica): void {
    if (replica === other) return;
    replica.records = this.merge(replica.records, other.records);
    remember(replica.memory, other.memory);
  }

  #import(replica: Replica, beads: readonly Bead[]): void {
    const before = replica.records;
    const records = new Map(before);
    const births = (id: string): Stamp | undefined => before.get(id)?.clock.born ?? beads.filter((each) => each.id === id).map(importedBirth)[0];
    for (const each of beads) {
      const ours = before.get(each.id);
      const verdict = compare(ours?.bead, each, false);
      if (verdict === 'new' || verdict === 'newer') records.set(each.id, ours === undefined ? imported(each, births) : importedOver(ours, each, births));
    }
    replica.records = records;
    this.#note(replica, before, `import ${beads[0]?.closed_at ?? ''}`);
  }

  #decide(replica: Replica, decide: (beads: Beads, act: Act) => readonly BeadChange[]): void {
    this.#now += 1000;
    this.#deeds += 1;
    const before = replica.records;
    const beads = indexed(new Map([...before].map(([id, stored]) => [id, stored.bead])));
    let changes: readonly BeadChange[];
    try {
      changes = decide(beads, { by: 'ace', at: timestamp(this.#now + replica.skew) });
    } catch (error) {
      if (error instanceof Refused) return;
      throw error;
    }
    const records = new Map(before);
    const stamps = new Map<string, Stamp>();
    const stampOf = (id: string): Stamp => {
      const stamp = stamps.get(id) ?? nextStamp(this.#now + replica.skew, replica.last, replica.name);
      if (!stamps.has(id)) replica.last = stamp;
      stamps.set(id, stamp);
      return stamp;
    };
    for (const change of changes) {
      const next = applyOne(records.get(change.id), before.get(change.id), change, stampOf, (id) => records.get(id)?.clock.born);
      if (next !== undefined) records.set(change.id, next);
    }
    replica.records = records;
    this.#note(replica, before, `${replica.name} ${this.#deeds}`);
  }

  #rename(replica: Replica, id: string, to: string): void {
    this.#now += 1000;
    const before = replica.records;
    try {
      const moves = rename(indexed(new Map([...before].map(([each, stored]) => [each, stored.bead]))), id, to);
      for (const move of moves) {
        const born = before.get(move.from)?.clock.born ?? '';
        replica.memory.births.set(born, new Set([...(replica.memory.births.get(born) ?? []), move.id]));
      }
      const stampOf = (): Stamp => (replica.last = nextStamp(this.#now + replica.skew, replica.last, replica.name));
      replica.records = new Map([...before, ...renameRecords(before, moves, stampOf).map((stored): [string, Stored] => [stored.bead.id, stored])]);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  /** Remembers what has changed in the records of a replica, by comparing what they say. */
  #note({ records, memory }: Replica, before: Records, name: string): void {
    for (const [id, stored] of records) {
      const was = before.get(id);
      if (was === stored) continue;
      const { born } = stored.clock;
      if (was === undefined) memory.births.set(born, new Set([givenId({ id, birth: born }), ...(memory.births.get(born) ?? [])]));
      if (stored.bead.status === 'tombstone') memory.deleted.add(born);
      else this.#noteParts(memory, born, was === undefined ? new Map() : partsOf(was, before), partsOf(stored, records));
      noteClose(memory, born, was?.bead, stored.bead, name);
      if (stored.bead.assignee !== undefined) memory.given.set(born, new Set([...(memory.given.get(born) ?? []), `${phaseIn(stored.bead)}/${stored.bead.assignee}`, stored.bead.assignee]));
    }
  }

  #noteParts(memory: Memory, born: Stamp, was: ReadonlyMap<string, unknown>, is: ReadonlyMap<string, unknown>): void {
    for (const part of new Set([...was.keys(), ...is.keys()])) {
      if (part === 'phase' && !is.has(part)) continue;
      if (JSON.stringify(was.get(part)) === JSON.stringify(is.get(part))) continue;
      const key = `${born} ${part}`;
      const seen = memory.parts.get(key) ?? new Set<Deed>();
      memory.parts.set(key, new Set([...seen, { value: is.get(part), seen }]));
    }
  }
}

function noteClose(memory: Memory, born: Stamp, was: Bead | undefined, is: Bead, name: string): void {
  const [closedBefore, closed] = [was?.status === 'closed', is.status === 'closed'];
  const again = closedBefore && closed && (was?.closed_at !== is.closed_at || was?.close_reason !== is.close_reason);
  if (closedBefore === closed && !again) return;
  const closes = new Map(memory.closes.get(born));
  if (closedBefore) for (const id of closes.keys()) closes.set(id, true);
  if (closed) closes.set(closes.has(name) ? `${name} again` : name, false);
  memory.closes.set(born, closes);
}

/** The values of those deeds that no other one has seen: one of them is what a merge of all has to say. */
export function lastWords(deeds: ReadonlySet<Deed>): unknown[] {
  return [...deeds].filter((deed) => ![...deeds].some((other) => other.seen.has(deed))).map(({ value }) => value);
}
