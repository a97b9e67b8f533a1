// time limit: 120 s
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NotUndoable } from '../../src/actions/deed.ts';
import { deedOf } from '../../src/actions/deed.ts';
import { undoDeed, UndoRefused, type Undone } from '../../src/actions/undo.ts';
import { Failure } from '../../src/base/errors.ts';
import { canonical } from '../../src/base/jsonl.ts';
import type { Act, Bead, Beads } from '../../src/domain/bead.ts';
import { close, remove, reopen } from '../../src/domain/closing.ts';
import { addLabel, comment, create, edit, removeLabel } from '../../src/domain/content.ts';
import { adopt, depend, undepend } from '../../src/domain/dependency.ts';
import { changedParts } from '../../src/domain/history.ts';
import { claim, hook } from '../../src/domain/hook.ts';
import { setSetting } from '../../src/domain/setting.ts';
import { updateRefs } from '../../src/git/refs.ts';
import { headOf, versionsOf } from '../../src/ledger/history.ts';
import { stateFolder, type Ledger } from '../../src/ledger/ledger.ts';
import { consult } from '../../src/ledger/read.ts';
import { transact, type LedgerChange } from '../../src/ledger/transact.ts';
import { commandOf, whyUntrusted } from '../../src/ledger/trust.ts';
import { ace, newLedger, type Watch } from '../helpers/ledger.ts';

const minute = 60_000;

/** A ledger whose clock moves on with every write. */
async function garage(): Promise<{ ledger: Ledger; act: () => Act; does: (decide: (beads: Beads, act: Act) => readonly LedgerChange[]) => Promise<string | undefined> }> {
  const watch: Watch = { time: Date.parse('2026-05-01T08:00:00Z') };
  const ledger = await newLedger(watch);
  const act = (): Act => ({ by: 'nux', at: new Date((watch.time += minute)).toISOString() });
  return { ledger, act, does: async (decide) => {
    const now = act();
    return (await transact(ledger, ace, 'Write', (view) => decide(view, now))).commit;
  } };
}

/** What an export says: every bead, and the settings. */
async function exported(ledger: Ledger): Promise<string[]> {
  return consult(ledger, (view) => [...[...view.all()].sort((a, b) => (a.id < b.id ? -1 : 1)).map(canonical), canonical({ ...view.settings('config'), clock: undefined })]);
}

async function undoOf(ledger: Ledger, commit: string, act: Act, dryRun = false): Promise<Undone> {
  return undoDeed(await deedOf(ledger, commit), [], ace, act, dryRun);
}

const names = ['gt-a', 'gt-b', 'gt-a.1'];

const verbs: Record<string, (beads: Beads, id: string, other: string, act: Act) => readonly LedgerChange[]> = {
  create: (beads, id, _other, act) => create(beads, id, { title: `Mend ${id}`, labels: ['new'] }, act),
  pair: (beads, id, other, act) => [...create(beads, `${id}x`, { title: 'One' }, act), ...create(beads, `${other}y`, { title: 'Other' }, act)],
  title: (beads, id, other, act) => edit(beads, id, { title: `Weld ${other} ${act.at}` }, act),
  key: (beads, id, other, act) => edit(beads, id, { metadata: { [other]: act.at } }, act),
  claim: (beads, id, _other, act) => claim(beads, id, act),
  close: (beads, id, _other, act) => close(beads, id, { reason: 'done', force: true }, act),
  reopen: (beads, id, _other, act) => reopen(beads, id, act),
  remove: (beads, id, _other, act) => remove(beads, id, { reason: 'off', force: true }, act),
  block: (beads, id, other, act) => depend(beads, id, other, 'blocks', act),
  nest: (beads, id, other, act) => adopt(beads, id, other, act),
  free: (beads, id, other, act) => undepend(beads, id, other, act),
  label: (beads, id, other, act) => addLabel(beads, id, other, act),
  unlabel: (beads, id, other, act) => removeLabel(beads, id, other, act),
  say: (beads, id, _other, act) => comment(beads, id, `c${act.at}`, 'chrome', act),
  set: (beads, id, other, act) => (beads.get(id), setSetting({}, 'config', `theme.${other.replace('.', '_')}`, act.at)),
};

const step = fc.tuple(fc.constantFrom(...Object.keys(verbs)), fc.constantFrom(...names), fc.constantFrom(...names));

/** Steps that often meet in one part of one bead. */
const near = fc.tuple(fc.constantFrom('title', 'close', 'reopen', 'claim', 'block', 'free', 'remove', 'label', 'unlabel', 'key', 'pair'), fc.constantFrom('gt-a', 'gt-a', 'gt-a', 'gt-b'), fc.constantFrom('gt-b', 'gt-b', 'gt-b', 'gt-a'));

const undoing = suite('undo');

undoing('of the last transaction restores what an export says exactly, again and again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 6 }), async (steps) => {
      const { ledger, act, does } = await garage();
      for (const id of names.slice(0, 2)) await does((beads, now) => create(beads, id, { title: id }, now));
      for (const [verb, id, other] of steps) {
        const before = await exported(ledger);
        const commit = await unlessRefused(() => does((beads, now) => verbs[verb]!(beads, id, other, now)));
        if (commit === undefined) continue;
        const after = await exported(ledger);
        const first = await undoOf(ledger, commit, act());
        assert.equal(await exported(ledger), before, `${verb} ${id} ${other}`);
        await undoOf(ledger, first.commit!, act());
        assert.equal(await exported(ledger), after, `${verb} ${id} ${other}, and back`);
      }
    }),
    { numRuns: 8 },
  );
});

undoing('of an older transaction restores its part alone, or names the commits that were built on it', async () => {
  const outcomes = { restored: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(near, fc.array(near, { minLength: 3, maxLength: 6 }), async ([verb, id, other], later) => {
      const { ledger, act, does } = await garage();
      for (const each of names) await does((beads, now) => create(beads, each, { title: each }, now));
      const commit = await unlessRefused(() => does((beads, now) => verbs[verb]!(beads, id, other, now)));
      if (commit === undefined) return;
      const since: string[] = [];
      for (const [what, one, another] of later) {
        const made = await unlessRefused(() => does((beads, now) => verbs[what]!(beads, one, another, now)));
        if (made !== undefined) since.push(made);
      }
      const before = await beadsOf(ledger);
      try {
        await undoOf(ledger, commit, act());
      } catch (error) {
        if (!(error instanceof UndoRefused)) throw error;
        const named = (error.data['hindrances'] as { commits: string[] }[]).flatMap(({ commits }) => commits);
        assert.ok(named.length > 0, error.message);
        for (const each of named) assert.ok(since.includes(each));
        assert.equal(await beadsOf(ledger), before);
        outcomes.refused += 1;
        return;
      }
      outcomes.restored += 1;
      const after = await beadsOf(ledger);
      for (const each of new Set([...before.keys(), ...after.keys()])) {
        const did = (await versionsOf(ledger, each)).find((version) => version.commit === commit);
        const expected = changedParts(did?.after, did?.before).map(({ part, to }) => [part, to]);
        assert.equal(changedParts(before.get(each), after.get(each)).map(({ part, to }) => [part, to]), expected, `${verb} ${each}`);
      }
    }),
    // One of each outcome is certain, whatever chance brings.
    { numRuns: 22, examples: [[['title', 'gt-a', 'gt-b'], [['title', 'gt-a', 'gt-b']]], [['title', 'gt-a', 'gt-b'], [['label', 'gt-b', 'gt-a']]]] },
  );
  assert.ok(outcomes.restored > 0 && outcomes.refused > 0, JSON.stringify(outcomes));
});

async function beadsOf(ledger: Ledger): Promise<Map<string, Bead>> {
  return consult(ledger, (view) => new Map([...view.all()].map((bead) => [bead.id, bead])));
}

async function unlessRefused<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Expects an undo to be refused; answers what it says. */
async function refused(work: Promise<unknown>, kind: typeof UndoRefused | typeof NotUndoable = UndoRefused): Promise<string> {
  const failure = await work.then(() => undefined, (error: unknown) => error);
  assert.instance(failure, kind);
  return (failure as Error).message;
}

undoing('refuses where the field, the state, a child or an edge was built on since', async () => {
  const { ledger, act, does } = await garage();
  const made = await does((beads, now) => create(beads, 'gt-a', { title: 'Weld' }, now));
  const titled = await does((beads, now) => edit(beads, 'gt-a', { title: 'Grind' }, now));
  const again = await does((beads, now) => edit(beads, 'gt-a', { title: 'Paint', priority: 0 }, now));
  assert.match(await refused(undoOf(ledger, titled!, act())), `gt-a: its title was changed since (${again!.slice(0, 10)} by ace)`);
  const closed = await does((beads, now) => close(beads, 'gt-a', { reason: 'done' }, now));
  const opened = await does((beads, now) => reopen(beads, 'gt-a', now));
  assert.match(await refused(undoOf(ledger, closed!, act())), `its state was changed since (${opened!.slice(0, 10)} by ace)`);
  assert.match(await refused(undoOf(ledger, made!, act())), 'gt-a: it was changed since');
  const child = await does((beads, now) => create(beads, 'gt-b', { title: 'Part' }, now));
  const nested = await does((beads, now) => create(beads, 'gt-c', { title: 'Plate' }, now));
  const edge = await does((beads, now) => adopt(beads, 'gt-c', 'gt-b', now));
  assert.match(await refused(undoOf(ledger, child!, act())), `gt-c: it depends on gt-b (${edge!.slice(0, 10)} by ace)`);
  assert.match(await refused(undoOf(ledger, nested!, act())), 'gt-c: it was changed since');
  const asked = await does((beads, now) => create(beads, 'gt-d', { title: 'Ask' }, now));
  const named = await does((beads, now) => edit(beads, 'gt-a', { metadata: { request: 'gt-d' } }, now));
  assert.match(await refused(undoOf(ledger, asked!, act())), `gt-a: its request names gt-d (${named!.slice(0, 10)} by ace)`);
});

undoing('puts an edge back only where its target is there and no circle would close', async () => {
  const { ledger, act, does } = await garage();
  for (const id of ['gt-a', 'gt-b']) await does((beads, now) => create(beads, id, { title: id }, now));
  await does((beads, now) => depend(beads, 'gt-a', 'gt-b', 'blocks', now));
  const freed = await does((beads, now) => undepend(beads, 'gt-a', 'gt-b', now));
  const other = await does((beads, now) => depend(beads, 'gt-b', 'gt-a', 'blocks', now));
  assert.match(await refused(undoOf(ledger, freed!, act())), `gt-b: with it gt-a would wait for itself (${other!.slice(0, 10)} by ace)`);
  await undoOf(ledger, other!, act());
  const gone = await does((beads, now) => remove(beads, 'gt-b', { reason: 'off' }, now));
  assert.match(await refused(undoOf(ledger, freed!, act())), `gt-b: gt-a depended on it, and it is gone since (${gone!.slice(0, 10)} by ace)`);
  await undoOf(ledger, gone!, act());
  await undoOf(ledger, freed!, act());
  assert.equal((await beadsOf(ledger)).get('gt-a')?.dependencies?.map((edge) => edge.depends_on_id), ['gt-b']);
});

undoing('puts elements of sets back beside what was written since', async () => {
  const { ledger, act, does } = await garage();
  for (const id of ['gt-a', 'gt-b']) await does((beads, now) => create(beads, id, { title: id, labels: ['hot', 'loud'], metadata: { tool: 'torch' } }, now));
  await does((beads, now) => depend(beads, 'gt-a', 'gt-b', 'blocks', now));
  const taken = await does((beads, now) => [...removeLabel(beads, 'gt-a', 'hot', now), ...undepend(beads, 'gt-a', 'gt-b', now), ...edit(beads, 'gt-a', { metadata: { tool: null } }, now)]);
  await does((beads, now) => [...edit(beads, 'gt-a', { title: 'Paint', metadata: { coat: 2 } }, now), ...addLabel(beads, 'gt-a', 'wet', now)]);
  await undoOf(ledger, taken!, act());
  const { title, labels, metadata, dependencies } = (await beadsOf(ledger)).get('gt-a')!;
  assert.equal({ title, labels, metadata, on: dependencies?.map((edge) => edge.depends_on_id) }, { title: 'Paint', labels: ['hot', 'loud', 'wet'], metadata: { tool: 'torch', coat: 2 }, on: ['gt-b'] });
});

undoing('looks through later writes that were undone themselves, and undoes nothing twice', async () => {
  const { ledger, act, does } = await garage();
  await does((beads, now) => create(beads, 'gt-a', { title: 'Weld' }, now));
  const first = await does((beads, now) => edit(beads, 'gt-a', { title: 'Grind' }, now));
  const second = await does((beads, now) => edit(beads, 'gt-a', { title: 'Paint' }, now));
  await undoOf(ledger, second!, act());
  await undoOf(ledger, first!, act());
  assert.is((await beadsOf(ledger)).get('gt-a')?.title, 'Weld');
  assert.match(await refused(undoOf(ledger, first!, act()), NotUndoable), 'it was undone by');
});

undoing('deletes what others have seen created, and leaves deleted what others have seen deleted', async () => {
  const { ledger, act, does } = await garage();
  const made = await does((beads, now) => create(beads, 'gt-a', { title: 'Weld' }, now));
  await does((beads, now) => create(beads, 'gt-b', { title: 'Paint' }, now));
  const gone = await does((beads, now) => remove(beads, 'gt-b', { reason: 'off' }, now));
  await updateRefs(ledger.repository, [{ ref: 'refs/beads-remotes/origin/main', from: null, to: await headOf(ledger) }]);
  assert.match(await refused(undoOf(ledger, gone!, act())), 'others have seen that it was deleted');
  await undoOf(ledger, made!, act());
  assert.is((await beadsOf(ledger)).get('gt-a')?.status, 'tombstone');
});

undoing('withdraws nothing that a push takes along at the last moment', async () => {
  const { ledger, act, does } = await garage();
  const made = await does((beads, now) => create(beads, 'gt-a', { title: 'Weld' }, now));
  const head = await headOf(ledger);
  let pushed = false;
  const meanwhile: Ledger = { ...ledger, get liveness() {
    // What asks for it is about to take the lock, after the plan was made.
    if (!pushed) execFileSync('git', ['update-ref', 'refs/beads-offered/main', head], { cwd: ledger.repository.gitDir });
    pushed = true;
    return ledger.liveness;
  } };
  assert.equal((await undoOf(meanwhile, made!, act())).beads, [{ id: 'gt-a', changes: ['deleted: others have seen it'] }]);
  assert.is((await beadsOf(ledger)).get('gt-a')?.status, 'tombstone');
});

undoing('withdraws nothing that another write names at the last moment', async () => {
  const { ledger, act, does } = await garage();
  await does((beads, now) => create(beads, 'gt-a', { title: 'Weld' }, now));
  const made = await does((beads, now) => create(beads, 'gt-b', { title: 'Land it' }, now));
  const named = await does((beads, now) => edit(beads, 'gt-a', { metadata: { request: 'gt-b' } }, now));
  await updateRefs(ledger.repository, [{ ref: ledger.ref, from: named!, to: made! }]);
  const meanwhile: Ledger = { ...ledger, get liveness() {
    // What asks for it is about to take the lock, after the plan was made.
    execFileSync('git', ['update-ref', ledger.ref, named!], { cwd: ledger.repository.gitDir });
    return ledger.liveness;
  } };
  assert.match(await refused(undoOf(meanwhile, made!, act())), `gt-a: its request names gt-b (${named!.slice(0, 10)} by ace)`);
});

undoing('leaves work that was handed out to gt unsling, and a ledger its beginning', async () => {
  const { ledger, act, does } = await garage();
  const begun = await headOf(ledger);
  await does((beads, now) => create(beads, 'gt-a', { title: 'Weld' }, now));
  const slung = await does((beads, now) => hook(beads, 'gt-a', 'shop/polecats/nux', now));
  assert.match(await refused(undoOf(ledger, slung!, act())), 'gt unsling');
  assert.match(await refused(undoOf(ledger, begun, act()), NotUndoable), 'the ledger begins with it');
});

undoing('makes no command ours that was not', async () => {
  for (const ours of [true, false]) {
    const { ledger, act, does } = await garage();
    await does((beads, now) => create(beads, 'gt-a', { title: 'Weld', metadata: { run: 'make weld' } }, now));
    if (!ours) rmSync(join(stateFolder(ledger.repository), 'own-commands'));
    const edited = await does((beads, now) => edit(beads, 'gt-a', { metadata: { run: 'make paint' } }, now));
    await undoOf(ledger, edited!, act());
    const runnable = commandOf((await consult(ledger, (view) => view.stored('gt-a')))!);
    assert.is(runnable?.command, 'make weld');
    assert.is(await whyUntrusted(ledger.repository, runnable!) === undefined, ours);
  }
});

undoing('only says what it would do, when that is asked', async () => {
  const { ledger, act, does } = await garage();
  await does((beads, now) => create(beads, 'gt-a', { title: 'Weld' }, now));
  const titled = await does((beads, now) => edit(beads, 'gt-a', { title: 'Grind' }, now));
  assert.equal(await undoOf(ledger, titled!, act(), true), { undone: titled, subject: 'Write', commit: null, beads: [{ id: 'gt-a', changes: ['title Grind → Weld'] }], settings: [] });
  assert.is(await headOf(ledger), titled);
});

undoing.run();
