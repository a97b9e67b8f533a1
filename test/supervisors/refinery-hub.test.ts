import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { edit } from '../../src/domain/content.ts';
import { updateRefs } from '../../src/git/refs.ts';
import { gitText } from '../../src/git/run.ts';
import { noteSigns, pushClaim, readClaims } from '../../src/ledger/claims.ts';
import { fetchShared, type Hub } from '../../src/ledger/sharing.ts';
import { transact } from '../../src/ledger/transact.ts';
import { signatureOf } from '../../src/town.ts';
import { bead, hubTown, runQueue, submitted, type QueueTown } from '../helpers/queue.ts';

const hub: Hub = { remote: 'origin', namespace: 'beads' };
const queue = suite('the merge queue of a hub that several clones work on');

/** Writes into a request what a ledger from elsewhere says of it. */
async function say({ town, rig }: QueueTown, id: string, metadata: Readonly<Record<string, unknown>>): Promise<void> {
  await transact(rig.ledger, signatureOf(town, 'mayor'), 'Say so', (view) => edit(view, id, { metadata }, { by: 'mayor', at: '2026-05-01T08:00:00Z' }));
}

queue('waits for commits that another clone has told of and not brought yet, and lands them when they are there', async () => {
  const world = await hubTown();
  const { id, request: filed } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  const { rig, place } = world;
  const ref = `refs/heads/mq/main/in/${id}`;
  const seen = `refs/remotes/origin/mq/main/in/${id}`;
  await gitText(place, ['update-ref', '-d', ref]);
  await updateRefs(rig.repository, [{ ref, from: filed.head, to: null }, { ref: seen, from: filed.head, to: null }, { ref: `refs/heads/${filed.branch}`, from: filed.head, to: null }]);
  await gitText(rig.repository, ['-c', 'gc.reflogExpire=now', 'gc', '-q', '--prune=now']);
  await say(world, id, { replica: 'far0ne' });
  const waits = await runQueue(world);
  assert.equal([waits.rejected, waits.waiting.map(({ reason }) => reason)], [[], [`the commit ${filed.head.slice(0, 12)} is not on the hub yet: replica far0ne has it`]]);
  assert.is((await bead(world, 'ci-guard')).assignee, 'citadel/refinery');
  // The hub keeps what nobody has pruned there.
  await gitText(place, ['update-ref', ref, filed.head]);
  await new Promise((resume) => setTimeout(resume, 1_050));
  assert.equal((await runQueue(world)).landed.map(({ bead: landed }) => landed), ['ci-guard']);
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

queue.run();
