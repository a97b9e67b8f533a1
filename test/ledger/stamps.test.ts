import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makeStamp, stampTime, type Stamp } from '../../src/base/clock.ts';
import { canonical, isObject } from '../../src/base/jsonl.ts';
import type { Bead } from '../../src/domain/bead.ts';
import { mergeStored } from '../../src/ledger/merge.ts';
import { born, constantBirth, restamp } from '../../src/ledger/stamps.ts';
import { phaseOf, stampFor, type Stored } from '../../src/ledger/stored.ts';
import { bead } from '../helpers/garage.ts';

const noBirths = (): undefined => undefined;
const at = (minute: number): Stamp => makeStamp(Date.UTC(2026, 4, 1, 8, minute), 0, 'aaaaaa');
const first = (each: Bead): Stored => born(each, at(0), noBirths);

const registers = suite('restamp');

registers('gives what changed the new stamp and leaves the rest alone', () => {
  const before = first(bead('gt-a', { description: 'x', labels: ['rig'], metadata: { a: 1, b: 2 } }));
  const { clock } = restamp(before, { ...before.bead, title: 'New', labels: ['fuel'], metadata: { a: 1, b: 3 }, updated_at: 'later' }, at(1), noBirths);
  assert.equal(clock, { born: at(0), title: at(1), labels: { fuel: at(1), rig: `-${at(1)}` }, metadata: { b: at(1) } });
});

registers('remembers what was removed', () => {
  const before = first(bead('gt-a', { notes: 'x', metadata: { a: 1 } }));
  const { notes: _notes, metadata: _metadata, ...rest } = before.bead;
  assert.equal(restamp(before, rest, at(1), noBirths).clock, { born: at(0), notes: at(1), metadata: { a: `-${at(1)}` } });
});

registers('keeps a field that is named like a part of the clock apart', () => {
  const before = first(bead('gt-a', { born: 'x' }));
  assert.is(restamp(before, { ...before.bead, born: 'y' }, at(1), noBirths).clock['=born'], at(1));
});

registers('holds status and worker as one phase', () => {
  const before = first(bead('gt-a'));
  const hooked = restamp(before, { ...before.bead, status: 'hooked', assignee: 'nux' }, at(1), noBirths);
  assert.equal(hooked.clock.phase, [at(1), 'hooked', 'nux']);
  const released = restamp(hooked, bead('gt-a'), at(2), noBirths);
  assert.equal(released.clock.phase, [at(2), 'open']);
});

registers('hands a bead out anew that was closed and is reopened into the hands of the same worker: a token of before counts no more', () => {
  for (const status of ['hooked', 'in_progress'] as const) {
    const given = restamp(first(bead('gt-a')), bead('gt-a', { status, assignee: 'nux' }), at(1), noBirths);
    const closed = restamp(given, bead('gt-a', { status: 'closed', assignee: 'nux', closed_at: 'now' }), at(2), noBirths);
    const reopened = restamp(closed, given.bead, at(3), noBirths);
    assert.equal(reopened.clock.phase, [at(3), status, 'nux']);
    assert.equal(phaseOf(restamp(reopened, { ...reopened.bead, title: 'New' }, at(4), noBirths)), phaseOf(reopened));
  }
  const closed = restamp(first(bead('gt-a')), bead('gt-a', { status: 'closed', closed_at: 'now' }), at(2), noBirths);
  assert.is(restamp(closed, bead('gt-a'), at(3), noBirths).clock.phase, undefined, 'nobody loses a bead to the reopening who was given it elsewhere meanwhile');
});

registers('keeps a plain assignee apart from the worker', () => {
  const assigned = restamp(first(bead('gt-a')), bead('gt-a', { assignee: 'slit' }), at(1), noBirths);
  assert.equal([assigned.clock.assignee, assigned.clock.phase], [[at(1), 'slit'], undefined]);
});

registers('writes no phase for who is given a closed bead: a reopening elsewhere says what it is, and the assignee stays', () => {
  const closed = restamp(first(bead('gt-a', { status: 'in_progress', assignee: 'nux' })), bead('gt-a', { status: 'closed', assignee: 'nux', closed_at: 'now', close_reason: 'done' }), at(1), noBirths);
  const given = restamp(closed, { ...closed.bead, assignee: 'slit' }, at(4), noBirths);
  assert.equal(phaseOf(given), phaseOf(closed));
  const { closed_at: _at, close_reason: _reason, assignee: _assignee, ...rest } = closed.bead;
  for (const [state, assignee] of [[{ status: 'deferred' }, 'slit'], [{ status: 'hooked', assignee: 'toast' }, 'toast'], [{ status: 'open' }, 'slit']] as const) {
    const reopened = restamp(closed, { ...rest, ...state }, at(3), noBirths);
    for (const merged of [mergeStored(given, reopened), mergeStored(reopened, given)]) assert.equal([merged.bead.status, merged.bead.assignee], [state.status, assignee]);
  }
  const { assignee: _slit, ...unassigned } = given.bead;
  const nobody = restamp(given, unassigned, at(5), noBirths);
  assert.equal([phaseOf(nobody), mergeStored(nobody, closed).bead.assignee, mergeStored(given, closed).bead.assignee], [phaseOf(closed), undefined, 'slit']);
});

registers('shows who worked on a closed bead, where others gave it away before they knew of that', () => {
  const before = first(bead('gt-a'));
  const closedAs = (stored: Stored, stamp: Stamp, closing: Stamp): Stored => restamp(stored, { ...stored.bead, status: 'closed', closed_at: 'now' }, stamp, noBirths, closing);
  const hooked = restamp(before, bead('gt-a', { status: 'hooked', assignee: 'nux' }), at(1), noBirths);
  const given = restamp(before, bead('gt-a', { assignee: 'slit' }), at(2), noBirths);
  const both = mergeStored(hooked, given);
  for (const [one, other] of [[closedAs(hooked, at(3), at(3)), given], [hooked, closedAs(before, at(3), at(0))], [closedAs(both, at(3), at(2)), both]] as const) {
    for (const { bead: { status, assignee } } of [mergeStored(one, other), mergeStored(other, one)]) assert.equal([status, assignee], ['closed', 'nux']);
  }
});

registers('adds a token for each close, which a reopening marks', () => {
  const before = first(bead('gt-a', { status: 'in_progress', assignee: 'nux' }));
  const closed = restamp(before, { ...before.bead, status: 'closed', closed_at: 'now', close_reason: 'done' }, at(1), noBirths);
  assert.equal(closed.clock.closes, { [at(1)]: { at: 'now', reason: 'done' } });
  assert.equal(phaseOf(closed), [at(0), 'in_progress', 'nux']);
  const opened = restamp(closed, bead('gt-a'), at(2), noBirths);
  assert.equal(opened.clock.closes, { [at(1)]: { at: 'now', reason: 'done', undone: at(2) } });
  const again = restamp(opened, bead('gt-a', { status: 'closed', closed_at: 'then' }), at(3), noBirths);
  assert.equal(Object.entries(again.clock.closes ?? {}).map(([stamp, { undone }]) => [stamp, undone]), [[at(1), at(2)], [at(3), undefined]]);
});

registers('stamps edges with the birth of their target', () => {
  const edge = (type: string) => ({ issue_id: 'gt-a', depends_on_id: 'gt-b', type, created_at: '', created_by: '' });
  const added = restamp(first(bead('gt-a')), bead('gt-a', { dependencies: [edge('blocks')] }), at(1), () => at(7));
  assert.equal(added.clock.dependencies, { 'gt-b': [at(1), at(7)] });
  const removed = restamp(added, bead('gt-a'), at(2), noBirths);
  assert.equal(removed.clock.dependencies, { 'gt-b': [`-${at(2)}`, at(7)] });
});

registers('forgets everything of what is deleted but its birth and its end', () => {
  const gone = restamp(first(bead('gt-a')), bead('gt-a', { status: 'tombstone' }), at(1), noBirths);
  assert.equal(gone.clock, { born: at(0), deleted: at(1) });
});

registers('knows comments by their ids: an edited or removed one is stamped, a new one is not', () => {
  const comment = (id: string, text: string) => ({ id, issue_id: 'gt-a', author: 'nux', text, created_at: '' });
  const before = first(bead('gt-a', { comments: [comment('1', 'x'), comment('2', 'y')] }));
  const { clock } = restamp(before, bead('gt-a', { comments: [comment('1', 'z'), comment('3', 'n')] }), at(1), noBirths);
  assert.equal(clock.comments, { 1: at(1), 2: `-${at(1)}` });
});

registers('takes note of a write that says nothing but that it was', () => {
  const before = first(bead('gt-a'));
  const comments = [{ id: '1', issue_id: 'gt-a', author: 'nux', text: 'x', created_at: '' }];
  assert.equal(restamp(before, bead('gt-a', { comments, updated_at: 'later' }), at(1), noBirths).clock, { born: at(0), updated_at: at(1) });
});

registers('knows by its birth which bead the metadata name, however that is called later', () => {
  const before = first(bead('gt-a'));
  const asked = restamp(before, bead('gt-a', { metadata: { request: 'gt-mr-1', note: 'gt-b' } }), at(1), () => at(7));
  assert.equal(asked.clock.references, { request: at(7) });
  assert.equal(restamp(asked, bead('gt-a', { metadata: { request: 'gt-mr-1' } }), at(2), noBirths).clock.references, { request: at(7) });
  assert.is(restamp(asked, bead('gt-a', { metadata: { request: 'gt-mr-2' } }), at(2), noBirths).clock.references, undefined);
});

registers('lets an edge mean the same bead for ever', () => {
  const edge = { issue_id: 'gt-a', depends_on_id: 'gt-b', type: 'blocks', created_at: '', created_by: '' };
  const unknown = restamp(first(bead('gt-a')), bead('gt-a', { dependencies: [edge] }), at(1), noBirths);
  const again = restamp(unknown, bead('gt-a', { dependencies: [{ ...edge, type: 'related' }] }), at(2), () => at(7));
  assert.equal(again.clock.dependencies, { 'gt-b': [at(2)] });
});

registers('gives a close that says something else now a token of its own', () => {
  const before = first(bead('gt-a', { status: 'closed', closed_at: 'now', close_reason: 'x' }));
  const { clock } = restamp(before, bead('gt-a', { status: 'closed', closed_at: 'now', close_reason: 'y' }), at(1), noBirths);
  assert.equal(clock.closes, { [at(0)]: { at: 'now', reason: 'x', undone: at(1) }, [at(1)]: { at: 'now', reason: 'y' } });
});

registers.run();

const laws = suite('every write');

const part = fc.record(
  {
    title: fc.constantFrom('A', 'B'),
    priority: fc.nat(4),
    notes: fc.option(fc.constantFrom('x', 'y'), { nil: undefined }),
    status: fc.constantFrom('open', 'in_progress', 'hooked', 'closed', 'deferred'),
    assignee: fc.option(fc.constantFrom('nux', 'slit'), { nil: undefined }),
    labels: fc.option(fc.subarray(['a', 'b', 'c'], { minLength: 1 }), { nil: undefined }),
    metadata: fc.option(fc.dictionary(fc.constantFrom('m', 'n'), fc.nat(2)), { nil: undefined }),
    unknown: fc.option(fc.jsonValue(), { nil: undefined }),
  },
  { requiredKeys: ['title', 'priority', 'status'] },
);

const clean = (fields: object): Bead => JSON.parse(JSON.stringify({ ...bead('gt-a'), ...fields })) as Bead;

/** Every stamp in a clock by the path that leads to it. */
function stampsIn(value: unknown, path = ''): Map<string, string> {
  if (typeof value === 'string') return new Map([[path, value.replace(/^-/, '')]]);
  if (Array.isArray(value)) return stampsIn(value[0], path);
  if (!isObject(value)) return new Map();
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...stampsIn(inner, `${path}/${key}`)]));
}

laws('marks every part that it changes with the new stamp, and no other', () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 2, maxLength: 6 }), (states) => {
      let stored = first(clean(states[0] ?? {}));
      states.slice(1).forEach((state, index) => {
        const next = restamp(stored, clean(state), at(index + 1), noBirths);
        const [was, is] = [stampsIn(stored.clock), stampsIn(next.clock)];
        for (const [path, stamp] of was) assert.ok(is.has(path) && (is.get(path) === stamp || is.get(path) === at(index + 1)), path);
        for (const field of ['title', 'priority', 'notes', 'unknown']) {
          const changed = canonical({ value: stored.bead[field] }) !== canonical({ value: next.bead[field] });
          if (changed) assert.is(is.get(`/${field}`), at(index + 1), field);
          else assert.is(is.get(`/${field}`), was.get(`/${field}`), field);
        }
        if (canonical(stored.bead) === canonical(next.bead)) assert.equal(next.clock, stored.clock);
        stored = next;
      });
    }),
  );
});

laws('is what becomes of it when it meets what it was before', () => {
  const state = ({ bead: { status, assignee, closed_at: closedAt } }: Stored): unknown => [status, assignee, closedAt];
  fc.assert(
    fc.property(fc.array(fc.tuple(part, fc.nat(12)), { minLength: 2, maxLength: 6 }), (states) => {
      const past: Stored[] = [];
      states.forEach(([each, closing], index) => {
        const before = past.at(-1);
        const now = clean({ ...each, ...(each.status === 'closed' ? { closed_at: String(closing) } : {}) });
        // What is imported may have been closed long ago, or later than it was last written.
        past.push(before === undefined ? first(now) : restamp(before, now, stampFor(at(2 * index), before), noBirths, at(closing)));
      });
      const last = past.at(-1)!;
      for (const earlier of past) assert.equal(state(mergeStored(last, earlier)), state(last));
    }),
    { numRuns: 1000 },
  );
});

laws.run();

const births = suite('constantBirth');

births('is at one time in every town', () => {
  assert.is(constantBirth('hq-mayor'), constantBirth('hq-mayor'));
  assert.is(stampTime(constantBirth('hq-mayor')), 0);
});

births.run();
