import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shardOf } from '../../src/base/ids.ts';
import { close, remove } from '../../src/domain/closing.ts';
import { addLabel, create, edit, removeLabel } from '../../src/domain/content.ts';
import { claim } from '../../src/domain/hook.ts';
import { changedParts, differences } from '../../src/domain/history.ts';
import { importCommit } from '../../src/git/import.ts';
import { updateRefs } from '../../src/git/refs.ts';
import { auditTrail, headOf, versionsOf, type Search } from '../../src/ledger/history.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { consult, openSnapshot } from '../../src/ledger/read.ts';
import { shardPath } from '../../src/ledger/shards.ts';
import { transact } from '../../src/ledger/transact.ts';
import { nux, refusal, slit } from '../helpers/garage.ts';
import { ace, bareLedger, gitIn, loseObject, newLedger, take, write } from '../helpers/ledger.ts';

const history = suite('versionsOf');

history('tells who changed a bead and how, and nothing of its neighbours', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await write(ledger, (view) => create(view, 'gt-a.1', { title: 'Grind' }, nux));
  await transact(ledger, { ...ace, actor: 'nux' }, 'Claim', (view) => claim(view, 'gt-a', nux));
  await write(ledger, (view) => close(view, 'gt-a', { reason: 'done' }, slit));
  await write(ledger, (view) => remove(view, 'gt-a', { reason: 'off', force: true }, nux));
  const versions = await versionsOf(ledger, 'gt-a');
  assert.equal(versions.map(({ actor, before, after }) => [actor, differences(before, after).join(', ')]), [
    ['ace', 'created as open task P2: Weld'],
    ['nux', 'status open → in_progress, given to nux'],
    ['ace', 'closed: done'],
    ['ace', 'deleted: off'],
  ]);
  assert.equal(await versionsOf(ledger, 'gt-zzz'), []);
});

history('can be looked at as it was', async () => {
  const ledger = await newLedger();
  const { commit } = await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await write(ledger, (view) => close(view, 'gt-a', { reason: 'done' }, slit));
  const then = await openSnapshot(ledger, commit);
  assert.is(await then.ask((view) => view.get('gt-a')?.status), 'open');
});

history('tells who wrote in which session, and every part from what to what', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld', labels: ['hot'] }, nux));
  await transact(ledger, { ...ace, session: 's1' }, 'Edit gt-a', (view) => [...edit(view, 'gt-a', { title: 'Grind', metadata: { tool: 'torch' } }, nux), ...addLabel(view, 'gt-a', 'loud', nux), ...removeLabel(view, 'gt-a', 'hot', nux)]);
  const [, edited] = await versionsOf(ledger, 'gt-a');
  assert.is(edited?.session, 's1');
  assert.is(edited?.subject, 'Edit gt-a');
  assert.equal(JSON.parse(JSON.stringify(changedParts(edited?.before, edited?.after))), [
    { part: 'labels.hot', from: 'hot' },
    { part: 'labels.loud', to: 'loud' },
    { part: 'metadata.tool', to: 'torch' },
    { part: 'title', from: 'Weld', to: 'Grind' },
  ]);
});

/** Two writes apart, and a merge of both that takes these lines. */
async function mergeOf(ledger: Ledger, merged: (ours: string, theirs: string) => string): Promise<void> {
  const path = shardPath(shardOf('gt-a'));
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld', priority: 2 }, nux));
  const base = await headOf(ledger);
  const ours = await transact(ledger, ace, 'Ours', (view) => edit(view, 'gt-a', { title: 'Grind' }, nux));
  await updateRefs(ledger.repository, [{ ref: ledger.ref, from: ours.commit!, to: base }]);
  const theirs = await transact(ledger, { ...ace, actor: 'slit' }, 'Theirs', (view) => edit(view, 'gt-a', { priority: 0 }, slit));
  const [one, other] = await Promise.all([ours, theirs].map(({ commit }) => gitIn(ledger, 'show', `${commit}:${path}`)));
  const person = { name: 'sync', email: 's@y.nc', epochSeconds: ledger.now() / 1000, zone: '+0000' };
  await importCommit(ledger.repository, ledger.ref, theirs.commit!, async () => ({ message: 'Merge', author: person, committer: person, files: new Map([[path, `${merged(one!, other!)}\n`]]), extraParents: [ours.commit!] }));
}

history('tells both sides of a merge, and of the merge itself only what no side had said', async () => {
  const both = await newLedger();
  await mergeOf(both, (ours) => ours.replace('"priority":2', '"priority":0'));
  assert.equal((await versionsOf(both, 'gt-a')).map(({ actor, subject }) => `${actor}: ${subject}`).sort(), ['ace: Ours', 'ace: Write', 'slit: Theirs', 'sync: Merge']);
  const one = await newLedger();
  await mergeOf(one, (ours) => ours);
  assert.equal((await versionsOf(one, 'gt-a')).map(({ subject }) => subject).sort(), ['Ours', 'Theirs', 'Write']);
});

history('passes over lines that nobody can read', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  const path = shardPath(shardOf('gt-a'));
  const [line, person] = [await gitIn(ledger, 'show', `${await headOf(ledger)}:${path}`), { name: 'x', email: 'x@y.z', epochSeconds: 1, zone: '+0000' }];
  for (const text of [`<<<<<<<\n${line}\n`, `${line}\n`]) await importCommit(ledger.repository, ledger.ref, await headOf(ledger), async () => ({ message: 'By hand', author: person, committer: person, files: new Map([[path, text]]) }));
  await write(ledger, (view) => close(view, 'gt-a', { reason: 'done' }, slit));
  assert.equal((await versionsOf(ledger, 'gt-a')).map(({ subject }) => subject), ['Write', 'Write']);
});

history('tells two beads apart that were given one id, and follows the one that has had to give it up', async () => {
  const watch = { time: Date.parse('2026-05-01T08:00:00Z') };
  const ours = await newLedger(watch);
  const theirs = await bareLedger({ time: watch.time + 60_000 });
  await take(theirs, ours);
  await transact(ours, ace, 'Ours', (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await transact(ours, ace, 'Ours again', (view) => edit(view, 'gt-a', { title: 'Rivet' }, nux));
  await transact(theirs, ace, 'Theirs', (view) => create(view, 'gt-a', { title: 'Paint' }, slit));
  await transact(theirs, ace, 'Theirs again', (view) => edit(view, 'gt-a', { title: 'Spray' }, slit));
  await take(ours, theirs);
  const marked = (await consult(ours, (view) => [...view.all()].map(({ id }) => id))).find((id) => id !== 'gt-a') ?? '';
  await transact(ours, ace, 'At last', (view) => edit(view, marked, { title: 'Polish' }, nux));
  const told = async (id: string): Promise<unknown> => (await versionsOf(ours, id)).map(({ subject, before, after }) => [subject.replace(/ .*and.*/, ''), before?.title, after?.title]);
  assert.equal(await told('gt-a'), [['Ours', undefined, 'Weld'], ['Ours again', 'Weld', 'Rivet']]);
  assert.equal(await told(marked), [['Theirs', undefined, 'Paint'], ['Theirs again', 'Paint', 'Spray'], ['Merge', 'Spray', 'Spray'], ['At last', 'Spray', 'Polish']]);
});

history('makes no beginning of a bead out of an object that is lost', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await write(ledger, (view) => edit(view, 'gt-a', { title: 'Grind' }, nux));
  await loseObject(ledger, `${ledger.ref}^:${shardPath(shardOf('gt-a'))}`);
  await versionsOf(ledger, 'gt-a').then(() => assert.unreachable(), (error: unknown) => assert.ok(refusal('object.missing')(error)));
});

const trail = suite('auditTrail');

trail('finds by actor, bead and time, newest first', async () => {
  const watch = { time: Date.parse('2026-05-01T08:00:00Z') };
  const ledger = await newLedger(watch);
  for (const [id, actor] of [['gt-a', 'nux'], ['gt-b', 'slit'], ['gt-c', 'nux']] as const) {
    watch.time += 3_600_000;
    await transact(ledger, { ...ace, actor, session: `of ${actor}` }, `Create ${id}`, (view) => create(view, id, { title: 'Weld' }, nux));
  }
  const found = async (search: Partial<Search>): Promise<string[]> => (await auditTrail(ledger, { limit: 10, ...search })).map(({ subject }) => subject);
  assert.equal(await found({}), ['Create gt-c', 'Create gt-b', 'Create gt-a', 'Begin a ledger for gt']);
  assert.equal(await found({ limit: 1 }), ['Create gt-c']);
  assert.equal(await found({ actor: 'nux' }), ['Create gt-c', 'Create gt-a']);
  assert.equal((await auditTrail(ledger, { limit: 10 }, await versionsOf(ledger, 'gt-b'))).map(({ subject }) => subject), ['Create gt-b']);
  assert.equal(await found({ since: Date.parse('2026-05-01T10:00:00Z'), until: Date.parse('2026-05-01T10:30:00Z') }), ['Create gt-b']);
  assert.equal(await auditTrail(ledger, { limit: 10 }, []), []);
  const [last] = await auditTrail(ledger, { limit: 1 });
  assert.equal([last?.beads, last?.changes.map(({ op }) => op), last?.session], [['gt-c'], ['bead.created'], 'of nux']);
});

history.run();
trail.run();
