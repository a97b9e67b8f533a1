import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OtherPrefix, renameBeads, type Renamed } from '../../src/actions/bead-rename.ts';
import { importBeads } from '../../src/actions/import.ts';
import { keepPrefixes, learnPrefixes } from '../../src/actions/prefixes.ts';
import { undoCommit } from '../../src/actions/undo.ts';
import { create } from '../../src/domain/content.ts';
import { BeadHandedOut } from '../../src/domain/renaming.ts';
import { rigRecords, rigSettings } from '../../src/domain/rig.ts';
import { setSetting } from '../../src/domain/setting.ts';
import { gitText } from '../../src/git/run.ts';
import { initLedger, readFormat } from '../../src/ledger/init.ts';
import { statePath } from '../../src/ledger/ledger.ts';
import { consult } from '../../src/ledger/read.ts';
import { transact } from '../../src/ledger/transact.ts';
import { openTown, signatureOf, townState, type Rig, type Town } from '../../src/town.ts';
import { hubTown, slung } from '../helpers/queue.ts';

const act = { by: 'mayor', at: '2026-05-01T08:00:00Z' };

function renaming(town: Town, to: string, from?: string): Promise<Renamed & { readonly from: string }> {
  return renameBeads({ town, who: signatureOf(town, 'mayor'), cwd: town.root }, to, { rig: 'citadel', from, dryRun: false });
}

/** Where the ledger of a rig stands, what it says of itself, and what this machine remembers of the town. */
async function traces({ town, rig }: { readonly town: Town; readonly rig: Rig }): Promise<unknown[]> {
  return [await gitText(rig.repository, ['rev-parse', rig.ledger.ref]), await readFormat(rig.ledger), readFileSync(statePath(town.hq.repository, townState), 'utf8')];
}

const prefixes = suite('another prefix for all beads of a rig');

prefixes('comes in the one commit that renames them, and is remembered', async () => {
  const world = await hubTown(undefined);
  const { town, rig } = world;
  await transact(rig.ledger, signatureOf(town, 'mayor'), 'Create two', (view) => ['ci-gun', 'ci-horn'].flatMap((id) => create(view, id, { title: `Tune ${id}` }, act)));
  await transact(town.hq, signatureOf(town, 'mayor'), 'Create one', (view) => [...create(view, 'hq-road', { title: 'Take the road' }, act), { op: 'dependency.added', id: 'hq-road', dependency: { issue_id: 'hq-road', depends_on_id: 'ci-horn', type: 'blocks', created_at: act.at, created_by: act.by } }]);
  const [before] = await traces(world);
  const { moves, elsewhere } = await renaming(town, 'war');
  assert.equal([moves.map(({ id }) => id).sort(), elsewhere], [['war-gun', 'war-horn'], ['hq-road']]);
  assert.is(await gitText(rig.repository, ['rev-parse', `${rig.ledger.ref}^`]), before);
  assert.equal((await readFormat(rig.ledger))?.prefixes, ['ci', 'war']);
  assert.equal(openTown(town.root, town.now).rigs.map(({ prefix, ledger }) => [prefix, ledger.prefixes]), [['war', ['war', 'ci']]]);
  assert.is(await gitText(town.hq.repository, ['show', '-s', '--format=%s', town.hq.ref]), 'Point at 2 renamed beads by their new ids');
});

prefixes('is taken back with the renaming, on every machine and in what the town says of the rig', async () => {
  const { town, rig } = await hubTown(undefined);
  await transact(rig.ledger, signatureOf(town, 'mayor'), 'Create one', (view) => create(view, 'ci-gun', { title: 'Tune the gun' }, act));
  const recorded = async (): Promise<unknown> => consult(town.hq, (view) => rigRecords(view.settings(rigSettings)).get('citadel')?.prefix);
  await transact(town.hq, signatureOf(town, 'mayor'), 'Record it', (view) => setSetting(view.settings(rigSettings), rigSettings, 'citadel', { prefix: 'ci', target: 'main', added_at: act.at }));
  await renaming(town, 'war');
  assert.is(await recorded(), 'war');
  const after = openTown(town.root, town.now);
  const writer = { town: after, who: signatureOf(after, 'mayor'), cwd: after.root };
  const commit = await gitText(rig.repository, ['rev-parse', rig.ledger.ref]);
  const known = (): unknown => openTown(town.root, town.now).rigs.map(({ prefix, ledger }) => [prefix, ledger.prefixes]);
  await undoCommit(writer, commit, true);
  assert.equal(known(), [['war', ['war', 'ci']]]);
  await undoCommit(writer, commit, false);
  assert.equal([known(), await recorded()], [[['ci', ['ci', 'war']]], 'ci']);
  // Another machine had heard of the new one.
  await keepPrefixes(after, after.rigs[0], [], 'war');
  const [other] = openTown(town.root, town.now).rigs;
  await learnPrefixes(after, other!);
  assert.equal(known(), [['ci', ['ci', 'war']]]);
});

prefixes('is what is undone right after, though other ledgers were told of it, and they are told of that, too', async () => {
  const { town, rig } = await hubTown(undefined);
  const mayor = signatureOf(town, 'mayor');
  await transact(town.hq, mayor, 'Record it', (view) => setSetting(view.settings(rigSettings), rigSettings, 'citadel', { prefix: 'ci', target: 'main', added_at: act.at }));
  await transact(rig.ledger, mayor, 'Create one', (view) => create(view, 'ci-horn', { title: 'Tune the horn' }, act));
  await transact(town.hq, mayor, 'Create one', (view) => [...create(view, 'hq-road', { title: 'Take the road' }, act), { op: 'dependency.added', id: 'hq-road', dependency: { issue_id: 'hq-road', depends_on_id: 'ci-horn', type: 'blocks', created_at: act.at, created_by: act.by } }]);
  const needs = (): Promise<unknown> => consult(town.hq, (view) => view.get('hq-road')?.dependencies?.map((edge) => edge.depends_on_id));
  await renaming(town, 'war');
  assert.equal(await needs(), ['war-horn']);
  const renamed = await gitText(rig.repository, ['rev-parse', rig.ledger.ref]);
  const undo = async (): Promise<string> => {
    const now = openTown(town.root, town.now);
    return (await undoCommit({ town: now, who: mayor, cwd: now.root }, undefined, false)).undone;
  };
  assert.is(await undo(), renamed);
  assert.equal(await needs(), ['ci-horn']);
  const back = await gitText(rig.repository, ['rev-parse', rig.ledger.ref]);
  assert.is(await undo(), back);
  assert.equal(await needs(), ['war-horn']);
});

prefixes('are remembered once, though an import that began before brings beads with the new one', async () => {
  const { town, rig } = await hubTown(undefined);
  await transact(rig.ledger, signatureOf(town, 'mayor'), 'Create one', (view) => create(view, 'ci-gun', { title: 'Tune the gun' }, act));
  await renaming(town, 'war');
  const line = { id: 'war-horn', title: 'Tune the horn', status: 'open', priority: 2, issue_type: 'task', created_at: act.at, updated_at: act.at };
  await importBeads({ town, who: signatureOf(town, 'mayor'), cwd: town.root }, JSON.stringify(line), 'horn.jsonl', { rig: 'citadel', dryRun: false, progress: () => undefined });
  assert.equal(openTown(town.root, town.now).rigs.map(({ prefix, ledger }) => [prefix, ledger.prefixes]), [['war', ['war', 'ci']]]);
});

prefixes('leaves no trace where it is refused', async () => {
  const world = await hubTown(undefined);
  await slung(world, 'ci-guard');
  const before = await traces(world);
  try {
    await renaming(world.town, 'war');
    assert.unreachable();
  } catch (error) {
    assert.instance(error, BeadHandedOut);
  }
  assert.equal(await traces(world), before);
});

prefixes('leaves no trace where no bead has the old one, and names the old ones where there is no such one', async () => {
  const { town: before, rig } = await hubTown(undefined);
  await initLedger({ ...rig.ledger, prefixes: ['yard'] }, signatureOf(before, 'mayor'));
  await learnPrefixes(before, rig);
  const town = openTown(before.root, before.now);
  const known = await traces({ town, rig });
  assert.equal((await renaming(town, 'war', 'yard')).moves, []);
  assert.equal(await traces({ town, rig }), known);
  try {
    await renaming(town, 'war', 'bd');
    assert.unreachable();
  } catch (error) {
    assert.instance(error, OtherPrefix);
    assert.equal([(error as OtherPrefix).message, (error as OtherPrefix).hint], ['"bd-" does not begin with a prefix of this ledger: ci, yard', 'gt rename-prefix war --from ci']);
  }
});

prefixes.run();
