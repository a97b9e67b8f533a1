import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { timestamp } from '../../src/base/time.ts';
import { create, edit } from '../../src/domain/content.ts';
import { setSetting } from '../../src/domain/setting.ts';
import { replicaOf, stateFolder, type Ledger } from '../../src/ledger/ledger.ts';
import { consult, openSnapshot } from '../../src/ledger/read.ts';
import { share, type Hub } from '../../src/ledger/sharing.ts';
import { addTrust, commandAt, commandOf, declineTrust, judging, knownReplicas, readTrust, removeTrust, whyUntrusted, type CommandUntrusted, type Runnable } from '../../src/ledger/trust.ts';
import { nux, slit } from '../helpers/garage.ts';
import { ace, bareLedger, borrowName, gitIn, newLedger, write } from '../helpers/ledger.ts';

const day = timestamp(Date.parse('2026-05-01T08:00:00Z'));
const hubOf = (remote: string): Hub => ({ remote, namespace: 'beads' });
const sync = (ledger: Ledger, remote: string): Promise<unknown> => share(ledger, hubOf(remote), ace);
const bare = async (): Promise<string> => (await bareLedger()).repository.gitDir;

/** A clone of the ledger that a hub keeps, which it calls `remote`. */
async function cloneOf(there: string, remote = 'origin'): Promise<Ledger> {
  const clone = await bareLedger();
  await gitIn(clone, 'remote', 'add', remote, there);
  await sync(clone, remote);
  return clone;
}

async function runnableOf(ledger: Ledger, id: string): Promise<Runnable> {
  const snapshot = await openSnapshot(ledger);
  const stored = (await snapshot.records([id])).get(id);
  await snapshot.close();
  const runnable = stored && commandOf(stored);
  if (runnable === undefined) throw new Error(`${id} brings no command`);
  return runnable;
}

async function why(ledger: Ledger, id: string): Promise<CommandUntrusted | undefined> {
  return whyUntrusted(ledger.repository, await runnableOf(ledger, id));
}

/** This clone, a friend's by the hub `origin`, and a hub that a stranger writes to: all hold the same ledger, in which the friend has written gt-a with a command. */
async function three(remote = 'origin'): Promise<{ readonly mine: Ledger; readonly friend: Ledger; readonly stranger: Ledger; readonly replica: string }> {
  const [there, elsewhere] = [await bare(), await bare()];
  const friend = await newLedger();
  await gitIn(friend, 'remote', 'add', 'origin', there);
  await write(friend, (view) => create(view, 'gt-a', { title: 'Paint', metadata: { run: 'echo red' } }, slit));
  await sync(friend, 'origin');
  const mine = await cloneOf(there, remote);
  await gitIn(mine, 'remote', 'add', 'mirror', elsewhere);
  await sync(mine, 'mirror');
  const stranger = await cloneOf(elsewhere);
  borrowName(stranger, replicaOf(friend.repository));
  return { mine, friend, stranger, replica: replicaOf(friend.repository) };
}

const trusting = suite('whyUntrusted');

for (const remote of ['origin', 'up/stream']) {
  trusting(`lets run what a trusted remote has brought, and nothing that another one brings in the same name: ${remote}`, async () => {
    const { mine, friend, stranger, replica } = await three(remote);
    assert.equal((await knownReplicas(mine.repository)).find((each) => each.replica === replica)?.remote, remote);
    assert.is((await why(mine, 'gt-a'))?.hint, `gt trust ${replica}, or gt trust ${remote}`);
    addTrust(mine.repository, 'remote', remote, day);
    assert.is(await why(mine, 'gt-a'), undefined);

    await write(stranger, (view) => [...edit(view, 'gt-a', { metadata: { run: 'echo bitten' } }, nux), ...create(view, 'gt-b', { title: 'Bait', metadata: { run: 'echo bitten' } }, nux)]);
    await sync(stranger, 'origin');
    await sync(mine, 'mirror');
    for (const id of ['gt-a', 'gt-b']) {
      assert.is((await runnableOf(mine, id)).command, 'echo bitten');
      assert.is((await why(mine, id))?.replica, replica);
      assert.is((await why(mine, id))?.hint, 'gt sync, or write it anew here');
    }
    // Pushed on by this clone, it still is the stranger's.
    await sync(mine, remote);
    for (const id of ['gt-a', 'gt-b']) assert.is((await why(mine, id))?.replica, replica);
    await write(friend, (view) => create(view, 'gt-c', { title: 'Rivet', metadata: { run: 'echo green' } }, slit));
    await sync(friend, 'origin');
    await sync(mine, remote);
    assert.is(await why(mine, 'gt-c'), undefined);
  });
}

trusting('means a replica as the remotes bring it that showed it when it was trusted', async () => {
  const { mine, stranger, replica } = await three();
  const remotes = (await knownReplicas(mine.repository)).filter((each) => each.replica === replica).map(({ remote }) => remote);
  addTrust(mine.repository, 'replica', replica, day, remotes);
  assert.is(await why(mine, 'gt-a'), undefined);
  await write(stranger, (view) => edit(view, 'gt-a', { metadata: { run: 'echo bitten' } }, nux));
  await sync(stranger, 'origin');
  await sync(mine, 'mirror');
  assert.ok((await knownReplicas(mine.repository)).some((each) => each.replica === replica && each.remote === 'mirror'));
  assert.is((await why(mine, 'gt-a'))?.replica, replica);
  assert.ok(removeTrust(mine.repository, replica));
  assert.not(removeTrust(mine.repository, replica));
});

trusting('judges by the ledgers as one look has found them, whatever is fetched meanwhile', async () => {
  const { mine } = await three();
  addTrust(mine.repository, 'remote', 'origin', day);
  const [judge, runnable] = [judging(mine.repository), await runnableOf(mine, 'gt-a')];
  assert.is(await judge(runnable), undefined);
  for (const ref of (await gitIn(mine, 'for-each-ref', '--format=%(refname)', 'refs/beads-remotes')).trim().split('\n')) await gitIn(mine, 'update-ref', '-d', ref);
  assert.is(await judge(runnable), undefined);
});

trusting('believes no remote whose names lie below those of another', async () => {
  const { mine } = await three('mirror/up');
  addTrust(mine.repository, 'remote', 'mirror/up', day);
  assert.ok(await why(mine, 'gt-a'));
});

trusting('asks the same of a gate in the settings', async () => {
  const there = await bare();
  const friend = await newLedger();
  await gitIn(friend, 'remote', 'add', 'origin', there);
  const key = 'merge_queue.gates.test.command';
  await write(friend, (view) => setSetting(view.settings('config'), 'config', key, 'true'));
  await sync(friend, 'origin');
  const mine = await cloneOf(there);
  const gate = async (command: string): Promise<Runnable> => commandAt(await consult(mine, (view) => view.settings('config')), key, command, 'the gate test');
  assert.ok(await whyUntrusted(mine.repository, await gate('true')));
  addTrust(mine.repository, 'remote', 'origin', day);
  assert.is(await whyUntrusted(mine.repository, await gate('true')), undefined);
  assert.ok(await whyUntrusted(mine.repository, await gate('false')));
});

trusting.run();

const keeping = suite('what a clone keeps of trust');

keeping('loses no answer that is given beside another one, and asks nobody again who has said no', async () => {
  const { repository } = await newLedger();
  const known = readTrust(repository);
  addTrust(repository, 'replica', 'aaaaaa', day, ['origin']);
  addTrust(repository, 'remote', 'up/stream', day);
  declineTrust(repository, 'bbbbbb', day);
  assert.is(known.remotes.size, 0);
  const { replicas, remotes, declined } = readTrust(repository);
  assert.equal([[...replicas.keys()], [...remotes.keys()], [...declined]], [['aaaaaa'], ['up/stream'], ['bbbbbb']]);
  addTrust(repository, 'replica', 'bbbbbb', day);
  assert.is(readTrust(repository).declined.size, 0);
});

keeping('remembers each command of its own once', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Paint', metadata: { run: 'echo red' } }, nux));
  for (const run of ['echo green', 'echo red', 'echo green', 'echo red']) await write(ledger, (view) => edit(view, 'gt-a', { metadata: { run } }, nux));
  assert.is(readFileSync(join(stateFolder(ledger.repository), 'own-commands'), 'utf8').trim().split('\n').length, 2);
  assert.is(await why(ledger, 'gt-a'), undefined);
});

keeping.run();
