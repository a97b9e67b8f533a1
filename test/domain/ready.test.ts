import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { find, indexed, type Bead } from '../../src/domain/bead.ts';
import { isReady, readyOrder } from '../../src/domain/ready.ts';
import { anyBeads, bead, garage } from '../helpers/garage.ts';
import { readyIn } from '../helpers/readiness.ts';

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

ready('holds for what another program has left no list of edges', () => {
  const odd = { ...bead('gt-a'), dependencies: null } as unknown as Bead;
  assert.ok(isReady(indexed(new Map([[odd.id, odd]])), odd, now));
});

ready('comes with the time that it was deferred to, the parent’s too', () => {
  const later = { defer_until: '2026-05-01T03:00:00+01:00' };
  const beads = indexed(new Map([bead('gt-a', later), bead('gt-a.1', { dependencies: [{ issue_id: 'gt-a.1', depends_on_id: 'gt-a', type: 'parent-child', created_at: '', created_by: '' }] })].map((each) => [each.id, each])));
  for (const each of beads.all()) {
    assert.ok(isReady(beads, each, now));
    assert.not.ok(isReady(beads, each, now - 1));
  }
});

const names = ['gt-a', 'gt-b', 'gt-c', 'gt-d', 'gt-a.1', 'gt-a.2', 'gt-b.1'];
const target = fc.constantFrom(...names, 'gt-gone', 'external:valhalla:gates');
const edge = fc.record({ depends_on_id: target, type: fc.constantFrom('blocks', 'conditional-blocks', 'waits-for', 'waits-for', 'parent-child', 'parent-child', 'parent-child', 'related'), metadata: fc.constantFrom(undefined, '{"gate":"any-children"}', '{"gate":"all-children"}') });
const fields = fc.record(
  {
    status: fc.constantFrom('open', 'open', 'open', 'in_progress', 'hooked', 'blocked', 'closed', 'deferred', 'pinned', 'tombstone'),
    issue_type: fc.constantFrom('task', 'task', 'epic', 'message', 'gate'),
    edges: fc.array(edge, { maxLength: 2 }),
    defer_until: fc.constantFrom('2026-05-01T01:00:00Z', '2026-05-01T04:00:00+02:00', '2026-05-01T03:00:00Z'),
    pinned: fc.boolean(),
    ephemeral: fc.boolean(),
    is_template: fc.boolean(),
  },
  { requiredKeys: ['status', 'issue_type', 'edges'] },
);

/** The same, but for families alone: what waits for the children of others. */
const family = fc.record({
  status: fc.constantFrom('open', 'closed', 'pinned'),
  edges: fc.array(fc.record({ depends_on_id: fc.constantFrom('gt-a', 'gt-b'), type: fc.constantFrom('waits-for', 'parent-child'), metadata: fc.constantFrom('', '{"gate":"any-children"}') }), { maxLength: 2 }),
});

/** Any ledger of seven beads, with edges to beads that are not there and circles among them. */
const anyLedger = fc.oneof(fc.tuple(...names.map(() => fields)), fc.tuple(...names.map(() => family))).map((drawn) =>
  drawn.map(({ edges, ...rest }, index): Bead => {
    const id = names[index] ?? '';
    const dependencies = [...new Map(edges.map((one) => [one.depends_on_id, one])).values()].map((one) => ({ issue_id: id, created_at: '2026-03-01T08:00:00Z', created_by: 'ace', ...one }));
    return bead(id, { ...rest, ...(dependencies.length > 0 ? { dependencies } : {}) });
  }),
);

ready('is what the rules of beads say, in any ledger', () => {
  fc.assert(
    fc.property(anyLedger, (drawn) => {
      const beads = indexed(new Map(drawn.map((each) => [each.id, each])));
      const found = drawn.filter((each) => isReady(beads, each, now)).map(({ id }) => id);
      assert.equal(found.sort(), readyIn(drawn, now));
    }),
    { numRuns: 2_000 },
  );
});

ready('is ordered by urgency, then by youth, then by id', () => {
  const [old, young, urgent] = [bead('gt-old'), bead('gt-young', { created_at: '2026-03-02T08:00:00.5Z' }), bead('gt-urgent', { priority: 0 })];
  const sameSecond = bead('gt-younger', { created_at: '2026-03-02T09:00:00.6+00:30' });
  assert.equal([old, sameSecond, young, urgent].sort(readyOrder).map(({ id }) => id), ['gt-urgent', 'gt-younger', 'gt-young', 'gt-old']);
  fc.assert(fc.property(anyBeads, (beads) => assert.equal([...beads.all()].reverse().sort(readyOrder), [...beads.all()].sort(readyOrder))));
});

ready.run();
