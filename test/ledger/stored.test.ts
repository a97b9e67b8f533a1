import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makeStamp, stampTime, type Stamp } from '../../src/base/clock.ts';
import { evolve, type Bead } from '../../src/domain/bead.ts';
import { born, restamp } from '../../src/ledger/stamps.ts';
import { lineOf, newest, stampFor, storedOf, type Stored } from '../../src/ledger/stored.ts';
import { bead } from '../helpers/garage.ts';

const at = (minute: number): Stamp => makeStamp(Date.UTC(2026, 4, 1, 8, minute), 0, 'aaaaaa');
const written = (before: Bead, after: Bead): Stored => restamp(born(before, at(0), () => undefined), after, at(1), () => at(9));

const newestWrite = suite('newest');

newestWrite('is of no bead that the record names', () => {
  const edge = { issue_id: 'gt-a', depends_on_id: 'gt-b', type: 'blocks', created_at: '', created_by: '' };
  assert.is(newest(written(bead('gt-a'), bead('gt-a', { dependencies: [edge], metadata: { request: 'gt-b' } })).clock), at(1));
});

newestWrite.run();

const line = suite('the line of a record');

const part = fc.record(
  {
    status: fc.constantFrom('open', 'in_progress', 'hooked', 'closed', 'deferred'),
    assignee: fc.constantFrom('nux', 'slit'),
    labels: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
    metadata: fc.dictionary(fc.constantFrom('m', 'n'), fc.nat(2)),
    unknown: fc.jsonValue(),
  },
  { requiredKeys: ['status'] },
);

const clean = (fields: object): Bead => JSON.parse(JSON.stringify({ ...bead('gt-a'), ...fields })) as Bead;

line('is read back as the record was', () => {
  fc.assert(
    fc.property(part, part, (one, two) => {
      const stored = written(clean(one), clean(two));
      const text = lineOf(stored);
      const read = storedOf(JSON.parse(text) as Record<string, unknown>);
      assert.ok(read);
      assert.is(lineOf(read), text);
      assert.equal(read.bead, stored.bead);
    }),
  );
});

line('can be read by git and people', () => {
  const closed = evolve(bead('gt-a'), { op: 'bead.closed', id: 'gt-a', at: '2026-05-01T08:00:00Z', reason: 'done' });
  assert.ok(closed);
  const text = lineOf(written(bead('gt-a'), closed));
  assert.match(text, /"close_reason":"done","closed_at":"2026-05-01T08:00:00Z"/);
  assert.match(text, /"status":"closed"/);
});

line.run();

const next = suite('stampFor');

next('exceeds the record, though the clock may have gone back an hour', () => {
  fc.assert(
    fc.property(part, fc.integer({ min: -60, max: 60 }), (state, minutes) => {
      const before = written(clean({}), clean(state));
      const stamp = stampFor(makeStamp(stampTime(at(1)) + minutes * 60_000, 0, 'bbbbbb'), before);
      assert.ok(stamp > newest(before.clock));
    }),
  );
});

next('of a fresh record is no more than the clock', () => {
  assert.is(stampFor(at(1), undefined), at(1));
  assert.is(stampFor(at(5), written(bead('gt-a'), bead('gt-a'))), at(5));
});

next.run();
