import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evolving, find, statuses, type Act } from '../../src/domain/bead.ts';
import { create, edit } from '../../src/domain/content.ts';
import { explain } from '../../src/domain/explaining.ts';
import { checkType } from '../../src/domain/kind.ts';
import { statusMeanings } from '../../src/domain/meaning.ts';
import { judgeMentions, readStates } from '../../src/domain/pull-request.ts';
import { isReady } from '../../src/domain/ready.ts';
import { categories, checkStatuses, customStatuses, type CategoryOf } from '../../src/domain/status.ts';
import { garage, nux, refusal } from '../helpers/garage.ts';

const custom = suite('customStatuses');

custom('reads a list, or a text with commas, and leaves out what it cannot read', () => {
  const both = [{ name: 'in_review', category: 'active' }, { name: 'qa', category: 'wip' }, { name: 'welded', category: 'unspecified' }];
  for (const value of [['in_review:active', 'qa:wip', 'welded'], 'in_review:active, qa:wip,welded,', ['in_review:active', 'qa:wip', 'welded:unspecified', 'qa:done', 'open:done', 'x:chrome', 7, null]]) {
    assert.equal(customStatuses({ status: { custom: value } }), both, JSON.stringify(value));
  }
  for (const value of [undefined, 7, {}, [], '']) assert.equal(customStatuses({ status: { custom: value } }), []);
  assert.equal(customStatuses({ status: 'qa' }), []);
});

custom('knows every category, those of everybody’s statuses among them', () => {
  for (const category of categories) assert.equal(customStatuses({ status: { custom: [`x:${category}`] } }), [{ name: 'x', category }]);
  for (const { category } of statusMeanings()) assert.ok(categories.includes(category));
});

custom.run();

const check = suite('checkStatuses');

check('holds what can be read', () => {
  for (const value of [[], ['in_review:active', 'qa:wip'], 'qa', 'a:done,b:frozen,c:unspecified', [`q${'a'.repeat(49)}`], ['constructor:wip']]) checkStatuses(value);
});

check('refuses what cannot, and says what is wrong and what to type', () => {
  const wrong: readonly [unknown, RegExp][] = [
    [['In Review:active'], /"In Review:active" .* short lower-case word/], ['9to5', /lower-case word/], [`q${'a'.repeat(50)}`, /lower-case word/], [':wip', /lower-case word/], [['qa:chrome'], /its category is none of active, wip, frozen, done, unspecified/],
    [['qa:wip:done'], /category/], ['qa:', /category/], ['qa:wip,qa:done', /qa stands there twice/], ['tombstone', /means something else/], ['all', /means something else/], ['ready:active', /means something else/],
    ...statuses.map((name): [string, RegExp] => [`${name}:wip`, new RegExp(`everybody has ${name} already`)]),
  ];
  for (const [value, message] of wrong) {
    assert.throws(() => checkStatuses(value), (error: Error & { readonly hint?: string }) => refusal('status.bad')(error) && message.test(error.message) && error.hint === 'gt config set status.custom in_review:active,qa:wip', String(value));
  }
});

check.run();

const given = suite('a bead with a status that the settings add');
const knowing: Act = { ...nux, statuses: ['in_review', 'qa'] };
const now = Date.parse('2026-05-01T02:00:00Z');

given('gets it where the settings are known, and nowhere else', () => {
  assert.equal(edit(garage(), 'garage-horn', { status: 'qa' }, knowing), [{ op: 'bead.edited', id: 'garage-horn', at: nux.at, set: { status: 'qa' } }]);
  assert.is(create(garage(), 'garage-x', { title: 'x', status: 'in_review' }, knowing).length, 1);
  assert.throws(() => edit(garage(), 'garage-horn', { status: 'qa' }, nux), refusal('status.unknown'));
  assert.throws(() => edit(garage(), 'garage-horn', { status: 'aq' }, knowing), (error: Error & { readonly hint?: string }) => /closed, in_review, qa$/.test(error.message) && error.hint === '--status qa');
});

given('is named with few others where another word is typed, however many the settings add', () => {
  const many = { ...nux, statuses: Array.from({ length: 500 }, (_, index) => `bay_${index}`) };
  for (const [word, hint] of [['bay_499x', '--status bay_499'], ['shine', 'gt statuses']] as const) {
    assert.throws(() => edit(garage(), 'garage-horn', { status: word }, many), (error: Error & { readonly hint?: string }) => /closed, bay_0, bay_1, bay_2, bay_3, bay_4 and 495 more$/.test(error.message) && error.hint === hint);
  }
  assert.throws(() => readStates('shine', many.statuses.map((name) => ({ name, category: 'wip' }))), (error: Error & { readonly hint?: string }) => (error.hint ?? '').length < 200 && / and \d+ more$/.test(error.hint ?? ''));
  assert.throws(() => checkType('shine', () => ({ types: { custom: many.statuses } })), /milestone, bay_0, bay_1, bay_2, bay_3, bay_4 and 495 more$/);
});

given('is changed otherwise though the settings know the status no more', () => {
  const beads = garage({ 'garage-horn': { status: 'welded' } });
  assert.equal(edit(beads, 'garage-horn', { priority: 0 }, nux), [{ op: 'bead.edited', id: 'garage-horn', at: nux.at, set: { priority: 0 } }]);
});

given('leaves closed by a reopening', () => {
  const beads = evolving(garage({ 'garage-horn': { status: 'closed', closed_at: nux.at } }));
  assert.equal(beads.take(edit(beads, 'garage-horn', { status: 'qa' }, knowing)).map(({ op }) => op), ['bead.reopened', 'bead.edited']);
  assert.equal([find(beads, 'garage-horn').status, find(beads, 'garage-horn').closed_at], ['qa', undefined]);
});

given('is ready where the status is active, and holds up others whatever it is', () => {
  const wanted = Object.fromEntries(categories.map((category) => [category, category === 'active']));
  for (const [category, expected] of Object.entries(wanted)) {
    const beads = garage({ 'garage-horn': { status: 'qa' } });
    const categoryOf: CategoryOf = ({ status }) => customStatuses({ status: { custom: [`qa:${category}`] } }).find(({ name }) => name === status)?.category;
    assert.is(isReady(beads, find(beads, 'garage-horn'), now, categoryOf), expected, category);
    assert.is(explain(beads, [find(beads, 'garage-horn')], now, categoryOf).ready.length === 1, expected, category);
    const [judgement] = judgeMentions(beads, [{ id: 'garage-horn', states: ['ready'] }], [], now, [{ name: 'qa', category: category as 'wip' }]);
    assert.is(judgement?.met, expected, category);
    const waiting = [...garage().all()].find((each) => each.dependencies?.some(({ type }) => type === 'blocks'));
    const blocker = waiting?.dependencies?.find(({ type }) => type === 'blocks')?.depends_on_id ?? '';
    assert.not.ok(isReady(garage({ [blocker]: { status: 'qa' } }), find(garage({ [blocker]: { status: 'qa' } }), waiting?.id ?? ''), now, categoryOf), category);
  }
  assert.not.ok(isReady(garage({ 'garage-horn': { status: 'qa' } }), find(garage({ 'garage-horn': { status: 'qa' } }), 'garage-horn'), now));
});

given('is what a pull request may say of it', () => {
  assert.equal(readStates('qa or open', [{ name: 'qa', category: 'wip' }]), ['qa', 'open']);
  assert.throws(() => readStates('qa'), refusal('state.unknown'));
});

given.run();
