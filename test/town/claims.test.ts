// time limit: 120 s
import { spawn } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { durationOf, lookAtHub } from '../../src/actions/claims.ts';
import { keepAlive } from '../../src/actions/signs-of-life.ts';
import { syncTown } from '../../src/actions/sync.ts';
import { readEvents } from '../../src/ledger/events.ts';
import { NoLedger, type Ledger } from '../../src/ledger/ledger.ts';
import { claimsRound, claimsTick } from '../../src/supervisors/claims.ts';
import { openTown, signatureOf, type Town } from '../../src/town.ts';
import { cloneOf, machines, newHub, type Clone } from '../helpers/clones.ts';
import { programs } from '../helpers/programs.ts';
import { git } from '../helpers/town.ts';
import { ownEnvironment } from '../helpers/temporary.ts';
import { until } from '../sessions/until.ts';

interface Shown {
  readonly status: string;
  readonly assignee?: string;
  readonly metadata?: { readonly claim?: { readonly token: string; readonly replica: string } };
  readonly attempts?: readonly { readonly outcome: string; readonly evidence: string }[];
}

async function shown(clone: Clone, id: string): Promise<Shown> {
  const [bead] = await clone.json<Shown[]>('show', id);
  if (bead === undefined) throw new Error(`there is no ${id}`);
  return bead;
}

const claimsOn = async (hub: string): Promise<string[]> => (await git(hub, ['for-each-ref', '--format=%(refname)', 'refs/claims'])).split('\n').filter((ref) => ref !== '');

async function synced(...clones: Clone[]): Promise<void> {
  for (const clone of clones) await clone.gt('sync', '--quiet');
}

const claims = suite('two machines');

claims('that sling one bead at once have one worker, and the loser is told', async () => {
  const { hub, one, other } = await machines();
  for (let round = 0; round < 2; round += 1) {
    const id = await one.gt('create', `Paint door ${round}`, '--silent');
    await synced(one, other);
    const ran = await Promise.all([one, other].map((clone) => clone.tried('sling', id, '--no-start')));
    assert.equal(ran.map(({ code }) => code).sort(), [0, 1], ran.map(({ stdout, stderr }) => stdout + stderr).join());
    const [winner, loser] = ran[0]?.code === 0 ? [one, other] : [other, one];
    assert.match(ran.find(({ code }) => code === 1)?.stderr ?? '', new RegExp(`${id} is worked on elsewhere: .* of replica ${await winner.replica()} has it`));
    assert.is((await claimsOn(hub)).filter((ref) => ref === `refs/claims/${id}`).length, 1);
    await synced(loser);
    const [here, there] = [await shown(winner, id), await shown(loser, id)];
    assert.equal([here.status, here.assignee, here.metadata?.claim?.replica], ['hooked', there.assignee, await winner.replica()]);
    assert.is((await loser.tried('sling', id)).code, 1);
  }
});

claims('land work on a bead once, and its claim goes with that', async () => {
  const { hub, one, other } = await machines();
  const id = await one.gt('create', 'Paint the door', '--silent', '--run', 'echo red >door.txt');
  await one.gt('sling', id);
  assert.equal(await claimsOn(hub), [`refs/claims/${id}`]);
  await one.gt('wait', id, '--for', 'submitted', '--timeout', '20s');
  // It is submitted before the hub has it, and whoever looks in between waits for it.
  await until(async () => (await git(hub, ['for-each-ref', 'refs/heads/mq/main/in'])) !== '', 20_000);
  await synced(one, other);
  await other.gt('mq', 'run');
  assert.equal(await claimsOn(hub), []);
  assert.is(await git(hub, ['show', 'main:door.txt']), 'red');
  await synced(other, one);
  assert.is((await shown(one, id)).status, 'closed');
});

claims('of which one was cut off have one worker in the end; the work of the other does not land, and is told as an attempt', async () => {
  const { hub, one, other } = await machines();
  const id = await one.gt('create', 'Paint the door', '--silent', '--run', 'echo red >door.txt');
  await synced(one, other);
  renameSync(hub, `${hub}.away`);
  assert.match(await one.gt('sling', id), /the remote does not answer, so other machines do not know yet/);
  // It is submitted before the hub is told, so the hub stays away until that was tried.
  await until(async () => (await one.gt('log')).includes('work.done'), 20_000);
  renameSync(`${hub}.away`, hub);
  await other.gt('sling', id, '--no-start');
  const before = await git(hub, ['rev-parse', 'main']);
  const refused = await one.gt('mq', 'run');
  for (const told of [refused, await one.gt('mq', 'run', '--once')]) assert.match(told, new RegExp(`claimed anew: .* of replica ${await other.replica()} has it`));
  await synced(one, other, one);
  await one.gt('mq', 'run');
  assert.is(await git(hub, ['rev-parse', 'main']), before);
  const now = await shown(one, id);
  assert.equal([now.status, now.metadata?.claim?.replica], ['hooked', await other.replica()]);
  assert.match(now.attempts?.map(({ outcome }) => outcome).join() ?? '', /rejected: stale/);
  const { folder } = (await other.json<{ folder: string; bead?: string }[]>('polecat', 'list'))[0] ?? { folder: '' };
  await git(folder, ['commit', '-q', '--allow-empty', '-m', 'Paint it blue']);
  await other.gt('done', '--actor', now.assignee ?? '');
  await other.gt('mq', 'run');
  assert.match(await git(hub, ['log', '--format=%s', 'main']), /Paint it blue/);
  await synced(other, one);
  assert.is((await shown(one, id)).status, 'closed');
});

claims('of which one worked on while it was cut off: what the other took over and landed meanwhile does not land again', async () => {
  const { hub, one, other } = await machines();
  await one.gt('config', 'set', 'claims.duration', '500ms');
  const id = await one.gt('create', 'Paint the door', '--silent', '--run', 'echo blue >door.txt');
  await one.gt('sling', id, '--no-start');
  const [{ folder } = { folder: '' }] = await one.json<{ folder: string }[]>('polecat', 'list');
  await synced(one, other, other);
  await one.git('remote', 'set-url', 'origin', '/nowhere');
  writeFileSync(join(folder, 'sign.txt'), 'red\n');
  await one.gt('done', '--actor', (await shown(one, id)).assignee ?? '');
  await new Promise((resume) => setTimeout(resume, 600));
  await synced(other);
  await other.gt('sling', id);
  await other.gt('wait', id, '--for', 'submitted', '--timeout', '20s');
  await other.gt('mq', 'run');
  const landed = await git(hub, ['rev-parse', 'main']);
  assert.is(await git(hub, ['show', 'main:door.txt']), 'blue');
  await one.git('remote', 'set-url', 'origin', hub);
  assert.match(await one.gt('mq', 'run'), /was closed meanwhile/);
  assert.is(await git(hub, ['rev-parse', 'main']), landed);
});

claims('of which one falls silent: the other takes its work over after it has seen no sign for the duration', async () => {
  const { one, other } = await machines();
  await one.gt('config', 'set', 'claims.duration', '30s');
  const id = await one.gt('create', 'Paint the door', '--silent', '--run', `case $PWD in ${one.path}*) sleep 60 ;; esac; echo red >door.txt`);
  await one.gt('sling', id);
  await one.gt('down', '--all');
  await synced(one);
  const began = Date.now();
  const lookAfter = async (milliseconds: number): Promise<void> => {
    const town = openTown(other.path, () => began + milliseconds);
    await syncTown(town, signatureOf(town, 'mayor'), { progress: () => {} });
    await claimsTick(town, town.rigs[0]!, 'origin');
  };
  for (const time of [0, 29_000]) await lookAfter(time);
  const refused = await other.tried('sling', id);
  assert.is(refused.code, 1, 'it has been seen a moment ago');
  assert.match(refused.stderr, /is worked on elsewhere/);
  await lookAfter(30_000);
  const taken = await shown(other, id);
  assert.match(taken.attempts?.at(-1)?.evidence ?? '', new RegExp(`replica ${await one.replica()} gave no sign of life`));
  await other.gt('tick');
  await other.gt('wait', id, '--for', 'submitted', '--timeout', '20s');
  await other.gt('mq', 'run');
  await synced(other, one);
  assert.is((await shown(one, id)).status, 'closed');
});

claims('of which one gives signs of life: its work stays its own', async () => {
  const { hub, one, other } = await machines();
  await one.gt('config', 'set', 'claims.duration', '1500ms');
  const id = await one.gt('create', 'Paint the door', '--silent');
  await one.gt('sling', id, '--no-start');
  await one.gt('sync', '--quiet');
  // Who shares the ledger by another remote sees them too, and a clock that was ahead when it gave one gives more.
  const third = await cloneOf(hub);
  await third.gt('init', '--quiet');
  await third.git('remote', 'add', 'backup', await newHub());
  const town = openTown(one.path, () => Date.now() + 86_400_000);
  await claimsTick(town, town.rigs[0]!, 'origin');
  for (let round = 0; round < 4; round += 1) {
    await synced(one, other);
    await third.gt('sync', '--quiet', '--remote', 'backup');
    await new Promise((resume) => setTimeout(resume, 550));
  }
  assert.is((await shown(third, id)).status, 'hooked');
  assert.is((await git(hub, ['for-each-ref', '--format=%(refname)', 'refs/leases'])), `refs/leases/${await one.replica()}`);
  assert.is((await shown(other, id)).status, 'hooked');
});

claims('of one rig that cannot be looked after hold up those of no other', async () => {
  const { hub, one } = await machines();
  await one.gt('sling', await one.gt('create', 'Paint the door', '--silent'), '--no-start');
  const found = openTown(one.path, () => Date.now());
  const [rig] = found.rigs;
  assert.ok(rig !== undefined);
  await git(hub, ['update-ref', '-d', `refs/leases/${await one.replica()}`]);
  const broken = { ...rig, name: 'broken', ledger: { ...rig.ledger, ref: 'refs/beads/nowhere' } };
  const failures = await claimsRound({ ...found, rigs: [broken, rig] }, ['broken', rig.name].map((name) => ({ name, remote: 'origin' })));
  assert.equal(failures.map(({ name, failure }) => [name, failure.code]), [['broken', 'ledger.missing']]);
  assert.match(await git(hub, ['for-each-ref', '--format=%(refname)', 'refs/leases']), /refs\/leases\//);
});

claims('of which one cannot read its ledger for a moment: its sessions go on giving signs of life', async () => {
  const { hub, one } = await machines();
  await one.gt('config', 'set', 'claims.duration', '300ms');
  await one.gt('sling', await one.gt('create', 'Paint the door', '--silent'), '--no-start');
  const town = openTown(one.path, () => Date.now());
  const rig = town.rigs[0]!;
  // It is there again once a look has begun that cannot find it.
  let failed = false;
  const lost: Ledger = { ...town.hq, get ref() { failed = true; return 'refs/beads/lost'; } };
  const shaken: Town = { ...town, get hq() { return failed ? town.hq : lost; } };
  try {
    await durationOf({ ...town, hq: lost }, rig);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, NoLedger);
  }
  failed = false;
  const end = new AbortController();
  const signs = keepAlive(shaken, rig, end.signal);
  const given = async (): Promise<boolean> => (await git(hub, ['for-each-ref', 'refs/leases'])) !== '';
  for (const until = performance.now() + 10_000; performance.now() < until && !(await given()); ) await new Promise((resume) => setTimeout(resume, 50));
  end.abort();
  await signs;
  assert.ok(failed);
  assert.ok(await given());
});

claims('of which one cannot learn the prefixes of what it takes in: it looks at the hub all the same, and tells of it', async () => {
  const { one } = await machines();
  const damage = 'commit refs/beads/main\ncommitter a <a@b> 1 +0000\ndata 1\nx\nfrom refs/beads/main^0\nM 100644 inline settings/ids.json\ndata 1\n{\n';
  await git(one.path, ['fast-import', '--quiet'], { input: damage });
  const town = openTown(one.path, () => Date.now());
  const rig = town.rigs[0]!;
  assert.equal(await lookAtHub(town, rig, signatureOf(town, 'ace')), { remote: 'origin', namespace: 'beads' });
  const told = (await readEvents(town.hq, 9)).filter(({ kind }) => kind === 'upkeep.left').map(({ subject, data }) => [subject, /^learning the prefixes/.test(String(data?.['message']))]);
  assert.equal(told, [[rig.name, true]]);
});

claims('of which one cannot make the worktree that a sling needs: its claim is gone at once', async () => {
  const { hub, one, other } = await machines();
  const id = await one.gt('create', 'Paint the door', '--silent');
  await synced(one, other);
  mkdirSync(`${one.path}.town`, { recursive: true });
  writeFileSync(join(`${one.path}.town`, 'polecats'), 'in the way');
  assert.is.not((await one.tried('sling', id, '--no-start')).code, 0);
  assert.equal(await claimsOn(hub), []);
  await other.gt('sling', id, '--no-start');
});

claims('of which one is killed while it slings have one worker in the end', async () => {
  const { one, other } = await machines();
  const [program = '', ...words] = programs[0]?.argv ?? [];
  const ids: string[] = [];
  for (let kill = 0; kill < 4; kill += 1) {
    const id = await one.gt('create', `Paint door ${kill}`, '--silent');
    ids.push(id);
    await synced(one, other);
    const child = spawn(program, [...words, 'sling', id, '--no-start'], { cwd: one.path, env: ownEnvironment(), stdio: 'ignore', detached: true });
    await new Promise((resume) => setTimeout(resume, 50 + kill * 50));
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // It was faster.
    }
    if (child.exitCode === null && child.signalCode === null) await new Promise((resume) => child.once('exit', resume));
    await other.tried('sling', id, '--no-start');
  }
  await synced(one, other, one, other);
  for (const id of ids) {
    const slung = await Promise.all([one, other].map((clone) => clone.tried('sling', id, '--no-start')));
    assert.ok(slung.filter(({ code }) => code === 0).length <= 1, slung.map(({ stdout, stderr }) => stdout + stderr).join());
    await synced(one, other, one);
    const [here, there] = await Promise.all([one, other].map((clone) => shown(clone, id)));
    assert.is(here?.status, 'hooked');
    assert.equal([here?.assignee, here?.metadata?.claim], [there?.assignee, there?.metadata?.claim]);
  }
});

claims.run();
