import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stampTime } from '../../src/base/clock.ts';
import type { Bead } from '../../src/domain/bead.ts';
import { imported, importedBirth, importedOver } from '../../src/ledger/imported.ts';
import { bead } from '../helpers/garage.ts';

const noBirths = (): undefined => undefined;

const importing = suite('an imported record');

importing('is the same in every clone', () => {
  const each = bead('gt-a', { status: 'closed', updated_at: '2026-03-02T08:00:00Z', closed_at: '2026-03-02T08:00:00Z', close_reason: 'done', labels: ['x'] });
  const stored = imported(each, noBirths);
  assert.equal(stored, imported(JSON.parse(JSON.stringify(each)) as Bead, noBirths));
  assert.is(stampTime(stored.clock.born), Date.parse(each.created_at));
  assert.is(stampTime(String(stored.clock['title'])), Date.parse(each.updated_at));
  assert.equal(Object.values(stored.clock.closes ?? {}), [{ at: each.closed_at, reason: 'done' }]);
});

importing('has a birth of its id and its creation', () => {
  assert.is(importedBirth(bead('gt-a')), importedBirth(bead('gt-a', { title: 'Other' })));
  assert.is.not(importedBirth(bead('gt-a')), importedBirth(bead('gt-b')));
  assert.is.not(importedBirth(bead('gt-a')), importedBirth(bead('gt-a', { created_at: '2026-03-01T08:00:01Z' })));
});

importing('stays the same bead when a newer state is imported over it', () => {
  const before = imported(bead('gt-a'), noBirths);
  const after = importedOver(before, bead('gt-a', { title: 'New', updated_at: '2026-04-01T08:00:00Z' }), noBirths);
  assert.is(after.clock.born, before.clock.born);
  assert.is(stampTime(String(after.clock['title'])), Date.parse('2026-04-01T08:00:00Z'));
});

importing('over an older state closes as it would in a clone that had none', () => {
  const closed = bead('gt-a', { status: 'closed', updated_at: '2026-04-01T08:00:00Z', closed_at: '2026-04-01T08:00:00Z' });
  const over = importedOver(imported(bead('gt-a'), noBirths), closed, noBirths);
  assert.equal(over.clock.closes, imported(closed, noBirths).clock.closes);
});

importing.run();
