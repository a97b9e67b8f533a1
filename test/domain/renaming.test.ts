import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Failure } from '../../src/base/errors.ts';
import { indexed, renamedTo, type Bead, type Beads } from '../../src/domain/bead.ts';
import { rename, renamePrefix } from '../../src/domain/renaming.ts';
import { anyBeads, bead, refusal } from '../helpers/garage.ts';

const garage = (...beads: readonly Bead[]): Beads => indexed(new Map(beads.map((each) => [each.id, each])));
const gone = (id: string, to: string): Bead => bead(id, { status: 'tombstone', renamed_to: to });

const renaming = suite('rename');

renaming('takes the children along, deleted ones too, and leaves whoever is only called alike', () => {
  const beads = garage(bead('gt-rig'), bead('gt-rig.1'), bead('gt-rig.1.2'), bead('gt-rig.2', { status: 'tombstone' }), bead('gt-rigid'));
  assert.equal(rename(beads, 'gt-rig', 'gt-war'), [{ id: 'gt-war', from: 'gt-rig' }, { id: 'gt-war.1', from: 'gt-rig.1' }, { id: 'gt-war.1.2', from: 'gt-rig.1.2' }, { id: 'gt-war.2', from: 'gt-rig.2' }]);
  assert.equal(rename(beads, 'gt-rig', 'gt-rig'), []);
  for (const child of ['gt-rig.1', 'gt-rig.1.2', 'gt-rig.2']) assert.throws(() => rename(beads, 'gt-rig', child), refusal('bead.id-taken'));
});

renaming('gives back an id that the bead had, and no id that another has or had', () => {
  const beads = garage(bead('gt-war'), gone('gt-rig', 'gt-war'), bead('gt-pod'), gone('gt-old', 'gt-pod'));
  assert.equal(rename(beads, 'gt-war', 'gt-rig'), [{ id: 'gt-rig', from: 'gt-war' }]);
  for (const taken of ['gt-pod', 'gt-old']) assert.throws(() => rename(beads, 'gt-war', taken), refusal('bead.id-taken'));
  assert.throws(() => rename(beads, 'gt-rig', 'gt-new'), refusal('bead.unknown'));
  assert.throws(() => rename(beads, 'gt-war', 'gt war'), refusal('id.bad'));
});

renaming('waits until nobody works on the bead or its children', () => {
  const beads = garage(bead('gt-rig'), bead('gt-rig.1', { status: 'hooked', assignee: 'shop/polecats/nux' }));
  for (const [verb, again] of [[() => rename(beads, 'gt-rig', 'gt-war'), 'gt rename gt-rig gt-war'], [() => renamePrefix(beads, 'gt', 'war'), 'gt rename-prefix war --from gt']] as const) {
    assert.throws(verb, (error: Failure) => refusal('bead.handed-out')(error) && error.hint === `gt wait gt-rig.1 && ${again}`);
  }
});

renaming('of a prefix gives every bead another id of its own, once', () => {
  fc.assert(fc.property(anyBeads, (beads) => {
    const free = garage(...[...beads.all()].map((each) => (each.status === 'hooked' ? { ...each, status: 'open' } : each)));
    const moves = renamePrefix(free, 'gt', 'war-rig');
    assert.equal(moves.map(({ from }) => from).sort(), [...free.all()].map(({ id }) => id).sort());
    assert.ok(moves.every(({ id, from }) => id === from.replace(/^gt-/, 'war-rig-')));
    const after = garage(...[...free.all()].flatMap((each) => [{ ...each, id: each.id.replace(/^gt-/, 'war-rig-') }, gone(each.id, each.id.replace(/^gt-/, 'war-rig-'))]));
    assert.equal(renamePrefix(after, 'gt', 'war-rig'), []);
    assert.equal(renamePrefix(after, 'war-rig', 'gt').length, moves.length);
  }), { numRuns: 200 });
  assert.equal(renamePrefix(garage(bead('gt-a'), bead('gtx-a')), 'gt', 'war').length, 1);
});

renaming('is told by what stands where a bead was, and by nothing else', () => {
  assert.is(renamedTo(gone('gt-a', 'gt-b')), 'gt-b');
  for (const other of [undefined, bead('gt-a'), bead('gt-a', { renamed_to: 'gt-b' }), bead('gt-a', { status: 'tombstone' })]) assert.is(renamedTo(other), undefined);
});

renaming.run();
