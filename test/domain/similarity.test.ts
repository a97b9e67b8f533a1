import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Bead } from '../../src/domain/bead.ts';
import { resemblances, wordsOf } from '../../src/domain/similarity.ts';
import { bead } from '../helpers/garage.ts';

const named = (id: string, title: string, fields: Partial<Bead> = {}): Bead => bead(id, { title, ...fields });
const pairs = (beads: readonly Bead[], least: number): unknown[] => resemblances(beads, least).map(({ one, other, similarity }) => [one.id, other.id, Number(similarity.toFixed(2))]);

const resembling = suite('resemblances');

resembling('are pairs by the words that both say, whatever their order, case and signs', () => {
  const beads = [named('gt-c', 'Weld the pod!'), named('gt-a', 'the POD: weld'), named('gt-b', 'Weld the gate', { description: 'before noon' }), named('gt-d', 'Paint')];
  assert.equal(pairs(beads, 0.3), [['gt-a', 'gt-c', 1], ['gt-a', 'gt-b', 0.33], ['gt-b', 'gt-c', 0.33]]);
  assert.equal(pairs(beads, 0.5), [['gt-a', 'gt-c', 1]]);
});

resembling('leave out what is done, the books of the town, and beads with an edge between them', () => {
  const edge = { issue_id: 'gt-b', depends_on_id: 'gt-a', type: 'related', created_at: '', created_by: '' };
  const all = [named('gt-a', 'Weld'), named('gt-b', 'weld', { dependencies: [edge] }), named('gt-c', 'weld', { status: 'closed' }), named('gt-d', 'weld', { issue_type: 'message' })];
  assert.equal(pairs(all, 0.1), []);
  assert.equal(pairs([...all, named('gt-e', 'WELD')], 0.1), [['gt-a', 'gt-e', 1], ['gt-b', 'gt-e', 1]]);
});

resembling('are what comparing each with each finds', () => {
  const text = fc.array(fc.constantFrom('weld', 'paint', 'the', 'pod', 'gate', 'road'), { minLength: 1, maxLength: 6 }).map((words) => words.join(' '));
  fc.assert(fc.property(fc.array(text, { maxLength: 12 }), fc.constantFrom(0.2, 0.5, 1), (titles, least) => {
    const beads = titles.map((title, index) => named(`gt-${index}`, title));
    const expected = beads.flatMap((one) => beads.flatMap((other) => {
      const [a, b] = [wordsOf(one), wordsOf(other)];
      const both = [...a].filter((word) => b.has(word)).length;
      return one.id < other.id && both > 0 && both / (a.size + b.size - both) >= least ? [`${one.id} ${other.id}`] : [];
    }));
    assert.equal(resemblances(beads, least).map(({ one, other }) => `${one.id} ${other.id}`).sort(), expected.sort());
  }), { numRuns: 300 });
});

resembling.run();
