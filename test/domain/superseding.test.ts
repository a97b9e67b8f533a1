import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evolving, find, isDone, type Beads } from '../../src/domain/bead.ts';
import { depend, dependents } from '../../src/domain/dependency.ts';
import { dependencyCycles } from '../../src/domain/tree.ts';
import { isReady } from '../../src/domain/ready.ts';
import { duplicateGroups, standIn, type Standing } from '../../src/domain/superseding.ts';
import { anyBeads, anyId, bead, garage, ids, nux, refusal } from '../helpers/garage.ts';

const handedOn = ['blocks', 'conditional-blocks', 'waits-for', 'parent-child', 'tracks'];
const now = Date.parse('2026-05-01T08:00:00Z');

function after(beads: Beads, id: string, other: string, standing: Standing = 'supersedes'): Beads {
  const known = evolving(beads);
  known.take(standIn(beads, id, other, standing, nux));
  return known;
}

const standing = suite('standIn');

standing('closes the one, ties it to the other, and hands on what waited for it', () => {
  const beads = after(garage(), 'garage-hoses', 'garage-horn', 'duplicates');
  const hoses = find(beads, 'garage-hoses');
  assert.equal([hoses.status, hoses.close_reason], ['closed', 'Duplicate of garage-horn']);
  assert.equal(hoses.dependencies?.map((edge) => [edge.depends_on_id, edge.type]), [['garage-horn', 'duplicates']]);
  assert.equal(find(beads, 'garage-brakes').dependencies?.map((edge) => [edge.depends_on_id, edge.type]), [['garage-haul', 'parent-child'], ['garage-horn', 'blocks']]);
  assert.not.ok(isReady(beads, find(beads, 'garage-brakes'), now));
});

standing('leaves an edge where it is when the rules forbid the new one', () => {
  // The run waits for the tank, by way of the spikes: the frame, which the tank waits for, cannot be the run.
  const beads = after(garage(), 'garage-frame', 'garage-run');
  assert.equal(find(beads, 'garage-tank').dependencies?.map((edge) => edge.depends_on_id), ['garage-frame']);
  assert.is(find(beads, 'garage-frame').status, 'closed');
});

standing('takes the place of an edge of another kind between the two', () => {
  const beads = after(garage(), 'garage-tank', 'garage-frame');
  assert.equal(find(beads, 'garage-tank').dependencies?.map((edge) => [edge.depends_on_id, edge.type]), [['garage-frame', 'supersedes']]);
});

standing('changes nothing the second time', () => {
  assert.equal(standIn(after(garage(), 'garage-hoses', 'garage-horn'), 'garage-hoses', 'garage-horn', 'supersedes', nux), []);
});

standing('refuses a bead for itself, and one that is not there', () => {
  assert.throws(() => standIn(garage(), 'garage-horn', 'garage-horn', 'supersedes', nux), refusal('dependency.bad'));
  assert.throws(() => standIn(garage(), 'garage-horn', 'garage-ghost', 'supersedes', nux), refusal('bead.unknown'));
});

standing('makes no new circle, and leaves nothing open waiting for the closed one that could wait for the other', () => {
  fc.assert(fc.property(anyBeads, anyId, anyId, (beads, id, other) => {
    const [one, two] = [beads.get(id), beads.get(other)];
    fc.pre(one !== undefined && two !== undefined && id !== other && one.status !== 'tombstone' && two.status !== 'tombstone');
    const before = dependencyCycles(beads).length;
    const changed = after(beads, id, other);
    if (before === 0) assert.equal(dependencyCycles(changed), []);
    assert.is(find(changed, id).status, 'closed');
    for (const waiting of dependents(changed, id)) {
      const edge = waiting.dependencies?.find((each) => each.depends_on_id === id);
      if (waiting.id !== other && !isDone(waiting) && handedOn.includes(edge?.type ?? '')) assert.throws(() => depend(changed, waiting.id, other, edge?.type ?? '', nux), refusal('dependency.bad'));
    }
    for (const each of ids) if (each !== id && each !== other && isDone(beads.get(each)!)) assert.equal(changed.get(each), beads.get(each));
  }), { numRuns: 1000 });
});

standing.run();

const groups = suite('duplicateGroups');

groups('finds beads that say the same, the one first that others point at', () => {
  const same = { title: 'Weld the pod', description: 'Plates.' };
  const edge = { issue_id: 'gt-x', depends_on_id: 'gt-b', type: 'blocks', created_at: '', created_by: '' };
  const beads = [
    bead('gt-a', same), bead('gt-b', { ...same, description: 'Plates.\n' }), bead('gt-c', { ...same, status: 'closed' }), bead('gt-d', { ...same, status: 'in_progress' }), bead('gt-e', { ...same, issue_type: 'bug' }),
    bead('gt-f', { ...same, pinned: true }), bead('gt-g', { ...same, notes: 'not quite' }), bead('gt-h', { title: 'Other' }), bead('gt-x', { title: 'Wait', dependencies: [edge] }), bead('gt-i', { title: 'Other' }),
    ...['gt-m', 'gt-n'].map((id) => bead(id, { title: 'Your turn', issue_type: 'message' })),
  ];
  const view: Beads = { get: (id) => beads.find((each) => each.id === id), family: () => [], all: () => beads };
  assert.equal(duplicateGroups(view, beads).map((group) => group.beads.map(({ id }) => id)), [['gt-b', 'gt-a'], ['gt-h', 'gt-i']]);
  assert.equal([...duplicateGroups(view, beads)[0]!.references], [['gt-a', 0], ['gt-b', 1]]);
  assert.equal(duplicateGroups(garage(), garage().all()), []);
});

groups.run();
