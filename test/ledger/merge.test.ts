import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Stamp } from '../../src/base/clock.ts';
import { shardOf } from '../../src/base/ids.ts';
import { workingStatuses } from '../../src/domain/bead.ts';
import { identityIn, markedId } from '../../src/ledger/births.ts';
import { mergeRecords, mergeStored } from '../../src/ledger/merge.ts';
import { isRedirect } from '../../src/ledger/renaming.ts';
import { lineOf, newest, type Clock, type Stored } from '../../src/ledger/stored.ts';
import { bead } from '../helpers/garage.ts';
import { emptyMemory, lastWords, partsOf, phaseIn, remember, World, type Memory, type Merge, type Records } from '../helpers/replicas.ts';

/** Three replicas after a random history, and what is known of it by other means than stamps. */
interface Case {
  readonly merge: Merge;
  readonly sides: readonly [Records, Records, Records];
  readonly merged: Records;
  readonly memory: Memory;
}

const textOf = (records: Records): string => [...records.values()].map(lineOf).sort().join('\n');
const same = (a: Records, b: Records, why: string): void => assert.is(textOf(a), textOf(b), why);
/** All records in the shard of an id. */
const shardText = (records: Records, id: string): string => textOf(new Map([...records].filter(([each]) => shardOf(each) === shardOf(id))));
const beadsIn = (records: Records): Stored[] => [...records.values()].filter((stored) => !isRedirect(stored));
const byIdentity = (records: Records): Map<string, Stored> => new Map(beadsIn(records).map((stored) => [identityIn(stored), stored]));
const alive = (records: Records): Stored[] => [...records.values()].filter(({ bead }) => bead.status !== 'tombstone');

function caseOf(skewed: number, steps: readonly number[], merge: Merge): Case {
  const { replicas } = new World(skewed, steps, merge);
  const [a, b, c] = replicas.map(({ records }) => records) as [Records, Records, Records];
  return { merge, sides: [a, b, c], merged: merge(merge(a, b), c), memory: replicas.reduce((all, { memory }) => remember(all, memory), emptyMemory()) };
}

/** Everything that one side says of a bead, with what it says of those it means. */
function valuesIn(stored: Stored, records: Records): Set<string> {
  const { bead, clock } = stored;
  const fields = Object.entries(bead).filter(([field]) => !['id', 'metadata', 'labels', 'dependencies', 'comments', 'attempts', 'status', 'assignee', 'closed_at', 'close_reason', 'closed_by_session'].includes(field));
  const closes = Object.values(clock.closes ?? {}).flatMap((token) => [`closed_at ${token.at}`, `close_reason ${token.reason}`, `closed_by_session ${token.session}`]);
  return new Set([...fields, ...partsOf(stored, records)].map(([field, value]) => `${field} ${JSON.stringify(value)}`).concat(closes));
}

const laws: Readonly<Record<string, (each: Case) => void>> = {
  'is commutative': ({ merge, sides: [a, b, c] }) => {
    same(merge(a, b), merge(b, a), 'a and b');
    same(merge(b, c), merge(c, b), 'b and c');
  },
  'is associative': ({ merge, sides: [a, b, c], merged }) => {
    same(merged, merge(a, merge(b, c)), '(a b) c and a (b c)');
    same(merged, merge(merge(a, c), b), '(a b) c and (a c) b');
  },
  'needs nothing that both sides have alike': ({ merge, sides: [a, b] }) => {
    const differing = (side: Records): Records => new Map([...side].filter(([id]) => shardText(a, id) !== shardText(b, id)));
    const alike = [...a].filter(([id]) => shardText(a, id) === shardText(b, id));
    same(merge(a, b), new Map([...merge(differing(a), differing(b)), ...alike]), 'all shards, and those that differ');
  },
  'is idempotent, and what was merged once adds nothing more': ({ merge, sides: [a, b], merged }) => {
    same(merge(a, a), a, 'a and a');
    same(merge(merged, merged), merged, 'the result with itself');
    same(merge(merged, a), merged, 'the result with a');
    same(merge(b, merged), merged, 'b with the result');
  },
  'invents nothing': ({ sides, merged }) => {
    const known = sides.map((records) => ({ records, beads: byIdentity(records) }));
    for (const stored of alive(merged)) {
      const said = new Set(known.flatMap(({ records, beads }) => { const own = beads.get(identityIn(stored)); return own === undefined ? [] : [...valuesIn(own, records)]; }));
      const unknown = Object.values(stored.clock.dependencies ?? {}).some(([, birth]) => birth === undefined);
      for (const value of valuesIn(stored, merged)) {
        if (!value.startsWith('phase ') && !(unknown && value.startsWith('d:')) && !value.startsWith('m:request "?')) assert.ok(said.has(value), `${stored.bead.id}: ${value}`);
      }
      const { closed_at: at, close_reason: reason } = stored.bead;
      if (at !== undefined) assert.ok(said.has(`closed_at ${at}`) && said.has(`close_reason ${reason}`), `${stored.bead.id}: ${at} ${reason}`);
    }
  },
  'keeps every bead, each by one id': ({ sides, merged, memory }) => {
    assert.is(beadsIn(merged).length, new Set(sides.flatMap((records) => beadsIn(records).map(identityIn))).size);
    assert.is(beadsIn(merged).length, memory.births.size);
    for (const [id, { bead }] of merged) assert.is(bead.id, id);
  },
  'leaves an id to the smallest birth, and marks the others by theirs': ({ merged, memory }) => {
    const claims = new Map<string, Stamp[]>();
    for (const [birth, ids] of memory.births) for (const id of ids) claims.set(id, [...(claims.get(id) ?? []), birth].sort());
    for (const [given, births] of claims) births.forEach((birth, index) => assert.is(merged.get(index === 0 ? given : markedId(given, birth))?.clock.born, birth, given));
  },
  'finds a bead by every id that it was ever called by': ({ merged, memory }) => {
    const now = new Map(beadsIn(merged).map((stored) => [stored.clock.born, stored.bead.id]));
    for (const { bead, clock } of merged.values()) if (isRedirect({ bead, clock })) assert.is(bead['renamed_to'], now.get(clock.born), bead.id);
    for (const { bead } of alive(merged)) for (const edge of bead.dependencies ?? []) assert.not.ok(merged.get(edge.depends_on_id)?.bead['renamed_to'], `${bead.id} points at ${edge.depends_on_id}`);
    const found = new Set([...merged.values()].map(({ clock }) => clock.born));
    for (const birth of memory.births.keys()) assert.ok(found.has(birth), birth);
  },
  'lets a close survive whatever was done meanwhile, and a reopening undo exactly the closes it saw': ({ merged, memory }) => {
    for (const { bead, clock } of alive(merged)) {
      const closes = memory.closes.get(clock.born);
      assert.is(bead.status === 'closed', [...(closes?.values() ?? [])].includes(false), bead.id);
    }
  },
  'has a bead closed if, and only if, it has a time of closing': ({ merged }) => {
    for (const { bead } of alive(merged)) {
      assert.is(bead.status === 'closed', bead.closed_at !== undefined, bead.id);
      if (bead.status !== 'closed') assert.is(bead.close_reason, undefined, bead.id);
    }
  },
  'assigns nobody who was never given the bead': ({ merged, memory }) => {
    for (const { bead, clock } of alive(merged)) {
      if (bead.assignee === undefined) continue;
      const given = memory.given.get(clock.born);
      assert.ok(given?.has(workingStatuses.includes(bead.status) ? `${phaseIn(bead)}/${bead.assignee}` : bead.assignee), `${bead.id}: ${phaseIn(bead)} ${bead.assignee}`);
    }
  },
  'lets each part say what the last to write it said, and removed ones stay removed': ({ merged, memory }) => {
    const said = new Map(alive(merged).map((stored) => [stored.clock.born, partsOf(stored, merged)]));
    for (const [key, deeds] of memory.parts) {
      const [born, part] = [key.slice(0, key.indexOf(' ')), key.slice(key.indexOf(' ') + 1)];
      const parts = said.get(born);
      if (parts === undefined || part.includes('?') || (part === 'phase' && !parts.has(part))) continue;
      if ([...memory.parts.keys()].some((other) => other.startsWith(`${born} d:?`)) && part.startsWith('d:')) continue;
      const last = lastWords(deeds).map((value) => JSON.stringify(value));
      assert.ok(last.includes(JSON.stringify(parts.get(part))), `${key}: ${JSON.stringify(parts.get(part))} is none of ${last.join(', ')}`);
    }
  },
  'keeps what everybody said': ({ merged, memory }) => {
    const said = new Map(alive(merged).map((stored) => [stored.clock.born, partsOf(stored, merged)]));
    for (const [key, deeds] of memory.parts) {
      const [born, part] = [key.slice(0, key.indexOf(' ')), key.slice(key.indexOf(' ') + 1)];
      if (!/^[ca]:/.test(part) || [...deeds].some(({ value }) => value === undefined)) continue;
      if (said.has(born)) assert.ok(said.get(born)?.has(part), key);
    }
  },
  'never brings back what was deleted': ({ merged, memory }) => {
    const born = new Map(beadsIn(merged).map((stored) => [stored.clock.born, stored.bead.status]));
    for (const birth of memory.births.keys()) assert.is(born.get(birth) === 'tombstone', memory.deleted.has(birth), birth);
  },
  'ends with the records of one birth alone as it does with all': ({ sides: [a, b, c] }) => {
    const [first, second, third] = [byIdentity(a), byIdentity(b), byIdentity(c)];
    for (const [identity, one] of first) {
      const [other, last] = [second.get(identity), third.get(identity)];
      if (other === undefined) continue;
      assert.is(lineOf(mergeStored(one, other)), lineOf(mergeStored(other, one)), identity);
      assert.is(lineOf(mergeStored(one, one)), lineOf(one), identity);
      if (last !== undefined) assert.is(lineOf(mergeStored(mergeStored(one, other), last)), lineOf(mergeStored(one, mergeStored(other, last))), identity);
    }
  },
};

const steps = fc.array(fc.nat(0x7fffffff), { minLength: 3, maxLength: 10, size: 'max' });
const skewed = fc.nat(124);
const cases = Number(process.env.GASTOWN_TEST_RUNS ?? 10_000);
const histories = fc.sample(fc.tuple(skewed, steps), { numRuns: cases, seed: Number(process.env.GASTOWN_TEST_SEED ?? 20260501) });

/** The smallest case that can be found in which a law does not hold. */
function smallest(law: string, drawn: number, history: readonly number[]): string {
  const property = fc.property(skewed, steps, (one, other) => laws[law]!(caseOf(one, other, mergeRecords)));
  const found = fc.check(property, { examples: [[drawn, [...history]]], numRuns: 1 });
  return `${JSON.stringify(found.counterexample)}\n${found.errorInstance instanceof Error ? found.errorInstance.stack : ''}`;
}

/** The law that is the first to be broken by a merge. */
function brokenLaw(merge: Merge): string | undefined {
  for (const [drawn, history] of histories) {
    const each = caseOf(drawn, history, merge);
    for (const [name, law] of Object.entries(laws)) {
      try {
        law(each);
      } catch {
        return name;
      }
    }
  }
  return undefined;
}

const merging = suite('merging');
const failures = new Map<string, string>();
let checked = 0;

/** All laws are held against each case, so that its history is made once. */
function checkAll(): void {
  if (checked > 0) return;
  for (const [drawn, history] of histories) {
    const each = caseOf(drawn, history, mergeRecords);
    checked += 1;
    for (const [name, law] of Object.entries(laws)) {
      if (failures.has(name)) continue;
      try {
        law(each);
      } catch (error) {
        failures.set(name, smallest(name, drawn, history) || String(error));
      }
    }
  }
}

for (const name of Object.keys(laws)) {
  merging(name, () => {
    checkAll();
    assert.is(checked, cases);
    assert.is(failures.get(name), undefined);
  });
}

merging.run();

const alone = suite('mergeStored');

const born = (letter: string): Stamp => `00000000${letter}000aaaaaa`;
const edgeTo = (id: string, type = 'blocks') => ({ issue_id: 'gt-a', depends_on_id: id, type, created_at: '', created_by: '' });
const linked = (stamp: string, birth: Stamp | undefined, type: string): Stored => ({
  bead: bead('gt-a', { dependencies: [edgeTo('gt-x', type)] }),
  clock: { born: born('1'), dependencies: { 'gt-x': birth === undefined ? [born(stamp)] : [born(stamp), birth] } },
});

alone('keeps edges to beads of different births apart, and one that has not known the birth behind those it may mean', () => {
  const [unknown, older, younger] = [linked('5', undefined, 'blocks'), linked('4', born('2'), 'related'), linked('6', born('3'), 'tracks')];
  const orders = [[unknown, older, younger], [older, younger, unknown], [younger, unknown, older]] as const;
  const merged = orders.map(([first, second, third]) => mergeStored(mergeStored(first, second), third));
  assert.is(new Set(merged.map(lineOf)).size, 1);
  const [{ bead: each, clock } = unknown] = merged;
  const marked = markedId('gt-x', born('3'));
  assert.equal(each.dependencies?.map((edge) => [edge.depends_on_id, edge.type]), [['gt-x', 'blocks'], [marked, 'tracks']]);
  assert.equal(clock.dependencies, { 'gt-x': [born('5')], [`${born('2')} gt-x`]: [born('4'), born('2'), edgeTo('gt-x', 'related')], [marked]: [born('6'), born('3')] });
});

alone('changes nothing in lines from before removals of a part were told apart', () => {
  const before = { bead: bead('gt-a', { waiters: ['nux', 'slit'] }), clock: { born: born('1'), waiters: born('4') } } as unknown as Stored;
  const after = { bead: bead('gt-a', { waiters: ['slit'], title: 'New' }), clock: { born: born('1'), title: born('5'), waiters: { nux: `-${born('5')}`, slit: born('4') } } } as unknown as Stored;
  assert.equal(mergeStored(before, after), after);
});

alone('keeps status and worker as one register, a status of the settings’ own among them', () => {
  const phased = (stamp: string, status: string, assignee?: string): Stored => ({
    bead: bead('gt-a', { status, ...(assignee === undefined ? {} : { assignee }) }),
    clock: { born: born('1'), phase: assignee === undefined ? [born(stamp), status] : [born(stamp), status, assignee] },
  });
  const [hooked, reviewed, closed] = [phased('2', 'hooked', 'nux'), phased('3', 'in_review'), { bead: bead('gt-a', { status: 'closed', closed_at: '2026-05-01T08:00:00Z' }), clock: { born: born('1'), closes: { [born('2')]: { at: '2026-05-01T08:00:00Z' } } } }];
  for (const [one, other] of [[hooked, reviewed], [reviewed, hooked]] as const) assert.equal([mergeStored(one, other).bead.status, mergeStored(one, other).bead.assignee], ['in_review', undefined]);
  for (const [one, other] of [[closed, reviewed], [reviewed, closed]] as const) assert.is(mergeStored(one, other).bead.status, 'closed');
  assert.is(mergeStored(phased('4', 'hooked', 'slit'), reviewed).bead.assignee, 'slit');
});

alone.run();

/** A merge that decides wrongly about beads that both sides have. */
function wrongly(decide: (a: Stored, b: Stored, right: Stored) => { readonly bead?: Record<string, unknown>; readonly clock?: Record<string, unknown> }): Merge {
  return (ours, theirs) => {
    const [one, other] = [byIdentity(ours), byIdentity(theirs)];
    return new Map([...mergeRecords(ours, theirs)].map(([id, right]): [string, Stored] => {
      const [a, b] = [one.get(identityIn(right)), other.get(identityIn(right))];
      if (a === undefined || b === undefined || lineOf(a) === lineOf(b)) return [id, right];
      const { bead = {}, clock = {} } = decide(a, b, right);
      return [id, JSON.parse(JSON.stringify({ bead: { ...right.bead, ...bead }, clock: { ...right.clock, ...clock } })) as Stored];
    }));
  };
}

const newer = (a: Stored, b: Stored): Stored => (newest(a.clock) > newest(b.clock) || (newest(a.clock) === newest(b.clock) && lineOf(a) > lineOf(b)) ? a : b);
const stateOf = ({ bead }: Stored) => ({ status: bead.status, assignee: bead.assignee, closed_at: bead.closed_at, close_reason: bead.close_reason });
const isDead = ({ bead }: Stored): boolean => bead.status === 'tombstone';
const withClosing = (right: Stored, change: (closes: NonNullable<Clock['closes']>) => NonNullable<Clock['closes']>) => {
  const closes = change(right.clock.closes ?? {});
  const [, token] = Object.entries(closes).filter(([, each]) => each.undone === undefined).at(-1) ?? [];
  const status = token === undefined ? (right.clock.phase?.[1] ?? (right.bead.status === 'closed' ? 'open' : right.bead.status)) : 'closed';
  return { bead: { status, closed_at: token?.at, close_reason: token?.reason }, clock: { closes } };
};

/** Ways in which merging could go wrong, each of which some law has to notice. */
const wrong: Readonly<Record<string, Merge>> = {
  'status as one register: the newer record says whether a bead is closed': wrongly((a, b, right) => (isDead(right) ? {} : { bead: stateOf(newer(a, b)), clock: { closes: newer(a, b).clock.closes, phase: newer(a, b).clock.phase } })),
  'a reopening undoes closes that it has not seen': wrongly((_a, _b, right) => (isDead(right) ? {} : withClosing(right, (closes) => { const undone = Object.values(closes).find((token) => token.undone !== undefined)?.undone; return Object.fromEntries(Object.entries(closes).map(([stamp, token]) => [stamp, undone === undefined ? token : { ...token, undone }])); }))),
  'a reopening is forgotten where the other side has not seen it': wrongly((a, b, right) => (isDead(right) ? {} : withClosing(right, (closes) => Object.fromEntries(Object.entries(closes).map(([stamp, { undone, ...token }]) => [stamp, undone !== undefined && [a, b].every(({ clock }) => clock.closes?.[stamp] === undefined || clock.closes[stamp].undone !== undefined) ? { ...token, undone } : token]))))),
  'the time of closing stays when a bead is open again': wrongly((a, b, right) => (right.bead.status === 'open' ? { bead: { closed_at: a.bead.closed_at ?? b.bead.closed_at } } : {})),
  'status and worker are registers by themselves': wrongly((a, b, right) => (isDead(right) || isDead(a) || isDead(b) ? {} : { bead: { assignee: [a, b].map(({ bead }) => bead.assignee ?? '').sort().at(-1) || undefined } })),
  'ours wins': wrongly((a) => ({ bead: { ...a.bead }, clock: { ...a.clock } })),
  'the newer record wins as a whole': wrongly((a, b) => ({ bead: { comments: undefined, labels: undefined, ...newer(a, b).bead }, clock: { ...newer(a, b).clock } })),
  'labels are joined, and removals forgotten': wrongly((a, b, right) => (isDead(right) ? {} : { bead: { labels: [...new Set([...(a.bead.labels ?? []), ...(b.bead.labels ?? [])])].sort() } })),
  'edges are joined, and removals forgotten': wrongly((a, b, right) => (isDead(right) ? {} : { bead: { dependencies: [...new Map([...(a.bead.dependencies ?? []), ...(b.bead.dependencies ?? [])].map((edge) => [edge.depends_on_id, edge])).values()].sort((x, y) => (x.depends_on_id < y.depends_on_id ? -1 : 1)) } })),
  'comments are one register': wrongly((a, b, right) => (isDead(right) ? {} : { bead: { comments: newer(a, b).bead.comments } })),
  'a later edit brings back what was deleted': wrongly((a, b) => (isDead(a) === isDead(b) ? {} : isDead(a) ? { bead: { ...b.bead }, clock: { ...b.clock } } : { bead: { ...a.bead }, clock: { ...a.clock } })),
  'keys that nobody knows are taken from ours': wrongly((a, _b, right) => (isDead(right) ? {} : { bead: { x: a.bead['x'] } })),
  'the time of the last change is that of theirs': wrongly((_a, b) => ({ bead: { updated_at: b.bead.updated_at } })),
  'what has one id is one bead': (ours, theirs) => new Map([...mergeRecords(ours, theirs)].filter(([id]) => !id.includes('+'))),
  'who comes second gives up the id': (ours, theirs) => {
    const taken = [...theirs].filter(([id, stored]) => ours.has(id) && ours.get(id)?.clock.born !== stored.clock.born);
    const moved = taken.map(([id, stored]): [string, Stored] => [markedId(id, stored.clock.born), { ...stored, bead: { ...stored.bead, id: markedId(id, stored.clock.born) } }]);
    return mergeRecords(ours, new Map([...[...theirs].filter(([id]) => !taken.some(([other]) => other === id)), ...moved]));
  },
  'what was renamed is another bead': (ours, theirs) => {
    const [one, other] = [ours, theirs].map((side) => new Map(beadsIn(side).map(({ bead, clock: { called: _called, ...clock } }) => [bead.id, { bead, clock }])));
    return mergeRecords(one!, other!);
  },
  'edges stay with the id that a bead had': (ours, theirs) => {
    const merged = mergeRecords(ours, theirs);
    const before = new Map([...ours, ...theirs].map(([id, { bead }]) => [id, bead.dependencies]));
    return new Map([...merged].map(([id, { bead, clock }]) => [id, { clock, bead: bead.status === 'tombstone' || before.get(id) === undefined ? bead : { ...bead, dependencies: before.get(id)! } }]));
  },
  'references stay with the id, whoever has it': (ours, theirs) => new Map([...mergeRecords(ours, theirs)].map(([id, { bead, clock }]) => [id, { clock, bead: { ...bead, ...(bead.dependencies === undefined ? {} : { dependencies: bead.dependencies.map((edge) => ({ ...edge, depends_on_id: edge.depends_on_id.replace(/\+.*/, '') })) }) } }])),
};

const mutants = suite('a law notices that');

for (const [name, merge] of Object.entries(wrong)) {
  mutants(name, () => {
    assert.ok(brokenLaw(merge), 'no law noticed it');
  });
}

mutants.run();
