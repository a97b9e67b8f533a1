import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Submitted } from '../../src/actions/submit.ts';
import { unsling } from '../../src/actions/unsling.ts';
import { Freshness } from '../../src/base/freshness.ts';
import { edit } from '../../src/domain/content.ts';
import { updateRefs } from '../../src/git/refs.ts';
import { gitText } from '../../src/git/run.ts';
import { noteSigns, pushClaim, readClaims } from '../../src/ledger/claims.ts';
import { fetchShared, type Hub } from '../../src/ledger/sharing.ts';
import { transact } from '../../src/ledger/transact.ts';
import { signatureOf } from '../../src/town.ts';
import { looseCommit, thrown } from '../git/ground.ts';
import { bead, configure, hubTown, landedFile, request, runQueue, soloTown, submitted, type QueueTown } from '../helpers/queue.ts';

const hub: Hub = { remote: 'origin', namespace: 'beads' };
const queue = suite('the merge queue of a hub that several clones work on');

/** Writes into a request what a ledger from elsewhere says of it. */
async function say({ town, rig }: QueueTown, id: string, metadata: Readonly<Record<string, unknown>>): Promise<void> {
  await transact(rig.ledger, signatureOf(town, 'mayor'), 'Say so', (view) => edit(view, id, { metadata }, { by: 'mayor', at: '2026-05-01T08:00:00Z' }));
}

const claimsOn = ({ place }: QueueTown): Promise<string> => gitText(place, ['for-each-ref', '--format=%(refname)', 'refs/claims']);

/** Takes the commits of requests away, as if another clone had told of them and not brought them yet. The hub keeps what nobody has pruned there. */
async function withhold(world: QueueTown, filed: readonly Pick<Submitted, 'id' | 'request'>[]): Promise<void> {
  const { repository } = world.rig;
  for (const { id, request: { head, branch } } of filed) {
    const ref = `refs/heads/mq/main/in/${id}`;
    await gitText(world.place, ['update-ref', '-d', ref]);
    await updateRefs(repository, [ref, `refs/remotes/origin/mq/main/in/${id}`, `refs/heads/${branch}`].map((each) => ({ ref: each, from: head, to: null })));
  }
  await gitText(repository, ['-c', 'gc.reflogExpire=now', 'gc', '-q', '--prune=now']);
  for (const { id } of filed) await say(world, id, { replica: 'far0ne' });
}

queue('waits for commits that another clone has told of and not brought yet, and lands them when they are there', async () => {
  const world = await hubTown();
  const { id, request: filed } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  await withhold(world, [{ id, request: filed }]);
  // A hub so slow that every answer is old by the time it is looked at: whoever asks for a fresh one is stopped after a while.
  const end = new AbortController();
  let looks = 0;
  const refreshed = new Freshness(() => {
    looks += 1;
    if (looks > 20) end.abort();
    return looks * 2_000;
  });
  const waits = await runQueue(world, { refreshed, signal: end.signal });
  assert.equal([waits.rejected, waits.waiting.map(({ reason }) => reason)], [[], [`the commit ${filed.head.slice(0, 12)} is not on the hub yet: replica far0ne has it`]]);
  assert.is((await bead(world, 'ci-guard')).assignee, 'citadel/refinery');
  await gitText(world.place, ['update-ref', `refs/heads/mq/main/in/${id}`, filed.head]);
  assert.equal((await runQueue(world, { refreshed })).landed.map(({ bead: landed }) => landed), ['ci-guard']);
});

queue('asks the hub again for what is awaited, once it has got on with something else', async () => {
  const world = await hubTown(undefined);
  const filed = [await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' }), await submitted(world, 'ci-horn', { 'horn.txt': 'loud\n' })] as const;
  const bringing = filed.map(({ id, request: { head } }) => ['--git-dir', world.place, 'update-ref', `refs/heads/mq/main/in/${id}`, head]);
  await withhold(world, filed);
  // The one comes after the hub was asked first, the other while that one is tested.
  await configure(world, 'test.command', `git ${bringing[1]!.map((word) => `'${word}'`).join(' ')}`);
  let looks = 0;
  const refreshed = new Freshness(() => {
    looks += 1;
    if (looks === 1) execFileSync('git', bringing[0]);
    return looks * 2_000;
  });
  assert.equal((await runQueue(world, { refreshed })).landed.map(({ bead: landed }) => landed), ['ci-guard', 'ci-horn']);
});

queue('brings its stack to the hub by another name where somebody was faster with the one that it had in mind', async () => {
  const world = await hubTown();
  const { request: filed } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  await runQueue(world, { once: true });
  await gitText(world.place, ['update-ref', 'refs/heads/mq/main/try/1', filed.head]);
  assert.equal((await runQueue(world, { refreshed: new Freshness() })).landed.map(({ bead: landed }) => landed), ['ci-guard']);
});

queue('waits no longer for the commits of a clone that has been silent for too long', async () => {
  const world = await hubTown();
  const { id } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  const { repository } = world.rig;
  const { token } = await pushClaim(repository, hub, { bead: 'ci-guard', agent: 'citadel/polecats/nux', duration: 60_000 }, undefined, Date.now());
  await say(world, id, { replica: 'far0ne', claim: token, head: '1'.repeat(40) });
  assert.equal((await runQueue(world)).rejected, []);
  for (const now of [0, 60_000]) {
    await fetchShared(repository, hub);
    await noteSigns(repository, hub, now);
  }
  assert.is((await readClaims(repository, hub))[0]?.silent, 60_000);
  assert.equal((await runQueue(world)).rejected.map(({ kind }) => kind), ['lost']);
  assert.is((await bead(world, 'ci-guard')).status, 'open');
});

queue('gives no bead back whose work another clone has landed while it was to be rejected', async () => {
  const world = await hubTown(undefined);
  const { id, request: filed } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  // As another clone would, just before the verdict.
  await configure(world, 'test.command', `test ! -f gate.txt || { git --git-dir '${world.place}' update-ref refs/heads/main ${filed.head}; exit 1; }`);
  const report = await runQueue(world);
  assert.equal([report.rejected, report.landed.map(({ bead: landed }) => landed)], [[], ['ci-guard']]);
  assert.equal([(await bead(world, 'ci-guard')).status, (await request(world, id)).outcome], ['closed', 'merged']);
});

queue('rejects nothing that somebody else has claimed since, and leaves no claim of its own', async () => {
  const world = await hubTown('test ! -f gate.txt');
  const { id } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  const { repository } = world.rig;
  const other = join(world.place, 'claim');
  const words = `Claim ci-guard\n\n${JSON.stringify({ bead: 'ci-guard', agent: 'citadel/polecats/slit', replica: 'far0ne', duration: 60_000 })}`;
  const tree = await gitText(repository, ['mktree'], { input: '' });
  const token = await gitText(repository, ['commit-tree', tree, '-m', words], { env: { GIT_AUTHOR_NAME: other, GIT_AUTHOR_EMAIL: 'a@b.c', GIT_COMMITTER_NAME: other, GIT_COMMITTER_EMAIL: 'a@b.c' } });
  await gitText(repository, ['push', '-q', world.place, `${token}:refs/claims/ci-guard`]);
  const report = await runQueue(world);
  assert.equal(report.rejected, []);
  assert.match(report.waiting[0]?.reason ?? '', /ci-guard was claimed anew: citadel\/polecats\/slit of replica far0ne has it/);
  assert.is((await bead(world, 'ci-guard')).assignee, 'citadel/refinery');
  await gitText(world.place, ['update-ref', '-d', 'refs/claims/ci-guard']);
  assert.equal((await runQueue(world)).rejected.map(({ request: rejected }) => rejected), [id]);
  assert.equal([(await bead(world, 'ci-guard')).status, await claimsOn(world)], ['open', '']);
});

queue('lets nobody take work out that another clone has landed, and says what tells of that', async () => {
  const world = await hubTown();
  const { request: filed } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  await gitText(world.place, ['update-ref', 'refs/heads/main', filed.head]);
  const take = (): Promise<unknown> => unsling(world.town, signatureOf(world.town, 'mayor'), 'ci-guard', true);
  assert.is((await thrown(take)).code, 'queue.moved');
  const { code, message } = await thrown(take);
  assert.equal([code, message, await claimsOn(world)], ['request.not-taken-out', 'ci-guard was not taken out of the queue: its work is on main', '']);
  assert.equal((await runQueue(world)).landed.map(({ bead: landed }) => landed), ['ci-guard']);
  assert.is((await bead(world, 'ci-guard')).status, 'closed');
});

queue('lets nobody take work out where it cannot be read whether it has landed', async () => {
  const world = await soloTown();
  const { repository } = world.rig;
  const { request: filed } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  const landed = await looseCommit(repository, 'Land it', [filed.head]);
  await gitText(repository, ['update-ref', 'refs/heads/main', await looseCommit(repository, 'Go on', [landed])]);
  const path = join(repository.gitDir, 'objects', landed.slice(0, 2), landed.slice(2));
  const bytes = readFileSync(path);
  rmSync(path);
  const take = (): Promise<unknown> => unsling(world.town, signatureOf(world.town, 'mayor'), 'ci-guard', true);
  assert.is((await thrown(take)).code, 'git.failed');
  assert.is((await bead(world, 'ci-guard')).status, 'hooked');
  writeFileSync(path, bytes);
  assert.is((await thrown(take)).code, 'request.not-taken-out');
});

queue('takes work out only with its claim, so that no other clone lands it', async () => {
  const world = await hubTown();
  const { id, request: filed } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  const { token } = await pushClaim(world.rig.repository, hub, { bead: 'ci-guard', agent: 'citadel/polecats/nux', duration: 60_000 }, undefined, Date.now());
  await say(world, id, { claim: token });
  await gitText(world.rig.repository, ['fetch', '-q', 'origin']);
  // The other clone, which knows nothing of it, lands with a lease on the claim.
  const landing = ['push', '-q', '--atomic', `--force-with-lease=refs/claims/ci-guard:${token}`, world.place, `${filed.head}:refs/heads/main`, ':refs/claims/ci-guard'];
  await unsling(world.town, signatureOf(world.town, 'mayor'), 'ci-guard', true);
  assert.equal([(await bead(world, 'ci-guard')).status, await claimsOn(world)], ['open', '']);
  assert.is((await thrown(() => gitText(world.rig.repository, landing))).code, 'git.failed');
  assert.is(await landedFile(world, 'gate.txt'), undefined);
  assert.equal((await runQueue(world)).landed, []);
});

queue.run();
