import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evolve, indexed, type Bead, type BeadChange } from '../../src/domain/bead.ts';
import { undo } from '../../src/domain/undo.ts';
import { bead, nux } from '../helpers/garage.ts';

/** A bead after its change from one state to another was undone, with what it is now. */
function back(before: Bead, after: Bead, now: Bead = after): Bead | undefined {
  const { changes, obstacles } = undo(indexed(new Map([[now.id, now]])), [{ id: now.id, before, after }], new Map(), true, nux);
  assert.equal(obstacles, []);
  return changes.reduce<Bead | undefined>((bead, change) => evolve(bead, change as BeadChange), now);
}

const undoing = suite('undo');

undoing('puts back what was changed, and leaves what came later', () => {
  const before = bead('gt-a', { labels: ['hot'], metadata: { tool: 'torch', n: 1 } });
  const after = { ...before, labels: ['cold', 'hot'], metadata: { tool: 'saw', n: 1 } };
  const restored = back(before, after, { ...after, title: 'Later', labels: ['cold', 'hot', 'loud'], metadata: { tool: 'saw', n: 2 } });
  assert.equal([restored?.title, restored?.labels, restored?.metadata], ['Later', ['hot', 'loud'], { tool: 'torch', n: 2 }]);
});

undoing('takes a field that nobody knows by its whole name, with a dot in it too', () => {
  const before = bead('gt-a', { 'jira.key': 'A-1', metadata: { 'jira.key': 'B-1' } });
  const after = { ...before, 'jira.key': 'A-2', metadata: { 'jira.key': 'B-2' } };
  const restored = back(before, after, { ...after, title: 'Later' });
  assert.equal(restored, { ...before, title: 'Later', updated_at: nux.at });
});

undoing.run();
