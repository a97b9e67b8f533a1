import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { find } from '../../src/domain/bead.ts';
import { counted, detailRecord, detailsOf } from '../../src/domain/detail.ts';
import { garage } from '../helpers/garage.ts';

const detail = suite('details');

detail('show the beads at the other ends of the edges', () => {
  const spikes = find(garage(), 'garage-spikes');
  const { bead, dependencies, dependents } = detailsOf(spikes, (id) => garage().get(id), garage().referrers?.('garage-spikes') ?? []);
  assert.equal(dependencies.map(({ id, dependency_type: type }) => [id, type]), [['garage-haul', 'parent-child'], ['garage-tank', 'blocks']]);
  assert.equal(dependents.map(({ id }) => id), ['garage-run']);
  assert.equal([bead.parent, bead.dependency_count, bead.dependent_count, bead.comment_count], ['garage-haul', 2, 1, 0]);
});

detail('show a target that is gone by its id', () => {
  const { dependencies } = detailsOf(find(garage(), 'garage-tank'), () => undefined, []);
  assert.equal(dependencies.map(({ id, status }) => [id, status]), [['garage-frame', 'missing']]);
});

detail('count the children of an epic', () => {
  const haul = find(garage(), 'garage-haul');
  const record = detailRecord(detailsOf(haul, () => undefined, garage().referrers?.('garage-haul') ?? []));
  assert.equal([record['epic_total_children'], record['epic_closed_children'], record['epic_closeable']], [4, 0, false]);
  assert.is('epic_closeable' in detailRecord(detailsOf(find(garage(), 'garage-horn'), () => undefined, [])), false);
  assert.equal(counted(haul, 5).dependent_count, 5);
});

detail.run();
