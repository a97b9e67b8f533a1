import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evolving, find, type Bead, type BeadChange, type Beads } from '../../src/domain/bead.ts';
import { bringBack, putOff } from '../../src/domain/deferral.ts';
import { isReady } from '../../src/domain/ready.ts';
import { garage, nux, refusal } from '../helpers/garage.ts';

function after(beads: Beads, changes: readonly BeadChange[]): Bead {
  const known = evolving(beads);
  known.take(changes);
  return find(known, 'garage-horn');
}

const deferral = suite('putting off');

deferral('until a time leaves a bead open, and ready from then on', () => {
  const horn = after(garage(), putOff(garage(), 'garage-horn', '2026-06-01T00:00:00Z', nux));
  assert.equal([horn.status, horn.defer_until], ['open', '2026-06-01T00:00:00Z']);
  assert.equal(['2026-05-31', '2026-06-02'].map((day) => isReady(garage(), horn, Date.parse(day))), [false, true]);
});

deferral('for good takes the status until somebody brings the bead back', () => {
  const deferred = garage({ 'garage-horn': { status: 'deferred', defer_until: '2026-06-01T00:00:00Z' } });
  assert.is(after(garage(), putOff(garage(), 'garage-horn', undefined, nux)).status, 'deferred');
  assert.equal(putOff(deferred, 'garage-horn', undefined, nux), []);
  const back = after(deferred, bringBack(deferred, 'garage-horn', nux));
  assert.equal([back.status, back.defer_until], ['open', undefined]);
  assert.equal(bringBack(garage(), 'garage-horn', nux), []);
});

deferral('is refused for what is closed or on a hook', () => {
  for (const changes of [{ status: 'closed' }, { status: 'hooked', assignee: 'nux' }]) assert.throws(() => putOff(garage({ 'garage-horn': changes }), 'garage-horn', undefined, nux), refusal('bead.not-to-defer'));
});

deferral.run();
