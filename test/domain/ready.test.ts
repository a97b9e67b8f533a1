import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { timeOf } from '../../src/base/time.ts';
import { find, indexed, unmet, type Bead, type Beads } from '../../src/domain/bead.ts';
import { isReady, readyOrder } from '../../src/domain/ready.ts';
import { anyBeads, bead, garage } from '../helpers/garage.ts';

const now = Date.parse('2026-05-01T02:00:00Z');

const ready = suite('isReady');

ready('holds for open work that waits for nothing', () => {
  const found = [...garage().all()].filter((each) => isReady(garage(), each, now)).sort(readyOrder);
  assert.equal(found.map(({ id }) => id), ['garage-toll', 'garage-haul', 'garage-hoses', 'garage-horn']);
});

ready('does not hold for what is pinned, ephemeral, a template or no work', () => {
  for (const changes of [{ pinned: true }, { ephemeral: true }, { is_template: true }, { issue_type: 'message' }, { issue_type: 'agent' }, { issue_type: 'merge-request' }, { status: 'deferred' }]) {
    const beads = garage({ 'garage-horn': changes });
    assert.not.ok(isReady(beads, find(beads, 'garage-horn'), now), JSON.stringify(changes));
  }
});

ready('comes with the time that it was deferred to, the parent’s too', () => {
  const later = { defer_until: '2026-05-01T03:00:00+01:00' };
  const beads = indexed(new Map([bead('gt-a', later), bead('gt-a.1', { dependencies: [{ issue_id: 'gt-a.1', depends_on_id: 'gt-a', type: 'parent-child', created_at: '', created_by: '' }] })].map((each) => [each.id, each])));
  for (const each of beads.all()) {
    assert.ok(isReady(beads, each, now));
    assert.not.ok(isReady(beads, each, now - 1));
  }
});

/** The rule of readiness, said once more and without a shortcut. */
function ready2(beads: Beads, each: Bead): boolean {
  const parents = (each.dependencies ?? []).filter(({ type }) => type === 'parent-child').flatMap(({ depends_on_id: id }) => beads.get(id) ?? []);
  const deferred = (one: Bead): boolean => one.defer_until !== undefined && (timeOf(one.defer_until) ?? 0) > now;
  return each.status === 'open' && each['pinned'] !== true && each.issue_type !== 'message' && !deferred(each) && !parents.some(deferred) && unmet(beads, each).length === 0;
}

ready('is what its rules say, in any ledger', () => {
  fc.assert(fc.property(anyBeads, (beads) => [...beads.all()].forEach((each) => assert.is(isReady(beads, each, now), ready2(beads, each)))));
});

ready('is ordered by urgency, then by youth, then by id', () => {
  const [old, young, urgent] = [bead('gt-old'), bead('gt-young', { created_at: '2026-03-02T08:00:00.5Z' }), bead('gt-urgent', { priority: 0 })];
  const sameSecond = bead('gt-younger', { created_at: '2026-03-02T09:00:00.6+00:30' });
  assert.equal([old, sameSecond, young, urgent].sort(readyOrder).map(({ id }) => id), ['gt-urgent', 'gt-younger', 'gt-young', 'gt-old']);
  fc.assert(fc.property(anyBeads, (beads) => assert.equal([...beads.all()].reverse().sort(readyOrder), [...beads.all()].sort(readyOrder))));
});

ready.run();
