import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deedOf } from '../../src/actions/deed.ts';
import { undoDeed } from '../../src/actions/undo.ts';
import { canonical } from '../../src/base/jsonl.ts';
import { renamedTo, type Act, type Bead, type Beads } from '../../src/domain/bead.ts';
import { remove } from '../../src/domain/closing.ts';
import { addLabel, comment, create, edit } from '../../src/domain/content.ts';
import { adopt, depend } from '../../src/domain/dependency.ts';
import { rename } from '../../src/domain/renaming.ts';
import { markedId } from '../../src/ledger/births.ts';
import { headOf, versionsOf } from '../../src/ledger/history.ts';
import { mainRef, type Ledger } from '../../src/ledger/ledger.ts';
import { mergeRecords } from '../../src/ledger/merge.ts';
import { liveBeads, referrersOf } from '../../src/ledger/projection.ts';
import { consult } from '../../src/ledger/read.ts';
import { rename as renameRecords } from '../../src/ledger/renaming.ts';
import type { View } from '../../src/ledger/shards.ts';
import { lineOf, type Stored } from '../../src/ledger/stored.ts';
import type { LedgerChange } from '../../src/ledger/transact.ts';
import { bead, nux, refusal, slit } from '../helpers/garage.ts';
import { ace, cloneOf, gitIn, newLedger, take, write } from '../helpers/ledger.ts';
import { World } from '../helpers/replicas.ts';

const moved = (view: View, id: string, to: string): LedgerChange[] => rename(view, id, to).map((move) => ({ op: 'bead.moved', ...move }));
const call = (ledger: Ledger, id: string, to: string) => write(ledger, (view) => moved(view, id, to));
const does = (ledger: Ledger, act: Act, ...verbs: readonly ((beads: Beads, act: Act) => readonly LedgerChange[])[]) => verbs.reduce(async (before, verb) => (await before, write(ledger, (view) => verb(view, act))), Promise.resolve<unknown>(undefined));
const beadsOf = (ledger: Ledger): Promise<Bead[]> => consult(ledger, (view) => [...view.all()].filter(({ status }) => status !== 'tombstone').sort((a, b) => (a.id < b.id ? -1 : 1)));

/** A rig with a part, a bead that waits for it, one that names it, and a comment. */
async function garage(): Promise<Ledger> {
  const ledger = await newLedger();
  await does(
    ledger, nux,
    (beads, act) => create(beads, 'gt-rig', { title: 'Mend the rig' }, act), (beads, act) => create(beads, 'gt-rig.1', { title: 'Weld the pod' }, act), (beads, act) => adopt(beads, 'gt-rig.1', 'gt-rig', act),
    (beads, act) => create(beads, 'gt-road', { title: 'Take the road', metadata: { request: 'gt-rig' } }, act), (beads, act) => depend(beads, 'gt-road', 'gt-rig', 'blocks', act), (beads, act) => comment(beads, 'gt-rig', 'c1', 'The pod leaks', act),
  );
  return ledger;
}

const renaming = suite('renaming');

renaming('takes along children, edges, references and comments, and leaves a line where each was', async () => {
  const ledger = await garage();
  await liveBeads(ledger);
  await call(ledger, 'gt-rig', 'gt-war');
  const beads = await beadsOf(ledger);
  assert.equal(beads.map(({ id }) => id), ['gt-road', 'gt-war', 'gt-war.1']);
  const [road, war, part] = beads;
  assert.equal(road?.dependencies?.map((edge) => [edge.issue_id, edge.depends_on_id]), [['gt-road', 'gt-war']]);
  assert.is(road?.metadata?.['request'], 'gt-war');
  assert.equal(part?.dependencies?.map((edge) => [edge.issue_id, edge.depends_on_id]), [['gt-war.1', 'gt-war']]);
  assert.equal(war?.comments?.map((each) => [each.issue_id, each.text]), [['gt-war', 'The pod leaks']]);
  assert.equal(await consult(ledger, (view) => ['gt-rig', 'gt-rig.1'].map((id) => renamedTo(view.get(id)))), ['gt-war', 'gt-war.1']);
  assert.equal([...(await liveBeads(ledger)).all()].map(({ id }) => id).sort(), ['gt-road', 'gt-war', 'gt-war.1']);
  assert.equal((await referrersOf(ledger, await headOf(ledger), 'gt-war')).map(({ id }) => id).sort(), ['gt-road', 'gt-war.1']);
  assert.equal((await versionsOf(ledger, 'gt-war')).map(({ before, after }) => [before?.id, after?.id, after?.comments?.length ?? 0]), [[undefined, 'gt-rig', 0], ['gt-rig', 'gt-rig', 1], ['gt-rig', 'gt-war', 1]]);
  assert.match(await gitIn(ledger, 'log', '-1', '--format=%B', mainRef), '{"from":"gt-rig","id":"gt-war","op":"bead.moved"}');
});

renaming('and back again changes nothing that is said, and the other id still means the bead', async () => {
  const ledger = await garage();
  const before = (await beadsOf(ledger)).map(canonical);
  await call(ledger, 'gt-rig', 'gt-war');
  assert.not.equal((await beadsOf(ledger)).map(canonical), before);
  await call(ledger, 'gt-war', 'gt-rig');
  assert.equal((await beadsOf(ledger)).map(canonical), before);
  assert.equal(await consult(ledger, (view) => ['gt-rig', 'gt-war', 'gt-war.1'].map((id) => renamedTo(view.get(id)))), [undefined, 'gt-rig', 'gt-rig.1']);
  await call(ledger, 'gt-rig', 'gt-pod');
  assert.equal(await consult(ledger, (view) => ['gt-rig', 'gt-war', 'gt-war.1'].map((id) => renamedTo(view.get(id)))), ['gt-pod', 'gt-pod', 'gt-pod.1']);
});

renaming('is taken back by undo as if it had never been, while nobody else has seen it', async () => {
  const ledger = await garage();
  const before = (await beadsOf(ledger)).map(canonical);
  const { commit = '' } = await call(ledger, 'gt-rig', 'gt-war');
  await undoDeed(await deedOf(ledger, commit), [], ace, nux, false);
  assert.equal((await beadsOf(ledger)).map(canonical), before);
  assert.equal(await consult(ledger, (view) => [...view.all()].filter(({ status }) => status === 'tombstone')), []);
});

renaming('is taken back for all who point at the bead, since before or since then', async () => {
  const ledger = await garage();
  const lines = (): Promise<string[]> => consult(ledger, (view) => [...view.all()].flatMap(({ id }) => view.stored(id) ?? []).map(lineOf).sort());
  await does(ledger, nux, (beads, act) => create(beads, 'gt-a', { title: 'Aim', metadata: { request: 'gt-rig' } }, act), (beads, act) => depend(beads, 'gt-a', 'gt-rig', 'tracks', act));
  const before = await lines();
  const { commit = '' } = await call(ledger, 'gt-rig', 'gt-war');
  await does(ledger, nux, (beads, act) => create(beads, 'gt-tank', { title: 'Fill the tank', metadata: { request: 'gt-war' } }, act), (beads, act) => depend(beads, 'gt-tank', 'gt-war.1', 'blocks', act));
  const undone = await undoDeed(await deedOf(ledger, commit), [], ace, nux, false);
  const tank = async (): Promise<unknown> => consult(ledger, (view) => [view.get('gt-tank')?.metadata, view.get('gt-tank')?.dependencies?.map((edge) => edge.depends_on_id), view.stored('gt-tank')?.clock.references, view.stored('gt-rig')?.clock.born]);
  const [, , { request }] = (await tank()) as [unknown, unknown, { request: string }];
  assert.equal(await tank(), [{ request: 'gt-rig' }, ['gt-rig.1'], { request }, request]);
  assert.equal((await lines()).filter((line) => !line.includes('gt-tank')), before);
  assert.equal(undone.beads.map(({ id, changes }) => `${id} ${changes.length > 0}`).sort(), ['gt-a true', 'gt-rig true', 'gt-rig.1 true', 'gt-road true', 'gt-war true', 'gt-war.1 true']);
  await undoDeed(await deedOf(ledger, undone.commit ?? ''), [], ace, nux, false);
  assert.equal(await consult(ledger, (view) => ['gt-a', 'gt-road', 'gt-tank', 'gt-rig'].map((id) => [view.get(id)?.metadata?.['request'], view.get(id)?.dependencies?.[0]?.depends_on_id, renamedTo(view.get(id))])), [['gt-war', 'gt-war', undefined], ['gt-war', 'gt-war', undefined], ['gt-war', 'gt-war.1', undefined], [undefined, undefined, 'gt-war']]);
});

renaming('is known to who names the bead by its former id: the reference means it by its birth', async () => {
  const ledger = await garage();
  await call(ledger, 'gt-rig', 'gt-war');
  await does(ledger, nux, (beads, act) => create(beads, 'gt-tank', { title: 'Fill the tank', metadata: { request: 'gt-rig' } }, act), (beads, act) => create(beads, 'gt-pod', { title: 'Close the pod' }, act), (beads, act) => edit(beads, 'gt-pod', { metadata: { request: 'gt-rig' } }, act));
  for (const id of ['gt-tank', 'gt-pod']) {
    const [naming, birth] = await consult(ledger, (view) => [view.stored(id), view.stored('gt-war')?.clock.born]);
    assert.equal([naming?.bead.metadata, naming?.clock.references], [{ request: 'gt-war' }, { request: birth }]);
  }
});

renaming('in one clone and edits in another are one bead with both', async () => {
  const ours = await garage();
  const theirs = await cloneOf(ours);
  await call(ours, 'gt-rig', 'gt-war');
  await does(
    theirs, slit,
    (beads, act) => edit(beads, 'gt-rig', { title: 'Mend the war rig' }, act), (beads, act) => addLabel(beads, 'gt-rig.1', 'hot', act), (beads, act) => create(beads, 'gt-tank', { title: 'Fill the tank' }, act),
    (beads, act) => depend(beads, 'gt-tank', 'gt-rig', 'blocks', act), (beads, act) => edit(beads, 'gt-road', { metadata: { request: 'gt-rig', km: 7 } }, act), (beads, act) => comment(beads, 'gt-rig', 'c2', 'It holds', act),
  );
  await take(ours, theirs);
  await take(theirs, ours);
  assert.is(await headOf(ours), await headOf(theirs));
  const [road, tank, war, part, ...more] = await beadsOf(theirs);
  assert.equal(more, []);
  assert.equal([war?.id, war?.title, war?.comments?.map(({ id, issue_id: of }) => `${of} ${id}`)], ['gt-war', 'Mend the war rig', ['gt-war c1', 'gt-war c2']]);
  assert.equal([part?.id, part?.labels], ['gt-war.1', ['hot']]);
  assert.equal([tank?.dependencies?.[0]?.depends_on_id, road?.dependencies?.[0]?.depends_on_id, road?.metadata], ['gt-war', 'gt-war', { request: 'gt-war', km: 7 }]);
  assert.is(await consult(theirs, (view) => renamedTo(view.get('gt-rig'))), 'gt-war');
});

renaming('meets what happened to its ids elsewhere: deleted stays deleted, and the older bead keeps an id', async () => {
  const ours = await garage();
  const theirs = await cloneOf(ours);
  await call(ours, 'gt-rig', 'gt-war');
  await call(ours, 'gt-road', 'gt-way');
  await does(theirs, slit, (beads, act) => remove(beads, 'gt-road', { reason: 'washed away', force: true }, act), (beads, act) => create(beads, 'gt-war', { title: 'Another war' }, act), (beads, act) => create(beads, 'gt-x', { title: 'Waits' }, act), (beads, act) => depend(beads, 'gt-x', 'gt-war', 'blocks', act));
  await take(ours, theirs);
  await take(theirs, ours);
  assert.is(await headOf(ours), await headOf(theirs));
  const beads = new Map((await beadsOf(ours)).map((each) => [each.title, each]));
  assert.is(beads.get('Mend the rig')?.id, 'gt-war');
  assert.match(beads.get('Another war')?.id ?? '', /^gt-war\+[0-9a-z]{5}$/);
  assert.is(beads.get('Waits')?.dependencies?.[0]?.depends_on_id, beads.get('Another war')?.id);
  assert.is(beads.has('Take the road'), false);
  assert.equal(await consult(ours, (view) => ['gt-road', 'gt-way'].map((id) => [view.get(id)?.status, renamedTo(view.get(id))])), [['tombstone', 'gt-way'], ['tombstone', undefined]]);
});

renaming('of a parent takes no id from a bead elsewhere, where a child brings along the mark that it has', () => {
  const [early, late] = ['0moicwqg0000aaaaaa', '0moicwqg0000bbbbbb'];
  const called = { [early]: 'gt-rig.1', '0moicwqg0001aaaaaa': 'gt-war.1' };
  const ours: Stored = { bead: bead(markedId('gt-war.1', early)), clock: { born: early, called } };
  const theirs: Stored = { bead: bead('gt-war.1'), clock: { born: late } };
  const [one, other] = [ours, theirs].map((stored) => new Map([[stored.bead.id, stored]])) as [Map<string, Stored>, Map<string, Stored>];
  for (const merged of [mergeRecords(one, other), mergeRecords(other, one)]) {
    assert.is(merged.get('gt-war.1')?.clock.born, late);
    assert.is(merged.get(markedId('gt-war.1', early))?.clock.born, early);
  }
});

renaming('leaves a line where the bead was with the mark that it had brought along, when it was renamed elsewhere as well', () => {
  const born = '0moicwqg0000aaaaaa';
  const marked = markedId('gt-pod.1', born);
  const ours: Stored = { bead: bead('gt-war'), clock: { born, called: { [born]: 'gt-rig.1', '0moicwqg0002aaaaaa': 'gt-war' } } };
  const theirs: Stored = { bead: bead(marked), clock: { born, called: { [born]: 'gt-rig.1', '0moicwqg0001bbbbbb': 'gt-pod.1' } } };
  const [one, other] = [ours, theirs].map((stored) => new Map([[stored.bead.id, stored]])) as [Map<string, Stored>, Map<string, Stored>];
  for (const merged of [mergeRecords(one, other), mergeRecords(other, one)]) {
    assert.is(merged.get('gt-war')?.clock.born, born);
    assert.is(renamedTo(merged.get(marked)?.bead), 'gt-war');
    assert.is(merged.has('gt-pod.1'), false);
    assert.equal([...mergeRecords(merged, other).values()].map(lineOf).sort(), [...merged.values()].map(lineOf).sort());
  }
});

renaming('refuses what is taken while somebody else was faster', async () => {
  const ledger = await garage();
  await call(ledger, 'gt-rig', 'gt-war');
  for (const [id, to] of [['gt-road', 'gt-war'], ['gt-road', 'gt-rig']] as const) {
    try {
      await call(ledger, id, to);
      assert.unreachable();
    } catch (error) {
      assert.ok(refusal('bead.id-taken')(error));
    }
  }
});

renaming('of every bead and back leaves every record as it was, but for how it was called', () => {
  const sayings = (records: Iterable<Stored>): string[] => [...records].filter(({ bead: each }) => renamedTo(each) === undefined).map(({ bead: each, clock: { called: _called, ...clock } }) => lineOf({ bead: each, clock })).sort();
  fc.assert(fc.property(fc.nat(124), fc.array(fc.nat(0x7fffffff), { minLength: 3, maxLength: 8, size: 'max' }), (skewed, steps) => {
    const before = new World(skewed, steps, mergeRecords).replicas[0]!.records;
    let last = 0;
    const stampOf = (): string => `0zzzzzz${String(last += 1).padStart(5, '0')}aaaaaa`;
    const all = (records: ReadonlyMap<string, Stored>, from: string, to: string): Map<string, Stored> => {
      const moves = [...records.keys()].filter((id) => id.startsWith(`${from}-`) && renamedTo(records.get(id)?.bead) === undefined).map((id) => ({ id: `${to}${id.slice(from.length)}`, from: id }));
      return new Map([...records, ...renameRecords(records, moves, stampOf).map((stored): [string, Stored] => [stored.bead.id, stored])]);
    };
    const away = all(before, 'gt', 'war');
    assert.ok([...away.values()].every(({ bead: each }) => each.id.startsWith('war-') || renamedTo(each)?.startsWith('war-')));
    assert.equal(sayings(all(away, 'war', 'gt').values()), sayings(before.values()));
  }), { numRuns: 300 });
  assert.equal(renameRecords(new Map([['gt-a', { bead: bead('gt-a'), clock: { born: '000000000000aaaaaa' } }]]), [], () => ''), []);
});

renaming.run();
