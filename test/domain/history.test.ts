import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { find, evolving, type BeadChange, type Beads } from '../../src/domain/bead.ts';
import { close, remove, reopen } from '../../src/domain/closing.ts';
import { addLabel, comment, edit, recordAttempt } from '../../src/domain/content.ts';
import { depend } from '../../src/domain/dependency.ts';
import { claim } from '../../src/domain/hook.ts';
import { differences } from '../../src/domain/history.ts';
import { garage, nux, slit } from '../helpers/garage.ts';

function told(id: string, ...decisions: ((beads: Beads) => BeadChange[])[]): string[][] {
  const view = evolving(garage());
  return decisions.map((decide) => {
    const before = view.get(id);
    view.take(decide(view));
    return differences(before, view.get(id));
  });
}

const history = suite('differences');

history('are told in words', () => {
  const id = 'garage-horn';
  const life = told(
    id,
    (beads) => claim(beads, id, nux),
    (beads) => edit(beads, id, { priority: 1, description: 'Louder.', metadata: { pitch: 'low' } }, nux),
    (beads) => addLabel(beads, id, 'noise', nux),
    (beads) => depend(beads, id, 'garage-tank', 'blocks', nux),
    (beads) => comment(beads, id, 'c9', 'It howls.', slit),
    (beads) => recordAttempt(beads, id, { id: 't', agent: 'nux', outcome: 'failed', evidence: 'exit 1', at: '' }),
    (beads) => close(beads, id, { reason: 'Loud enough', force: true }, nux),
    (beads) => reopen(beads, id, slit),
    (beads) => remove(beads, id, { reason: 'sold' }, nux),
  );
  assert.equal(life, [
    ['status open → in_progress', 'given to nux'],
    ['priority 4 → 1', 'description written', 'metadata.pitch set to low'],
    ['label +noise'],
    ['depends on garage-tank (blocks)'],
    ['comment: It howls.'],
    ['attempt by nux: failed'],
    ['closed: Loud enough'],
    ['reopened as open', 'taken from nux'],
    ['deleted: sold'],
  ]);
});

history('begin with the birth, and are none where nothing changed', () => {
  assert.equal(differences(undefined, find(garage(), 'garage-horn')), ['created as open task P4: Tune the horn']);
  assert.equal(differences(find(garage(), 'garage-horn'), find(garage(), 'garage-horn')), []);
  assert.equal(differences(undefined, undefined), []);
});

history.run();
