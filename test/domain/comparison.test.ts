import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Bead } from '../../src/domain/bead.ts';
import { fates } from '../../src/domain/comparison.ts';
import { bead } from '../helpers/garage.ts';

const holding = (...beads: readonly Bead[]): ReadonlyMap<string, Bead> => new Map(beads.map((each) => [each.id, each]));
const gone = (id: string, fields: Partial<Bead> = {}): Bead => bead(id, { status: 'tombstone', ...fields });

const comparing = suite('two states of a ledger');

comparing('differ by what was added, changed and deleted, and by nothing else', () => {
  const before = holding(bead('gt-a'), bead('gt-b'), bead('gt-c'), gone('gt-d'));
  const after = holding(bead('gt-a'), bead('gt-b', { title: 'New', updated_at: '2026-04-01T08:00:00Z' }), gone('gt-c', { delete_reason: 'off' }), gone('gt-d'), bead('gt-e'), gone('gt-f'));
  assert.equal(fates(before, after).map(({ id, kind, title, changes }) => [id, kind, title, changes]), [
    ['gt-b', 'changed', 'New', ['title Mend gt-b → New']], ['gt-c', 'deleted', 'Mend gt-c', ['deleted: off']], ['gt-e', 'added', 'Mend gt-e', ['created as open task P2: Mend gt-e']],
  ]);
  assert.equal(fates(before, before), []);
  assert.equal(fates(after, holding(...after.values())), []);
});

comparing('tell of a renamed bead as one', () => {
  const before = holding(bead('gt-a'), bead('gt-b'));
  const after = holding(gone('gt-a', { renamed_to: 'gt-x' }), bead('gt-x', { title: 'Mend gt-a', priority: 0 }), gone('gt-b', { renamed_to: 'gt-y' }), bead('gt-y', { title: 'Mend gt-b' }));
  assert.equal(fates(before, after).map(({ id, kind, changes }) => [id, kind, changes]), [['gt-x', 'changed', ['called gt-a so far', 'priority 2 → 0']], ['gt-y', 'changed', ['called gt-b so far']]]);
  assert.equal(fates(after, before).map(({ id, kind }) => [id, kind]), [['gt-a', 'added'], ['gt-b', 'added'], ['gt-x', 'deleted'], ['gt-y', 'deleted']]);
});

comparing.run();
