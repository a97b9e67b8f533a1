import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { create, edit } from '../../src/domain/content.ts';
import { MissingObject } from '../../src/git/object.ts';
import { readRef } from '../../src/git/refs.ts';
import { pushClaim, readClaims } from '../../src/ledger/claims.ts';
import { headOf, isShared } from '../../src/ledger/history.ts';
import { initLedger } from '../../src/ledger/init.ts';
import { mainRef, replicaOf, type Ledger } from '../../src/ledger/ledger.ts';
import { consult } from '../../src/ledger/read.ts';
import { carry, LedgerRefused, noteArrived, OtherTown, replicaRef, share, trackingRef, type Hub } from '../../src/ledger/sharing.ts';
import { trim } from '../../src/ledger/trim.ts';
import { nux, slit } from '../helpers/garage.ts';
import { ace, bareLedger, borrowName, gitIn, ledgerAt, loseObject, newLedger, write } from '../helpers/ledger.ts';
import { output, temporary } from '../helpers/temporary.ts';

const hub: Hub = { remote: 'origin', namespace: 'beads' };

/** A ledger with a bare hub that knows nothing of it yet. */
async function beside(): Promise<{ readonly ledger: Ledger; readonly there: string }> {
  const there = join(temporary(), 'hub.git');
  await output(['git', 'init', '-q', '--bare', there]);
  const ledger = await newLedger();
  await gitIn(ledger, 'remote', 'add', 'origin', there);
  return { ledger, there };
}

/** Another clone that shares by the same hub. */
async function another(there: string): Promise<Ledger> {
  const path = join(temporary(), 'other.git');
  await output(['git', 'init', '-q', '--bare', path]);
  const other = ledgerAt(path);
  await gitIn(other, 'remote', 'add', 'origin', there);
  await share(other, hub, ace);
  return other;
}

const carrying = suite('carry');

carrying('pushes what is new once, and knows from then on that others may have it', async () => {
  const { ledger } = await beside();
  const { commit } = await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  assert.not(await isShared(ledger, commit!));
  assert.ok(await carry(ledger, hub, 10_000, assert.unreachable));
  assert.ok(await isShared(ledger, commit!));
  assert.not(await carry(ledger, hub, 10_000, assert.unreachable));
});

carrying('takes for shared what it has begun to send: nobody knows how far a push came that failed', async () => {
  for (const send of [(ledger: Ledger) => carry(ledger, hub, 10_000, assert.unreachable), (ledger: Ledger) => share(ledger, hub, ace)]) {
    const { ledger, there } = await beside();
    writeFileSync(join(there, 'hooks/pre-receive'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const { commit } = await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
    assert.instance(await send(ledger).catch((error: unknown) => error), LedgerRefused);
    assert.ok(await isShared(ledger, commit!));
  }
});

carrying('brings its own ledger to the hub where the common one has moved on, and takes that for what it is', async () => {
  const { ledger, there } = await beside();
  await share(ledger, hub, ace);
  const before = await headOf(ledger);
  const other = await another(there);
  await write(other, (view) => create(view, 'gt-b', { title: 'Paint' }, slit));
  await share(other, hub, ace);
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  assert.ok(await carry(ledger, hub, 10_000, assert.unreachable));
  assert.is(await readRef(ledger.repository, trackingRef(hub, replicaRef(ledger.repository))), await headOf(ledger));
  assert.is(await readRef(ledger.repository, trackingRef(hub, mainRef)), before);
  await write(ledger, (view) => edit(view, 'gt-a', { priority: 0 }, nux));
  await share(ledger, hub, ace);
  assert.is((await output(['git', 'rev-parse', mainRef], { cwd: there })).trim(), await headOf(ledger));
});

carrying.run();

const noting = suite('noteArrived');

noting('leaves what a fetch has seen meanwhile, for the push stands', async () => {
  const { ledger } = await beside();
  const old = await headOf(ledger);
  const { commit } = await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await noteArrived(ledger.repository, hub, [{ name: mainRef, from: null, to: commit! }]);
  await noteArrived(ledger.repository, hub, [{ name: mainRef, from: null, to: old }]);
  assert.is(await readRef(ledger.repository, trackingRef(hub, mainRef)), commit);
});

noting.run();

const behind = suite('what only keeps order behind a push');

behind('is told where it fails, fails nothing that was shared, and is done by the next round', async () => {
  const { ledger, there } = await beside();
  // No room for what fetches have brought, nor for what was seen of other clones.
  await gitIn(ledger, 'update-ref', 'refs/beads-remotes/origin', mainRef);
  const first = await share(ledger, hub, ace);
  assert.equal([first.pushed, first.left.map(({ why }) => why.split(':')[0])], [true, ['noting what has arrived']]);
  assert.is((await output(['git', 'rev-parse', mainRef], { cwd: there })).trim(), await headOf(ledger));
  const { commit } = await write(ledger, (view) => create(view, 'gt-b', { title: 'Weld' }, nux));
  const told: string[] = [];
  assert.ok(await carry(ledger, hub, 10_000, (why) => void told.push(why)));
  assert.equal([told.length, (await output(['git', 'rev-parse', mainRef], { cwd: there })).trim()], [1, commit]);
  await gitIn(ledger, 'update-ref', '-d', 'refs/beads-remotes/origin');

  await another(there);
  const watches = join(ledger.repository.commonDir, 'gastown/replicas.json');
  mkdirSync(watches);
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  const second = await share(ledger, hub, ace);
  assert.equal([second.pushed, second.left.map(({ why }) => why.split(':')[0])], [true, ['retiring clones that are silent']]);
  rmdirSync(watches);
  const third = await share(ledger, hub, ace);
  assert.equal([third.pushed, third.left, existsSync(watches)], [false, [], true]);
});

behind.run();

const strangers = suite('a clone of another kind of town on the hub');

/** Brings the ledger of a town by itself to a hub, as a clone that knows no other there. */
async function stray(there: string): Promise<Ledger> {
  const ledger: Ledger = { ...(await bareLedger()), prefixes: ['gt', 'hq'] };
  await initLedger(ledger, ace);
  await gitIn(ledger, 'push', '-q', there, `${mainRef}:refs/beads/replicas/st4ay1`);
  return ledger;
}

strangers('is told of, and holds up nobody: neither where the common ledger is there, nor where it is lost', async () => {
  const { ledger, there } = await beside();
  await share(ledger, hub, ace);
  const other = await another(there);
  await stray(there);
  const told = ['replicas/st4ay1: the ledger of another kind of town, which stays apart from this one'];
  for (const round of ['one', 'two']) {
    await write(other, (view) => create(view, `gt-${round}`, { title: 'Paint' }, slit));
    assert.equal((await share(other, hub, ace)).troubles, told);
    if (round === 'two') await output(['git', 'update-ref', '-d', mainRef], { cwd: there });
    const shared = await share(ledger, hub, ace);
    assert.equal([shared.troubles, await headOf(ledger)], [told, await headOf(other)]);
  }
  assert.is((await output(['git', 'rev-parse', mainRef], { cwd: there })).trim(), await headOf(ledger));
});

strangers('has the hub to itself where nobody else was there before', async () => {
  const { ledger, there } = await beside();
  await stray(there);
  await share(ledger, hub, ace).then(() => assert.unreachable(), (error: unknown) => assert.instance(error, OtherTown));
  assert.is((await output(['git', 'for-each-ref', '--format=%(refname)'], { cwd: there })).trim(), 'refs/beads/replicas/st4ay1');
});

strangers.run();

const naming = suite('two clones of one name');

for (const met of [false, true]) {
  naming(`have two once they meet, and lose nothing: ${met ? 'copied after the last round' : 'copied before'}`, async () => {
    const { ledger, there } = await beside();
    await share(ledger, hub, ace);
    const name = replicaOf(ledger.repository);
    const copy = await another(there);
    borrowName(copy, name);
    await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
    await write(copy, (view) => create(view, 'gt-b', { title: 'Paint' }, slit));
    await (met ? carry(ledger, hub, 10_000, assert.unreachable) : undefined);
    for (const each of [copy, ledger, copy, ledger]) await share(each, hub, ace);
    const names = [ledger, copy].map(({ repository }) => replicaOf(repository));
    assert.is(new Set(names).size, 2);
    assert.equal((await gitIn(ledger, 'rev-parse', mainRef)).trim(), (await gitIn(copy, 'rev-parse', mainRef)).trim());
    for (const each of [ledger, copy]) await share(each, hub, ace);
    assert.equal([ledger, copy].map(({ repository }) => replicaOf(repository)), names);
    assert.equal(await consult(ledger, (view) => [...view.all()].map(({ id }) => id).sort()), ['gt-a', 'gt-b']);
  });
}

naming('stays as it is where the own pushes of a clone come back, also after a cut and from a hub that has been told twice', async () => {
  const { ledger } = await beside();
  const name = replicaOf(ledger.repository);
  for (const id of ['gt-a', 'gt-b', 'gt-c']) {
    await write(ledger, (view) => create(view, id, { title: 'Weld' }, nux));
    await share(ledger, hub, ace);
    // As if the push had arrived and its sender had been killed before it heard.
    await gitIn(ledger, 'update-ref', '-d', trackingRef(hub, replicaRef(ledger.repository)));
    if (id === 'gt-b') await trim(ledger, ace, ledger.now() + 1000, false);
  }
  await share(ledger, hub, ace);
  assert.is(replicaOf(ledger.repository), name);
});

naming.run();

const mending = suite('what to type where an object is lost');

for (const [namespace, what] of [['beads', 'the newest commit of the ledger'], ['beads', 'a claim'], ['heads', 'the tree of the ledger']] as const) {
  mending(`brings it back from a hub that keeps ledgers among its ${namespace}: ${what}`, async () => {
    const { ledger } = await beside();
    const place: Hub = { remote: 'origin', namespace };
    await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
    await share(ledger, place, ace);
    const { token } = await pushClaim(ledger.repository, place, { bead: 'gt-a', agent: 'shop/nux', duration: 60_000 }, undefined, ledger.now());
    await loseObject(ledger, what === 'a claim' ? token : what === 'the tree of the ledger' ? `${mainRef}^{tree}` : mainRef);
    const look = (): Promise<unknown> => (what === 'a claim' ? readClaims(ledger.repository, place) : consult(ledger, (view) => view.get('gt-a')));
    const failure = (await look().catch((error: unknown) => error)) as MissingObject;
    assert.instance(failure, MissingObject);
    const [command = ''] = (failure.hint ?? '').replaceAll('<remote>', 'origin').split(' (');
    await output(['sh', '-c', command], { cwd: ledger.repository.gitDir });
    assert.ok(await look());
  });
}

mending.run();
