import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evolve, indexed, type Bead } from '../../src/domain/bead.ts';
import { parseState, setState, statesOf } from '../../src/domain/dimension.ts';
import { bead, nux, refusal } from '../helpers/garage.ts';

const set = (before: Bead, text: string, reason?: string): Bead => setState(indexed(new Map([[before.id, before]])), before.id, parseState(text), reason === undefined ? undefined : { reason, commentId: 'c1' }, nux).reduce<Bead>((known, change) => evolve(known, change) ?? known, before);

const states = suite('the state of a bead');

states('in one regard takes the place of what it was, and of all that a merge has left there', () => {
  const before = bead('gt-a', { labels: ['hot', 'health:good', 'health:poor', 'phase:weld'] });
  const after = set(before, 'health=failing', 'it leaks');
  assert.equal(after.labels, ['health:failing', 'hot', 'phase:weld']);
  assert.equal(statesOf(after), [{ dimension: 'health', value: 'failing' }, { dimension: 'phase', value: 'weld' }]);
  assert.is(after.comments?.[0]?.text, 'health is failing: it leaks');
  assert.is(set(after, 'health=failing', 'again'), after);
});

states('is typed as a dimension and a value', () => {
  assert.equal(parseState('phase=a=b'), { dimension: 'phase', value: 'a=b' });
  for (const bad of ['', 'health', '=good', 'health=', 'he alth=good', 'health=very good', 'health=a,b', 'health=a:b']) assert.throws(() => parseState(bad), refusal('state.bad'), bad);
});

states.run();
