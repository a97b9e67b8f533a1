import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { indexed, type Bead } from '../../src/domain/bead.ts';
import { purgeable } from '../../src/domain/purging.ts';
import { anyBeads, bead } from '../helpers/garage.ts';

const now = Date.parse('2026-05-01T08:00:00Z');
const closed = (id: string, fields: Partial<Bead> = {}): Bead => bead(id, { status: 'closed', closed_at: '2026-04-01T08:00:00Z', ...fields });
const on = (from: string, to: string) => ({ dependencies: [{ issue_id: from, depends_on_id: to, type: 'blocks', created_at: '', created_by: '' }] });
const idsOf = (beads: readonly Bead[], pattern?: string, before = now): string[] => purgeable(indexed(new Map(beads.map((each) => [each.id, each]))), { before, pattern }).map(({ id }) => id);

const purging = suite('purgeable');

purging('are beads that were closed long enough ago and that are not pinned', () => {
  const beads = [closed('gt-a'), closed('gt-b', { closed_at: '2026-04-30T08:00:00Z' }), closed('gt-c', { pinned: true }), bead('gt-d'), bead('gt-e', { status: 'tombstone' })];
  assert.equal(idsOf(beads), ['gt-a', 'gt-b']);
  assert.equal(idsOf(beads, undefined, now - 7 * 86_400_000), ['gt-a']);
  assert.equal(idsOf(beads, '*-B'), ['gt-b']);
});

purging('leave what anything that stays points at, over any number of steps', () => {
  assert.equal(idsOf([closed('gt-a'), closed('gt-b', on('gt-b', 'gt-a')), closed('gt-c', on('gt-c', 'gt-b'))]), ['gt-a', 'gt-b', 'gt-c']);
  assert.equal(idsOf([closed('gt-a'), closed('gt-b', on('gt-b', 'gt-a')), bead('gt-c', on('gt-c', 'gt-b')), closed('gt-d')]), ['gt-d']);
  fc.assert(fc.property(anyBeads, (beads) => {
    const gone = new Set(purgeable(beads, { before: now, pattern: undefined }).map(({ id }) => id));
    for (const each of beads.all()) if (each.status !== 'tombstone' && !gone.has(each.id)) for (const edge of each.dependencies ?? []) assert.not(gone.has(edge.depends_on_id), `${each.id} points at ${edge.depends_on_id}`);
  }), { numRuns: 200 });
});

purging.run();
