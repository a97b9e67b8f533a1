import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Bead } from '../../src/domain/bead.ts';
import { decide, type SchedulerSight } from '../../src/supervisors/scheduler.ts';

function waiting(id: string, priority: number, at: string, unmet: readonly string[] = []): SchedulerSight['waiting'][number] {
  const bead: Bead = { id, title: id, status: 'open', priority, issue_type: 'task', created_at: at, updated_at: at, metadata: { queued: { rig: 'web', at } } };
  return { bead, unmet };
}

const ids = (sight: SchedulerSight): string[] => decide(sight).map(({ id }) => id);
const sight = (extra: Partial<SchedulerSight>): SchedulerSight => ({ paused: false, places: undefined, taken: 0, waiting: [], ...extra });

const decides = suite('scheduler decides');

decides('for the most urgent, then for what was slung first', () => {
  const queue = [waiting('web-c', 2, '2026-01-01T00:00:03Z'), waiting('web-a', 2, '2026-01-01T00:00:01Z'), waiting('web-b', 0, '2026-01-01T00:00:09Z')];
  assert.equal(ids(sight({ waiting: queue })), ['web-b', 'web-a', 'web-c']);
});

decides('for no more than there are free places', () => {
  const queue = ['a', 'b', 'c'].map((name, index) => waiting(`web-${name}`, 2, `2026-01-01T00:00:0${index}Z`));
  assert.equal(ids(sight({ places: 3, taken: 1, waiting: queue })), ['web-a', 'web-b']);
  assert.equal(ids(sight({ places: 1, taken: 4, waiting: queue })), []);
});

decides('for nothing while it is paused', () => {
  assert.equal(ids(sight({ paused: true, waiting: [waiting('web-a', 0, '2026-01-01T00:00:01Z')] })), []);
});

decides('for nothing that still needs something', () => {
  assert.equal(ids(sight({ waiting: [waiting('web-a', 0, '2026-01-01T00:00:01Z', ['web-b'])] })), []);
});

const queues = fc.array(fc.tuple(fc.nat(4), fc.nat(59), fc.boolean()), { maxLength: 12 }).map((list) => list.map(([priority, second, blocked], index) => waiting(`web-${index}`, priority, `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`, blocked ? ['web-x'] : [])));

decides('so that places are filled and never exceeded, whatever waits', () => {
  fc.assert(
    fc.property(queues, fc.nat(6), fc.nat(8), (queue, places, taken) => {
      const free = Math.max(0, places - taken);
      const able = queue.filter(({ unmet }) => unmet.length === 0).length;
      assert.is(decide(sight({ places, taken, waiting: queue })).length, Math.min(free, able));
    }),
  );
});

decides.run();
