import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { release } from '../../src/domain/hook.ts';
import { submitRequest, type Offer } from '../../src/actions/submit.ts';
import { inRef } from '../../src/actions/queue-refs.ts';
import { readRef } from '../../src/git/refs.ts';
import { gitText } from '../../src/git/run.ts';
import { replicaOf } from '../../src/ledger/ledger.ts';
import { transact } from '../../src/ledger/transact.ts';
import { signatureOf } from '../../src/town.ts';
import { bead, branch, hubTown, request, runQueue, slung, soloTown, submitted, tip, type QueueTown } from '../helpers/queue.ts';

const submit = suite('submitRequest');
const nux = 'citadel/polecats/nux';

async function offer({ town, rig }: QueueTown, given: Partial<Offer> & Pick<Offer, 'head'>): ReturnType<typeof submitRequest> {
  const whole = { branch: 'work', target: 'main', worker: nux, priority: 2, ...given };
  return submitRequest(town, rig, whole, signatureOf(town, whole.worker));
}

async function code(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'nothing thrown';
}

submit('hands the bead to the refinery, fixes the base and keeps the head', async () => {
  const world = await soloTown();
  const base = await tip(world.rig);
  const { id, request: filed, isNew } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  assert.is(isNew, true);
  assert.equal([filed.base, filed.source, filed.worker], [base, 'ci-guard', nux]);
  const source = await bead(world, 'ci-guard');
  assert.equal([source.status, source.assignee, source.metadata?.['request']], ['hooked', 'citadel/refinery', id]);
  assert.is(await readRef(world.rig.repository, inRef('main', id)), filed.head);
});

submit('tells the hub of the head and of the ledger that has the request, at once', async () => {
  const world = await hubTown();
  const { id, request: filed } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  assert.is(await gitText(world.place, ['rev-parse', inRef('main', id)]), filed.head);
  const replica = `refs/beads/replicas/${replicaOf(world.rig.repository)}`;
  assert.match(await gitText(world.place, ['grep', '-h', `"id":"${id}"`, replica, '--', 'beads']), /merge-request/);
});

submit('files what the hub could not be told of, for the queue to bring there', async () => {
  const world = await hubTown();
  await gitText(world.rig.repository, ['config', 'remote.origin.url', `${world.place}-is-away`]);
  const { id, unpublished } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  assert.match(unpublished ?? '', /cannot be reached/);
  assert.is((await bead(world, 'ci-guard')).assignee, 'citadel/refinery');
  await gitText(world.rig.repository, ['config', 'remote.origin.url', world.place]);
  assert.equal((await runQueue(world)).landed.map((landed) => landed.request), [id]);
});

submit('is the same request for the same head', async () => {
  const world = await soloTown();
  const first = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  const { request: filed } = first;
  const before = await gitText(world.rig.repository, ['rev-parse', 'refs/beads/main']);
  const second = await offer(world, { head: filed.head, branch: filed.branch, source: 'ci-guard', token: filed.token });
  assert.equal([second.id, second.isNew], [first.id, false]);
  assert.is(await gitText(world.rig.repository, ['rev-parse', 'refs/beads/main']), before);
});

submit('supersedes the older request of the same bead', async () => {
  const world = await soloTown();
  const first = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  const head = await branch(world, 'polecat/nux/ci-guard', { 'gate.txt': 'open\n' }, first.request.head);
  const second = await offer(world, { head, source: 'ci-guard', token: first.request.token });
  assert.equal(second.superseded, [first.id]);
  assert.equal([second.request.base, second.request.after], [first.request.base, '']);
  assert.is((await request(world, first.id)).outcome, 'superseded');
  const report = await runQueue(world);
  assert.equal(report.landed.map((landed) => landed.request), [second.id]);
  assert.equal(report.rejected, []);
});

submit('refuses what cannot land', async () => {
  const world = await soloTown();
  const before = await tip(world.rig);
  const head = await branch(world, 'work', { 'gate.txt': 'shut\n' });
  assert.is(await code(offer(world, { head: '1'.repeat(40) })), 'commit.unknown');
  assert.is(await code(offer(world, { head: '--all' })), 'commit.unknown');
  assert.is(await code(offer(world, { head: before })), 'request.nothing-ahead');
  assert.is(await code(offer(world, { head, branch: 'main' })), 'request.not-branched');
  assert.is(await code(offer(world, { head, target: 'nowhere' })), 'request.no-target');
  assert.is(await code(offer(world, { head, target: '../x' })), 'ref.bad-name');
  const orphan = await gitText(world.rig.repository, ['-c', 'user.name=Ada', '-c', 'user.email=a@example.com', 'commit-tree', '-m', 'Alone', `${head}^{tree}`]);
  assert.is(await code(offer(world, { head: orphan })), 'request.unrelated');
});

submit('refuses a head that was rejected, unless it is said to try again', async () => {
  const world = await soloTown('! test -f broken');
  const { id, request: filed } = await submitted(world, 'ci-bad', { broken: '1\n' });
  await runQueue(world);
  const again = { head: filed.head, branch: filed.branch, source: 'ci-bad' };
  assert.is(await code(offer(world, again)), 'request.nothing-new');
  const retried = await offer(world, { ...again, retry: true });
  assert.is.not(retried.id, id);
  assert.is((await request(world, id)).outcome, 'rejected', 'what has ended does not end twice');
  const report = await runQueue(world);
  assert.equal([report.rejected.map((rejected) => rejected.request), report.gateRuns], [[retried.id], 2]);
});

submit('refuses work of a worker whose claim was taken over', async () => {
  const world = await soloTown();
  const { town, rig } = world;
  const token = await slung(world, 'ci-guard');
  const head = await branch(world, 'work', { 'gate.txt': 'shut\n' });
  const act = { by: 'mayor', at: new Date().toISOString() };
  await transact(rig.ledger, signatureOf(town, 'mayor'), 'Take it back', (view) => release(view, 'ci-guard', act));
  assert.is(await code(offer(world, { head, source: 'ci-guard', token })), 'claim.lost');
  await slung(world, 'ci-guard', 'citadel/polecats/slit');
  assert.is(await code(offer(world, { head, source: 'ci-guard', token })), 'bead.not-on-hook');
  await transact(rig.ledger, signatureOf(town, 'mayor'), 'Take it back', (view) => release(view, 'ci-guard', act));
  const renewed = await slung(world, 'ci-guard');
  assert.is(await code(offer(world, { head, source: 'ci-guard', token })), 'claim.lost', 'the same worker, but another claim');
  await offer(world, { head, source: 'ci-guard', token: renewed });
  const other = await branch(world, 'other', { 'gate.txt': 'open\n' });
  assert.is(await code(offer(world, { head: other, source: 'ci-guard', token })), 'claim.lost', 'the newer claim has submitted meanwhile');
});

submit('lets a person land a branch without a bead', async () => {
  const world = await soloTown();
  const head = await branch(world, 'feature', { 'gate.txt': 'shut\n' });
  await offer(world, { head, branch: 'feature', worker: 'Ada' });
  assert.is((await runQueue(world)).landed.length, 1);
  assert.is(await readRef(world.rig.repository, 'refs/heads/feature'), head, "a person's branch is theirs to delete");
});

submit.run();
