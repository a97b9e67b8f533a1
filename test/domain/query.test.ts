import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { matches, orderBy, readyOrderBy, says, sortFields, type ReadySort } from '../../src/domain/matching.ts';
import { contains, hasNoLabel } from '../../src/domain/condition.ts';
import { isParticular, openWork, wantsDone, type Query } from '../../src/domain/query.ts';
import { bead, garage } from '../helpers/garage.ts';

/** The ids, without their prefix, that a query finds in the garage. */
function found(query: Partial<Query>): string[] {
  return [...garage().all()].filter((each) => matches({ ...openWork, ...query }, each)).map(({ id }) => id.slice('garage-'.length)).sort();
}

const query = suite('a query');

query('asks for open work', () => {
  assert.equal(found({}), ['brakes', 'frame', 'haul', 'horn', 'hoses', 'run', 'spikes', 'tank', 'toll', 'water']);
});

query('narrows by every field', () => {
  assert.equal(found({ statuses: ['closed', 'deferred'] }), ['map', 'scout', 'water']);
  assert.equal(found({ types: ['bug', 'epic'] }), ['brakes', 'haul']);
  assert.equal(found({ priorities: [0] }), ['brakes', 'frame']);
  assert.equal(found({ assignee: 'nux' }), ['frame']);
  assert.is(found({ unassigned: true }).includes('frame'), false);
  assert.equal(found({ labels: ['welding'] }), ['frame', 'spikes', 'tank']);
  assert.equal(found({ labels: ['welding', 'rig'] }), []);
  assert.equal(found({ anyLabel: ['rig', 'trade'] }), ['haul', 'hoses', 'run', 'toll']);
  assert.equal(found({ ids: ['garage-map', 'garage-horn'] }), ['horn', 'map']);
  assert.equal(found({ parent: 'garage-haul' }), ['brakes', 'frame', 'spikes', 'water']);
  assert.equal(found({ title: 'THE ' }), ['brakes', 'frame', 'haul', 'horn', 'run', 'spikes', 'tank', 'toll']);
  assert.equal(found({ created: { after: Date.parse('2026-03-11'), before: Date.parse('2026-03-12') } }), ['water']);
  assert.equal(found({ closed: { after: Date.parse('2026-04-09'), before: undefined } }), ['scout']);
  assert.is(found({ all: true }).length, 12);
  assert.is(found({ statuses: ['all'] }).length, 12);
});

query('leaves out what the town keeps books with, unless it is asked for', () => {
  const agent = bead('gt-agent', { issue_type: 'agent' });
  assert.not.ok(matches(openWork, agent));
  assert.ok(matches({ ...openWork, types: ['agent'] }, agent));
  assert.not.ok(matches({ ...openWork, all: true }, bead('gt-gone', { status: 'tombstone' })));
});

query('leaves out what is pinned where no status was named, and finds it where it is asked for', () => {
  const [marked, moved, closed] = [bead('gt-a', { pinned: true }), bead('gt-b', { status: 'pinned' }), bead('gt-c', { pinned: true, status: 'closed' })];
  assert.equal([marked, moved, closed].map((each) => matches(openWork, each)), [false, false, false]);
  assert.equal([marked, moved, closed].map((each) => matches({ ...openWork, pinned: true }, each)), [true, true, false]);
  assert.equal([marked, moved, closed].map((each) => matches({ ...openWork, statuses: ['all'] }, each)), [true, true, true]);
  assert.equal([marked, bead('gt-d')].map((each) => matches({ ...openWork, all: true, pinned: false }, each)), [false, true]);
});

query('takes in books and templates that are wanted beside work', () => {
  const [gate, agent, template] = [bead('gt-gate', { issue_type: 'gate' }), bead('gt-agent', { issue_type: 'agent' }), bead('gt-proto', { is_template: true })];
  assert.equal([gate, agent, template].map((each) => matches({ ...openWork, books: ['gate'] }, each)), [true, false, false]);
  assert.ok(matches({ ...openWork, templates: true }, template));
});

query('asks each further test', () => {
  assert.equal(found({ tests: [({ priority }) => priority === 0, contains('title', 'FRAME')] }), ['frame']);
  assert.not.ok(isParticular(openWork));
  for (const each of [{ tests: [hasNoLabel] }, { templates: true }, { unassigned: true }]) assert.ok(isParticular({ ...openWork, ...each }));
});

query('knows whether it may find what is done', () => {
  assert.not.ok(wantsDone(openWork));
  for (const each of [{ all: true }, { pinned: true }, { statuses: ['closed'] }, { ids: ['gt-a'] }, { closed: { after: 1, before: undefined } }]) assert.ok(wantsDone({ ...openWork, ...each }));
});

query.run();

const order = suite('orderBy');

order('puts numbers in ids where they belong', () => {
  assert.equal(['gt-a.10', 'gt-a.2', 'gt-a'].map((id) => bead(id)).sort(orderBy('id')).map(({ id }) => id), ['gt-a', 'gt-a.2', 'gt-a.10']);
});

order('is settled for every field', () => {
  for (const field of sortFields) {
    const once = [...garage().all()].sort(orderBy(field)).map(({ id }) => id);
    assert.equal([...garage().all()].reverse().sort(orderBy(field)).map(({ id }) => id), once, field);
  }
});

order('puts ready work as it is wanted', () => {
  const now = Date.parse('2026-05-03T00:00:00Z');
  const beads = [
    bead('gt-old', { priority: 0, created_at: '2026-01-01T00:00:00Z' }), bead('gt-older', { priority: 3, created_at: '2025-01-01T00:00:00Z' }),
    bead('gt-new', { priority: 2, created_at: '2026-05-02T00:00:00Z' }), bead('gt-newer', { priority: 1, created_at: '2026-05-02T12:00:00Z' }),
  ];
  const sorted = (sort: ReadySort): string[] => [...beads].sort(readyOrderBy(sort, now)).map(({ id }) => id.slice(3));
  assert.equal(sorted('priority'), ['old', 'newer', 'new', 'older']);
  assert.equal(sorted('oldest'), ['older', 'old', 'new', 'newer']);
  assert.equal(sorted('hybrid'), ['newer', 'new', 'older', 'old']);
});

order.run();

const saying = suite('says');

saying('looks at title and description, whatever their case', () => {
  const each = bead('gt-a', { title: 'Oil the HINGES', description: 'With *care*.' });
  for (const text of ['hinges', 'CARE', '*care*']) assert.ok(says(each, text));
  assert.not.ok(says(each, 'brakes'));
});

saying.run();
