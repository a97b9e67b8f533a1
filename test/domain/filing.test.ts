import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { find } from '../../src/domain/bead.ts';
import { fileBeads, orderOf, parseLink, type Order } from '../../src/domain/filing.ts';
import { checkType } from '../../src/domain/kind.ts';
import { garage, nux, refusal } from '../helpers/garage.ts';

const numbering = { prefixes: ['garage', 'hq'], infix: '', count: 12, seed: 'x' };

function order(value: Record<string, unknown>): Order {
  const read = orderOf(value);
  if (typeof read === 'string') throw new Error(read);
  return read;
}

const link = suite('parseLink');

link('says which of two beads waits', () => {
  assert.equal(parseLink('gt-a'), { type: 'blocks', other: 'gt-a', blocks: false });
  assert.equal(parseLink('blocks:gt-a'), { type: 'blocks', other: 'gt-a', blocks: true });
  assert.equal(parseLink('discovered-from:gt-a'), { type: 'discovered-from', other: 'gt-a', blocks: false });
  assert.equal(parseLink('external:valhalla:gates'), { type: 'blocks', other: 'external:valhalla:gates', blocks: false });
});

link.run();

const line = suite('orderOf');

line('reads what people and what beads write', () => {
  assert.equal(order({ id: 'a', title: 'A', deps: 'b,discovered-from:c', priority: 0, type: 'bug' }), {
    id: 'a', parent: undefined, inheritLabels: true, fields: { title: 'A', priority: 0, issue_type: 'bug' },
    links: [{ type: 'blocks', other: 'b', blocks: false }, { type: 'discovered-from', other: 'c', blocks: false }],
  });
  assert.equal(order({ title: 'B', dependencies: [{ depends_on_id: 'a', type: 'related' }, 'b'] }).links.map(({ type }) => type), ['related', 'blocks']);
});

line('says what is wrong', () => {
  for (const value of [{}, { title: 1 }, { title: 'x', id: 5 }, { title: 'x', parent: [] }, { title: 'x', deps: 5 }, { title: 'x', deps: [''] }, { title: 'x', dependencies: [{}] }]) assert.type(orderOf(value), 'string');
});

line.run();

const filing = suite('fileBeads');

filing('lets lines name one another, those below too', () => {
  const { ids, beads } = fileBeads(garage(), [order({ id: 'b', title: 'B', deps: ['a', 'garage-horn'] }), order({ id: 'a', title: 'A', deps: ['blocks:garage-run'] })], numbering, nux);
  const [b = '', a = ''] = ids;
  assert.match(a, /^garage-[0-9a-z]{5}$/);
  assert.equal(find(beads, b).dependencies?.map((edge) => edge.depends_on_id), [a, 'garage-horn']);
  assert.equal(find(beads, 'garage-run').dependencies?.at(-1)?.depends_on_id, a);
});

filing('numbers children below their parent, and hands labels down', () => {
  const { ids, beads } = fileBeads(garage(), [order({ title: 'One', parent: 'garage-haul' }), { ...order({ title: 'Two', parent: 'garage-haul', labels: ['own'] }), inheritLabels: false }], numbering, nux);
  assert.equal(ids, ['garage-haul.1', 'garage-haul.2']);
  assert.equal(ids.map((id) => find(beads, id).labels), [['rig'], ['own']]);
  assert.equal(find(beads, 'garage-haul.1').dependencies?.[0]?.type, 'parent-child');
});

filing('loses no label that is written as none should be', () => {
  for (const parent of [undefined, 'garage-haul']) assert.throws(() => fileBeads(garage(), [order({ title: 'One', parent, labels: 'hot' })], numbering, nux), refusal('field.bad'));
});

filing('keeps an id that belongs here, and refuses one that is taken', () => {
  assert.equal(fileBeads(garage(), [order({ id: 'garage-skull', title: 'Skull' })], numbering, nux).ids, ['garage-skull']);
  assert.throws(() => fileBeads(garage(), [order({ id: 'garage-horn', title: 'Horn' })], numbering, nux), refusal('bead.id-taken'));
  assert.throws(() => fileBeads(garage(), [order({ id: 'garage-../x', title: 'x' })], numbering, nux), refusal('id.bad'));
});

filing('refuses circles within the file, and what is not there', () => {
  assert.throws(() => fileBeads(garage(), [order({ id: 'a', title: 'A', deps: ['b'] }), order({ id: 'b', title: 'B', deps: ['a'] })], numbering, nux), refusal('dependency.bad'));
  assert.throws(() => fileBeads(garage(), [order({ title: 'A', deps: ['garage-ghost'] })], numbering, nux), refusal('bead.unknown'));
  assert.throws(() => fileBeads(garage(), [order({ title: 'A', deps: ['blocks:gt-elsewhere'] })], numbering, nux), refusal('dependency.bad'));
});

filing('makes the ids of equal beads differ by their seeds', () => {
  const made = ['x', 'y'].map((seed) => fileBeads(garage(), [order({ title: 'Same' })], { ...numbering, seed }, nux).ids[0]);
  assert.is.not(made[0], made[1]);
});

filing.run();

const type = suite('checkType');

type('knows the types, other words for them, and those of the settings', () => {
  assert.is(checkType('bug', () => ({})), 'bug');
  assert.is(checkType('enhancement', () => ({})), 'feature');
  assert.is(checkType('chrome', () => ({ types: { custom: 'chrome, shine' } })), 'chrome');
  assert.throws(() => checkType('bgu', () => ({})), refusal('type.unknown'));
  assert.throws(() => checkType('toString', () => ({})), refusal('type.unknown'));
});

type.run();
