import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evolve, indexed, type Bead } from '../../src/domain/bead.ts';
import { candidates, compact, textSize } from '../../src/domain/compaction.ts';
import { bead, nux, refusal } from '../helpers/garage.ts';

const how = { force: false, commit: 'c0ffee' };
const long = 'The brake lines leak where they meet the pod. '.repeat(20);
const closed = (fields: Partial<Bead> = {}): Bead => bead('gt-a', { status: 'closed', closed_at: '2026-03-01T08:00:00Z', close_reason: 'done', description: long, notes: 'Salt.', comments: [{ id: 'c1', issue_id: 'gt-a', author: 'nux', text: long, created_at: '2026-02-01T08:00:00Z' }], ...fields });
const now = Date.parse(nux.at);
const after = (before: Bead, summary: string | undefined, force = false): Bead => compact(indexed(new Map([[before.id, before]])), before.id, summary, { ...how, force }, nux).reduce<Bead>((known, change) => evolve(known, change) ?? known, before);

const compacting = suite('compact');

compacting('puts a summary in the place of the texts, says where they are, and leaves everything else', () => {
  const before = closed({ design: 'Weld it' });
  const { updated_at: at, description, compacted_at, compacted_at_commit, compaction_level, original_size, ...rest } = after(before, ' Replaced; salt. ');
  assert.equal([description, compacted_at, compacted_at_commit, compaction_level, original_size, at], ['Replaced; salt.', nux.at, 'c0ffee', 1, textSize(before), nux.at]);
  const { updated_at: _at, description: _text, notes: _notes, design: _design, ...stays } = before;
  assert.equal(rest, stays);
});

compacting('comes a second time after 90 days, and still says where all of it is', () => {
  const once = after(closed({ closed_at: '2026-01-01T08:00:00Z' }), long.slice(0, 500));
  const twice = after({ ...once, compacted_at_commit: 'beef' }, 'Salt.');
  assert.equal([twice['compaction_level'], twice['compacted_at_commit'], twice['original_size']], [2, 'beef', textSize(closed())]);
  assert.throws(() => after({ ...twice, description: long }, 'Salt.'), refusal('bead.not-compactable'));
});

compacting('is due 30 days after closing for work that says much', () => {
  const list = [closed(), closed({ id: 'gt-b', description: long + long }), closed({ id: 'gt-new', closed_at: '2026-04-20T08:00:00Z' }), closed({ id: 'gt-open', status: 'open' }), closed({ id: 'gt-short', description: 'Salt.' }), closed({ id: 'gt-mail', issue_type: 'message' })];
  assert.equal(candidates(list, now).map(({ bead: each, level, days }) => [each.id, level, days]), [['gt-b', 1, 61], ['gt-a', 1, 61]]);
  for (const other of list.slice(2)) assert.throws(() => after(other, 'Salt.'), refusal('bead.not-compactable'), other.id);
  assert.is(after(list[2]!, 'Salt.', true).description, 'Salt.');
  for (const summary of ['', long + long]) assert.throws(() => after(closed(), summary), refusal('bead.not-compactable'));
});

compacting('by trimming keeps how each long text begins, never makes one longer, and changes short ones not at all', () => {
  const before = closed({ description: `${'x'.repeat(200)} ${'y'.repeat(200)}` });
  assert.is(after(before, undefined).description, `${'x'.repeat(200)} …`);
  assert.is(after(before, undefined)['notes'], 'Salt.');
  fc.assert(fc.property(fc.array(fc.option(fc.string({ unit: 'grapheme', maxLength: 900 }), { nil: undefined }), { minLength: 4, maxLength: 4 }), ([description, design, criteria, notes]) => {
    const given = closed(JSON.parse(JSON.stringify({ description: description ?? '', design, acceptance_criteria: criteria, notes })) as Partial<Bead>);
    const trimmed = after(given, undefined, true);
    assert.ok(textSize(trimmed) <= textSize(given));
    for (const key of ['description', 'design', 'acceptance_criteria', 'notes']) {
      const [was, is] = [given[key] as string | undefined, trimmed[key] as string | undefined];
      if (was !== is) assert.ok(was !== undefined && is !== undefined && is.endsWith(' …') && is.isWellFormed() && was.startsWith(is.slice(0, -2).replace(/\ufffd$/, '')), key);
    }
  }), { numRuns: 200 });
});

compacting.run();
