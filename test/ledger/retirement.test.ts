import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { timestamp } from '../../src/base/time.ts';
import { create, edit } from '../../src/domain/content.ts';
import { retiredAfter, type Watch as Seen } from '../../src/domain/retirement.ts';
import { readRef } from '../../src/git/refs.ts';
import { beat, pushClaim } from '../../src/ledger/claims.ts';
import { headOf } from '../../src/ledger/history.ts';
import { readState, replicaOf, writeState, type Ledger } from '../../src/ledger/ledger.ts';
import { consult, openSnapshot } from '../../src/ledger/read.ts';
import { retireSilent } from '../../src/ledger/retirement.ts';
import { carry, fetchShared, nameOnHub, replicaRef, share, trackingRef, type Hub } from '../../src/ledger/sharing.ts';
import { addTrust, commandOf, knownReplicas, removeTrust, whyUntrusted } from '../../src/ledger/trust.ts';
import { nux, slit } from '../helpers/garage.ts';
import { ace, bareLedger, gitIn, write, newLedger, type Watch } from '../helpers/ledger.ts';

const hub: Hub = { remote: 'origin', namespace: 'beads' };
const start = Date.parse('2026-05-01T08:00:00Z');
const day = 86_400_000;

interface Road {
  readonly there: Ledger;
  readonly mine: Ledger;
  readonly watch: Watch;
  readonly other: Ledger;
  /** The other clone's ref on the hub. */
  readonly ref: string;
}

/** This clone and another one by a hub; the other one has written a bead with a command, and given no sign since this one has written, too. */
async function road(namespace: Hub['namespace'] = 'beads'): Promise<Road> {
  const there = await bareLedger();
  const other = await newLedger();
  await gitIn(other, 'remote', 'add', 'origin', there.repository.gitDir);
  await write(other, (view) => create(view, 'gt-a', { title: 'Weld', metadata: { run: 'echo weld' } }, slit));
  await share(other, { ...hub, namespace }, ace);
  const watch = { time: start };
  const mine = await bareLedger(watch);
  await gitIn(mine, 'remote', 'add', 'origin', there.repository.gitDir);
  await share(mine, { ...hub, namespace }, ace);
  await write(mine, (view) => create(view, 'gt-b', { title: 'Paint' }, nux));
  await share(mine, { ...hub, namespace }, ace);
  return { there, mine, watch, other, ref: replicaRef(other.repository) };
}

const seenBy = (ledger: Ledger): Seen => readState<Record<string, Seen>>(ledger.repository, 'replicas.json')!['origin']!;

/** As if this clone had looked for thirty days. */
function wait({ mine, watch }: Road): void {
  const { at, seen } = seenBy(mine);
  watch.time += retiredAfter;
  const waited = Object.fromEntries(Object.entries(seen).map(([replica, each]) => [replica, { ...each, silent: each.silent + retiredAfter }]));
  writeState(mine.repository, { origin: { at: at + retiredAfter, seen: waited } }, 'replicas.json');
  watch.time += 1000;
}

/** What a round of sharing does last. */
async function look({ mine }: Road): Promise<unknown> {
  await fetchShared(mine.repository, hub);
  return retireSilent(mine, hub, assert.unreachable);
}

const isThere = async ({ there }: Road, ref: string): Promise<boolean> => (await readRef(there.repository, ref)) !== undefined;

const retiring = suite('a clone that has given no sign for thirty days');

for (const namespace of ['beads', 'heads'] as const) {
  retiring(`is retired, and comes back as if nothing had been: ${namespace}`, async () => {
    const place = await road(namespace);
    const { mine, other, ref } = place;
    const where = namespace === 'beads' ? ref : ref.replace('refs/beads/', 'refs/heads/beads/');
    const on: Hub = { ...hub, namespace };
    const [lease = '', older = ''] = [replicaOf(other.repository), 'g0ne01'].map((replica) => nameOnHub(on, `refs/leases/${replica}`));
    await beat(other.repository, on, start);
    await gitIn(place.there, 'update-ref', older, lease);
    await share(mine, on, ace);
    assert.equal([await isThere(place, where), await isThere(place, lease), await isThere(place, older)], [true, true, true]);
    wait(place);
    const shared = await share(mine, on, ace);
    assert.equal([await isThere(place, lease), await isThere(place, older)], [false, false], 'nor what was left of one that is gone');
    assert.equal([shared.retired, shared.replicas], [[{ replica: replicaOf(other.repository), since: timestamp(start) }], 0]);
    assert.equal([await isThere(place, where), await readRef(mine.repository, trackingRef(on, ref))], [false, undefined]);
    await beat(other.repository, on, start + day);
    assert.is(await readRef(other.repository, trackingRef(on, `refs/leases/${replicaOf(other.repository)}`)), (await gitIn(place.there, 'rev-parse', lease)).trim(), 'though it does not know of it');
    if (namespace === 'heads') return;
    assert.equal((await share(mine, on, ace)).retired, []);

    await write(other, (view) => edit(view, 'gt-a', { priority: 0 }, slit));
    assert.ok(await carry(other, on, 10_000, assert.unreachable));
    assert.ok(await isThere(place, where));
    await share(other, on, ace);
    assert.equal([(await share(mine, on, ace)).retired, await headOf(mine)], [[], await headOf(other)]);
    assert.is(await consult(mine, (view) => view.get('gt-a')?.priority), 0);
    assert.is(replicaOf(other.repository), ref.split('/').at(-1), 'it keeps its name');
  });
}

retiring('stays while the common ledger does not hold all of its own, and while it holds a claim', async () => {
  const place = await road();
  const { mine, other, there, ref } = place;
  await write(other, (view) => edit(view, 'gt-a', { priority: 0 }, slit));
  // Its own ledger has arrived, and nobody has taken it in.
  await gitIn(other, 'push', '-q', 'origin', `refs/beads/main:${ref}`);
  await look(place);
  wait(place);
  assert.equal([await look(place), await isThere(place, ref)], [[], true]);
  await pushClaim(other.repository, hub, { bead: 'gt-a', agent: 'slit', duration: 1000 }, undefined, start);
  assert.equal([(await share(mine, hub, ace)).retired, await isThere(place, ref)], [[], true]);
  await gitIn(there, 'update-ref', '-d', 'refs/claims/gt-a');
  assert.equal(await look(place), [{ replica: replicaOf(other.repository), since: timestamp(start) }]);
});

retiring('is none that others only take for one: by a clock that is years ahead, or because nobody has written anything', async () => {
  const place = await road();
  const { mine, watch, other, ref } = place;
  watch.time += 3650 * day;
  await write(mine, (view) => edit(view, 'gt-b', { priority: 0 }, nux));
  assert.equal((await share(mine, hub, ace)).retired, []);
  await share(other, hub, ace);
  await look(place);
  wait(place);
  assert.equal([await look(place), await isThere(place, ref)], [[], true], 'it has all that there is');
});

retiring('stays, and breaks nothing, where it moves at this moment, and where the hub lets nobody take refs away', async () => {
  const place = await road();
  const { mine, other, there, ref } = place;
  wait(place);
  writeFileSync(join(there.repository.gitDir, 'hooks/update'), '#!/bin/sh\ncase $3 in *[1-9a-f]*) ;; *) exit 1 ;; esac\n', { mode: 0o755 });
  await write(mine, (view) => edit(view, 'gt-b', { priority: 1 }, nux));
  const shared = await share(mine, hub, ace);
  assert.equal([shared.retired, shared.pushed, shared.replicas, await isThere(place, ref)], [[], true, 1, true]);
  assert.is(seenBy(mine).seen[replicaOf(other.repository)], undefined, 'it is asked again a month later');

  rmSync(join(there.repository.gitDir, 'hooks/update'));
  await look(place);
  wait(place);
  await write(other, (view) => edit(view, 'gt-a', { priority: 1 }, slit));
  await carry(other, hub, 10_000, assert.unreachable);
  assert.equal([await retireSilent(mine, hub, assert.unreachable), (await share(mine, hub, ace)).retired, await isThere(place, ref)], [[], [], true]);
  assert.is(await consult(mine, (view) => view.get('gt-a')?.priority), 1);
});

retiring('is gone though its lease stays, where the hub lets nobody take leases away', async () => {
  const place = await road();
  const { mine, other, there, ref } = place;
  await beat(other.repository, hub, start);
  await share(mine, hub, ace);
  wait(place);
  writeFileSync(join(there.repository.gitDir, 'hooks/update'), '#!/bin/sh\ncase $1 in refs/leases/*) exit 1 ;; esac\n', { mode: 0o755 });
  const { retired, replicas } = await share(mine, hub, ace);
  const lease = `refs/leases/${replicaOf(other.repository)}`;
  assert.equal([retired.map(({ replica }) => replica), replicas], [[replicaOf(other.repository)], 0]);
  assert.equal([await isThere(place, ref), await isThere(place, lease)], [false, true]);
  assert.equal(await Promise.all([ref, lease].map(async (each) => (await readRef(mine.repository, trackingRef(hub, each))) !== undefined)), [false, true]);
});

retiring('keeps the trust that it has, also in clones that have not retired it', async () => {
  const place = await road();
  const { other, ref } = place;
  const third = await bareLedger({ time: start });
  await gitIn(third, 'remote', 'add', 'origin', place.there.repository.gitDir);
  await gitIn(third, 'remote', 'add', 'elsewhere', (await bareLedger()).repository.gitDir);
  const replica = replicaOf(other.repository);
  const held = async (ledger: Ledger): Promise<boolean> => {
    const snapshot = await openSnapshot(ledger);
    const runnable = commandOf((await snapshot.records(['gt-a'])).get('gt-a')!)!;
    await snapshot.close();
    return (await whyUntrusted(ledger.repository, runnable)) !== undefined;
  };
  for (const remote of ['origin', 'elsewhere']) await share(third, { ...hub, remote }, ace);
  assert.ok(await held(third));
  addTrust(third.repository, 'replica', replica, timestamp(start), ['origin']);
  assert.not(await held(third));
  wait(place);
  assert.ok(await look(place));
  await fetchShared(third.repository, hub);
  assert.is(await readRef(third.repository, trackingRef(hub, ref)), undefined);
  assert.not(await held(third));
  assert.equal((await knownReplicas(third.repository)).filter((each) => each.replica === replica), [{ replica, remote: 'origin' }]);
  await fetchShared(third.repository, hub);
  assert.not(await held(third));

  // Back again, it speaks for itself.
  await write(other, (view) => edit(view, 'gt-a', { metadata: { run: 'echo rust' } }, slit));
  await share(other, hub, ace);
  await share(third, hub, ace);
  assert.not(await held(third));
  writeFileSync(join(third.repository.commonDir, 'gastown/trust', `replica ${replica}`), '');
  assert.ok(await held(third));
});

retiring('is offered for trust to who has never seen its ledger, only where that helps', async () => {
  const place = await road();
  wait(place);
  assert.is((await share(place.mine, hub, ace)).retired.length, 1);
  const fresh = await bareLedger({ time: start });
  await gitIn(fresh, 'remote', 'add', 'origin', place.there.repository.gitDir);
  await share(fresh, hub, ace);
  const snapshot = await openSnapshot(fresh);
  const runnable = commandOf((await snapshot.records(['gt-a'])).get('gt-a')!)!;
  await snapshot.close();
  const why = async (): Promise<unknown> => (await whyUntrusted(fresh.repository, runnable))?.hint;
  const replica = replicaOf(place.other.repository);
  assert.is(await why(), `gt trust ${replica}, or gt trust origin`);
  addTrust(fresh.repository, 'replica', replica, timestamp(start));
  assert.is(await why(), undefined);
  await gitIn(fresh, 'remote', 'add', 'elsewhere', (await bareLedger()).repository.gitDir);
  await share(fresh, { ...hub, remote: 'elsewhere' }, ace);
  await fetchShared(fresh.repository, { ...hub, remote: 'elsewhere' });
  removeTrust(fresh.repository, replica);
  assert.is(await why(), 'write it anew here');
});

retiring('stays where the hub cannot be reached any more: what was shared has arrived by then, and the next look retires it', async () => {
  const place = await road();
  wait(place);
  await fetchShared(place.mine.repository, hub);
  await gitIn(place.mine, 'remote', 'set-url', 'origin', '/nowhere/hub.git');
  const left: string[] = [];
  assert.equal(await retireSilent(place.mine, hub, (why) => void left.push(why)), []);
  assert.ok(await isThere(place, place.ref));
  assert.equal(left.map((why) => why.split(': ').slice(0, 2)), [['retiring clones that are silent', 'origin cannot be reached']]);
  await gitIn(place.mine, 'remote', 'set-url', 'origin', place.there.repository.gitDir);
  assert.equal(await look(place), [{ replica: replicaOf(place.other.repository), since: timestamp(start) }]);
});

retiring.run();
