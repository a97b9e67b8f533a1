import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { indexed } from '../../src/domain/bead.ts';
import { beadTree, dependencyCycles } from '../../src/domain/tree.ts';
import { bead, garage, refusal } from '../helpers/garage.ts';

function drawn(nodes: ReturnType<typeof beadTree>): string[] {
  return nodes.map(({ id, depth, truncated }) => `${' '.repeat(depth)}${id.slice('garage-'.length)}${truncated ? ' …' : ''}`);
}

const tree = suite('beadTree');

tree('goes down to what a bead waits for, each of it once', () => {
  assert.equal(drawn(beadTree(garage(), 'garage-run', { up: false, depth: 9 })), ['run', ' brakes', '  haul', '  hoses', ' spikes', '  haul', '  tank', '   frame', '    haul', ' toll', '  scout', '   map', ' water', '  haul']);
});

tree('goes up to what waits for a bead, no deeper than it is told', () => {
  assert.equal(drawn(beadTree(garage(), 'garage-frame', { up: true, depth: 2 })), ['frame', ' tank', '  spikes …']);
  const { referrers: _index, ...plain } = garage();
  assert.is(beadTree(plain, 'garage-frame', { up: true, depth: 2 }).length, 3, 'a view may have no index of the ways back');
});

tree('ends where beads go round in a circle', () => {
  const edge = (from: string, to: string) => bead(from, { dependencies: [{ issue_id: from, depends_on_id: to, type: 'related', created_at: '', created_by: '' }] });
  const round = indexed(new Map([edge('garage-a', 'garage-b'), edge('garage-b', 'garage-a')].map((each) => [each.id, each])));
  assert.equal(drawn(beadTree(round, 'garage-a', { up: false, depth: 9 })), ['a', ' b', '  a …']);
  assert.throws(() => beadTree(round, 'garage-c', { up: false, depth: 9 }), refusal('bead.unknown'));
});

tree.run();

const circles = suite('dependencyCycles');

circles('are found among blockers and among parents', () => {
  const edge = (from: string, to: string, type: string) => bead(from, { dependencies: [{ issue_id: from, depends_on_id: to, type, created_at: '', created_by: '' }] });
  const round = [edge('gt-a', 'gt-b', 'blocks'), edge('gt-b', 'gt-a', 'conditional-blocks'), edge('gt-c', 'gt-d', 'parent-child'), edge('gt-d', 'gt-c', 'parent-child'), edge('gt-e', 'gt-f', 'related'), edge('gt-f', 'gt-e', 'related')];
  assert.equal(dependencyCycles(indexed(new Map(round.map((each) => [each.id, each])))), [['gt-a', 'gt-b'], ['gt-c', 'gt-d']]);
  assert.equal(dependencyCycles(garage()), []);
});

circles.run();
