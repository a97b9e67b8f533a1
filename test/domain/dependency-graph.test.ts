import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { blockingTypes, edgesOf, isDone } from '../../src/domain/bead.ts';
import { connectedTo, dotLines, graphOf } from '../../src/domain/dependency-graph.ts';
import { epicsAmong } from '../../src/domain/epic.ts';
import { checkSections, missingSections } from '../../src/domain/lint.ts';
import { anyBeads, bead, garage } from '../helpers/garage.ts';

const open = [...garage().all()].filter((each) => !isDone(each));

const graph = suite('a graph');

graph('has layers, each waiting for those before it alone', () => {
  assert.equal(graphOf(open).layers.map((layer) => layer.map((id) => id.slice(7)).sort()), [['frame', 'haul', 'horn', 'hoses', 'toll', 'water'], ['brakes', 'tank'], ['spikes'], ['run']]);
});

graph('puts every bead in a layer, or finds the circle that holds it up', () => {
  fc.assert(fc.property(anyBeads, (beads) => {
    const all = [...beads.all()];
    const { layers, cycles } = graphOf(all);
    const level = new Map(layers.flatMap((layer, index) => layer.map((id) => [id, index] as const)));
    assert.is(level.size, layers.flat().length);
    for (const each of all) {
      const waits = edgesOf(each, blockingTypes);
      const at = level.get(each.id);
      if (at === undefined) assert.ok(cycles.length > 0 && waits.some((on) => level.get(on) === undefined));
      else assert.ok(waits.every((on) => (level.get(on) ?? Infinity) < at));
    }
  }), { numRuns: 500 });
});

graph('of one bead is what it is connected with, either way', () => {
  assert.equal(connectedTo(garage(), 'garage-horn').map(({ id }) => id), ['garage-horn']);
  assert.equal(connectedTo(garage(), 'garage-spikes').length, 10);
  assert.equal(connectedTo(garage(), 'garage-ghost'), []);
  const { referrers: _index, ...plain } = garage();
  assert.is(connectedTo(plain, 'garage-spikes').length, 10, 'a view may have no index of the ways back');
});

graph('lets no title out of its quotation marks', () => {
  const lines = dotLines(graphOf([bead('gt-a', { title: 'Say "no"\\' }), bead('gt-b', { dependencies: [{ issue_id: 'gt-b', depends_on_id: 'gt-a', type: 'waits-for', created_at: '', created_by: '' }] })]));
  assert.is(lines[3], '  "gt-a" [label="gt-a  P2  open\\nSay \\"no\\"\\\\"];');
  assert.is(lines[5], '  "gt-a" -> "gt-b" [label="waits-for"];');
});

graph.run();

const epics = suite('an epic');

epics('can be closed when all of its parts are, of which there are some', () => {
  const part = (id: string, status: string): ReturnType<typeof bead> => bead(id, { status, dependencies: [{ issue_id: id, depends_on_id: 'gt-e', type: 'parent-child', created_at: '', created_by: '' }] });
  const statusOf = (...beads: ReturnType<typeof bead>[]): unknown => {
    const all = [bead('gt-e', { issue_type: 'epic' }), ...beads];
    return epicsAmong({ get: (id) => all.find((each) => each.id === id), family: () => [], all: () => all }, all).map(({ total, closed, closeable }) => [total, closed, closeable]);
  };
  assert.equal(statusOf(), [[0, 0, false]]);
  assert.equal(statusOf(part('gt-a', 'closed'), part('gt-b', 'open')), [[2, 1, false]]);
  assert.equal(statusOf(part('gt-a', 'closed'), part('gt-b', 'closed')), [[2, 2, true]]);
});

epics.run();

const lint = suite('lint');

lint('misses the headings of the type, unless a field says it', () => {
  assert.equal(missingSections(bead('gt-a', { issue_type: 'bug' })), ['## Steps to Reproduce', '## Acceptance Criteria']);
  assert.throws(() => checkSections({ title: 'Salt', issue_type: 'adr', description: '## Decision\nSalt.' }), /a decision should say: ## Rationale, ## Alternatives Considered/);
  checkSections({ title: 'Weld', acceptance_criteria: 'It holds.' });
  assert.equal(missingSections(bead('gt-a', { issue_type: 'bug', description: '# steps to reproduce:\n1. Pull.\n', acceptance_criteria: 'It holds.' })), []);
  assert.equal(missingSections(bead('gt-a', { issue_type: 'decision', description: 'Decision\n## Decision\n### Rationale ##\n' })), ['## Alternatives Considered']);
  for (const type of ['chore', 'constructor', 'convoy']) assert.equal(missingSections(bead('gt-a', { issue_type: type })), []);
});

lint.run();
