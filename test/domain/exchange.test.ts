import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { canonical } from '../../src/base/jsonl.ts';
import { compare, isOther, newPrefixes, readBead } from '../../src/domain/exchange.ts';
import type { Bead } from '../../src/domain/bead.ts';
import { bead, garageFile } from '../helpers/garage.ts';
import { realLedgers } from '../helpers/real-ledgers.ts';

function read(value: Record<string, unknown>): Bead {
  const found = readBead({ id: 'gt-a', title: 'A', created_at: '2026-01-01T00:00:00Z', ...value });
  if (typeof found === 'string') throw new Error(found);
  return found;
}

const reading = suite('readBead');

reading('fills in what old files leave out', () => {
  assert.equal(read({}), { id: 'gt-a', title: 'A', created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z', status: 'open', priority: 0, issue_type: 'task' });
  assert.is(read({ status: 'closed', updated_at: '2026-01-02T00:00:00Z' }).closed_at, '2026-01-02T00:00:01Z');
});

reading('evens out the ways in which tools write', () => {
  const found = read({ assignee: null, pinned: 1, is_template: 0, labels: ['b', 'a', 'b'], closed_at: '2026-01-02T00:00:00Z', dependency_count: 4, clock: { born: 'x' }, dependencies: [{ depends_on_id: 'gt-b', type: 'parent_child' }], comments: [{ id: 7, text: 'x' }] });
  assert.equal([found.assignee, found['pinned'], found['is_template'], found.labels, found.closed_at, found['dependency_count'], found['clock']], [undefined, true, false, ['a', 'b'], undefined, undefined, undefined]);
  assert.equal(found.dependencies?.map(({ type, issue_id: id }) => [type, id]), [['parent-child', 'gt-a']]);
  assert.equal(found.comments?.[0]?.id, '7');
});

reading('keeps the keys that nobody knows', () => {
  assert.equal(read({ content_hash: 'abc', quality_score: 0.5, bonded_from: [{ source_id: 'gt-z' }] })['bonded_from'], [{ source_id: 'gt-z' }]);
});

reading('says what is wrong', () => {
  const wrong = [{ id: 5 }, { id: '../x' }, { id: undefined }, { title: 5 }, { status: 7 }, { status: 'Two words' }, { priority: 9 }, { priority: '1' }, { issue_type: 5 }, { created_at: 'once' }, { updated_at: 'never' }, { metadata: [] }, { labels: 'a' }, { labels: [1] }, { dependencies: [5] }, { dependencies: {} }, { comments: [{}] }, { description: 5 }, { assignee: ['x'] }, { notes: 'a\0b' }];
  for (const value of wrong) assert.type(readBead({ id: 'gt-a', title: 'A', created_at: '2026-01-01T00:00:00Z', ...value }), 'string', JSON.stringify(value));
});

reading('changes nothing in what it has read once', () => {
  for (const file of [garageFile, ...realLedgers.map(({ path }) => path)]) {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (line === '') continue;
      const once = readBead(JSON.parse(line) as Record<string, unknown>);
      assert.type(once, 'object', String(once));
      assert.is(canonical(readBead(JSON.parse(canonical(once)) as Record<string, unknown>)), canonical(once));
    }
  }
});

reading('answers for any JSON without throwing', () => {
  const value = fc.dictionary(fc.constantFrom('id', 'title', 'status', 'priority', 'created_at', 'updated_at', 'labels', 'dependencies', 'comments', 'metadata', 'x'), fc.jsonValue());
  fc.assert(fc.property(value, (each) => void readBead(each as Record<string, unknown>)));
});

reading('passes over lines about other things', () => {
  assert.ok(isOther({ _type: 'memory', key: 'k' }));
  assert.ok(isOther({ _schema: 3 }));
  assert.not.ok(isOther({ _type: 'issue', id: 'gt-a' }));
});

reading.run();

const newer = suite('compare');

newer('tells what an import does with a bead', () => {
  const ours = bead('gt-a', { updated_at: '2026-01-02T00:00:00Z' });
  const theirs = (at: string, status = 'open'): Bead => bead('gt-a', { updated_at: at, status });
  assert.is(compare(undefined, ours, false), 'new');
  assert.is(compare(ours, ours, true), 'same');
  assert.is(compare(ours, theirs('2026-01-01T00:00:00Z'), false), 'older');
  assert.is(compare(ours, theirs('2026-01-02T01:00:00+02:00'), false), 'older');
  assert.is(compare(ours, theirs('2026-01-03T00:00:00Z'), false), 'newer');
  assert.is(compare({ ...ours, status: 'tombstone' }, theirs('2027-01-01T00:00:00Z'), false), 'older');
  assert.is(compare(ours, theirs('2026-01-03T00:00:00Z', 'tombstone'), false), 'newer');
});

newer.run();

const prefixes = suite('newPrefixes');

prefixes('are the shortest that the ids have', () => {
  assert.equal(newPrefixes(['gt-a', 'gt-mol-b', 'gt-gastown-polecat-nux', 'my-app-x1', 'my-app-x2.3', 'second-y']), ['gt', 'my-app', 'second']);
});

prefixes.run();
