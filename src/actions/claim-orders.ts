import { Busy } from '../base/errors.ts';
import { shortDuration, timestamp } from '../base/time.ts';
import { evolving, type Act, type Bead, type BeadChange, type Beads } from '../domain/bead.ts';
import { claimOf, type Claim, type ClaimOrder, type HookedBead, type SeenClaim } from '../domain/claim.ts';
import { edit, recordAttempt } from '../domain/content.ts';
import { handOver, release } from '../domain/hook.ts';
import { requestNamed, requestOf } from '../domain/merge-request.ts';
import { isSubmitted } from '../domain/submission.ts';
import { readRef } from '../git/refs.ts';
import { ClaimHeld, dropClaim, pushClaim, readClaims } from '../ledger/claims.ts';
import { appendEvent } from '../ledger/events.ts';
import { replicaOf, statePath } from '../ledger/ledger.ts';
import { withLock } from '../ledger/lock.ts';
import { liveBeads } from '../ledger/projection.ts';
import { consult } from '../ledger/read.ts';
import type { Hub } from '../ledger/sharing.ts';
import { phaseOf, type Stored } from '../ledger/stored.ts';
import { transact } from '../ledger/transact.ts';
import { signatureOf, type Rig, type Town } from '../town.ts';
import { claimFact, isHere, takeClaim } from './claims.ts';
import { listSessions, readSession, updateSession, type SessionRecord } from './session-record.ts';
import { stopSession } from './session.ts';
import { freeWorktree, listWorkers, workBranch, type Worker } from './worker.ts';

/** The claims of a rig's hub as the last fetch saw them, and the beads that hang on hooks. */
export async function observeClaims(rig: Rig, hub: Hub): Promise<{ readonly claims: SeenClaim[]; readonly hooked: HookedBead[] }> {
  const beads = await liveBeads(rig.ledger);
  const claims = await readClaims(rig.repository, hub);
  const records = await hookedRecords(rig, beads);
  const workers = await listWorkers(rig, beads);
  const sessions = listSessions(rig);
  const hooked = records.map(({ stored, under, submitted }): HookedBead => ({ bead: stored.bead, under, submitted, here: isHere(rig, stored), worked: workedOn(workers, sessions, stored) }));
  return { claims, hooked };
}

/** The records of the beads that hang on hooks, with the claims that they hang there under, or were submitted. */
function hookedRecords(rig: Rig, beads: Beads): Promise<(Pick<HookedBead, 'under' | 'submitted'> & { readonly stored: Stored })[]> {
  const ids = [...beads.all()].filter(({ status }) => status === 'hooked').map(({ id }) => id);
  return consult(rig.ledger, (view) => {
    view.load(ids);
    const records = ids.map((id) => view.stored(id)).filter((stored) => stored !== undefined).filter(({ bead }) => bead.status === 'hooked');
    view.load(records.flatMap(({ bead }) => requestNamed(bead) ?? []));
    return records.map((stored) => {
      const { bead } = stored;
      const submitted = isSubmitted(bead);
      const request = submitted ? view.get(requestNamed(bead) ?? '') : undefined;
      return { stored, submitted, under: submitted ? request && requestOf(request).claim : claimOf(bead)?.token };
    });
  });
}

/** Whether a worker of this machine has a bead in its worktree, and its session takes it for its own. */
function workedOn(workers: readonly Worker[], sessions: readonly SessionRecord[], stored: Stored): HookedBead['worked'] {
  const session = sessions.find(({ bead }) => bead === stored.bead.id);
  if (session !== undefined) return session.token === phaseOf(stored)[0] && session.agent === stored.bead.assignee ? 'current' : 'stale';
  return workerWith(workers, stored.bead.id) === undefined ? 'none' : 'current';
}

function workerWith(workers: readonly Worker[], bead: string): Worker | undefined {
  return workers.find(({ name, branch }) => branch?.replace(/^refs\/heads\//, '') === workBranch(name, bead));
}

/** Carries out one order. Where somebody was faster, the next round sees what has become of it. */
export async function carryOut(town: Town, rig: Rig, hub: Hub, order: ClaimOrder): Promise<void> {
  try {
    switch (order.do) {
      case 'drop': return await drop(rig, hub, order.claim);
      case 'take': return await claimLater(town, rig, hub, order.bead);
      case 'assert': return await assertClaim(town, rig, order.claim);
      case 'yield': return await yieldTo(town, rig, order.claim, order.bead);
      case 'takeOver': return await takeOver(town, rig, hub, order.claim, order.bead);
    }
  } catch (error) {
    if (!(error instanceof Busy) && !(error instanceof ClaimHeld)) throw error;
  }
}

async function drop(rig: Rig, hub: Hub, claim: Claim): Promise<void> {
  await withLock(statePath(rig.repository, 'locks', 'pool'), rig.ledger.liveness, 0, async () => {
    const bead = await consult(rig.ledger, (view) => view.get(claim.bead));
    if (bead?.status !== 'hooked' || isSubmitted(bead)) await dropClaim(rig.repository, hub, claim);
  });
}

async function claimLater(town: Town, rig: Rig, hub: Hub, bead: Bead): Promise<void> {
  const claim = await takeClaim(town, rig, hub, bead, bead.assignee ?? '');
  if (claim !== undefined) await change(town, rig, `Claim ${bead.id}`, bead.id, (beads, act) => edit(beads, bead.id, { metadata: claimFact(claim) }, act));
}

/** Writes one thing about a bead that still hangs on a hook. */
async function change(town: Town, rig: Rig, subject: string, id: string, decide: (beads: Beads, act: Act) => BeadChange[]): Promise<Stored | undefined> {
  const who = signatureOf(town, `${rig.name}/witness`);
  const act: Act = { by: who.actor, at: timestamp(town.now()) };
  const { written } = await transact(rig.ledger, who, subject, (view) => (view.get(id)?.status === 'hooked' ? decide(view, act) : []));
  return written.get(id);
}

/** The bead is this clone's by its claim: the ledger says so again, and the session goes on. */
async function assertClaim(town: Town, rig: Rig, claim: Claim): Promise<void> {
  const session = listSessions(rig).find(({ bead }) => bead === claim.bead);
  const agent = session?.agent ?? workerWith(await listWorkers(rig, await liveBeads(rig.ledger)), claim.bead)?.address;
  if (agent === undefined) return;
  await change(town, rig, `${claim.bead} is with ${agent}`, claim.bead, (view, act) => {
    const beads = evolving(view);
    const given = beads.take(handOver(beads, claim.bead, beads.get(claim.bead)?.assignee ?? '', agent, act));
    return [...given, ...edit(beads, claim.bead, { metadata: claimFact(claim) }, act)];
  });
  const stored = await consult(rig.ledger, (view) => view.stored(claim.bead));
  // Its client may have ended meanwhile.
  const now = session && readSession(rig, agent);
  if (now !== undefined && now.id === session?.id && stored?.bead.assignee === agent) updateSession(rig, { ...now, token: phaseOf(stored)[0] });
}

/** Somebody else was given the bead: what was done here stays on its branch, and is told as an attempt. */
async function yieldTo(town: Town, rig: Rig, claim: Claim, bead: Bead): Promise<void> {
  const agent = bead.assignee ?? '';
  const session = listSessions(rig).find((each) => each.bead === bead.id);
  if (session !== undefined) await stopSession(town, rig, session, `${bead.id} was given to ${claim.agent} of replica ${claim.replica}`);
  const evidence = `${claim.agent} of replica ${claim.replica} had it first; ${await whereItIs(rig, bead)}`;
  await change(town, rig, `${bead.id} is with ${claim.agent}`, bead.id, (view, act) => {
    const beads = evolving(view);
    const attempt = { id: `lost-${claim.token.slice(0, 12)}-${replicaOf(rig.repository)}`, agent, outcome: 'given to somebody else', evidence, at: act.at };
    return [...beads.take(recordAttempt(beads, bead.id, attempt)), ...beads.take(handOver(beads, bead.id, agent, claim.agent, act)), ...edit(beads, bead.id, { metadata: claimFact(claim) }, act)];
  });
  freeWorktree(rig, agent, bead.id);
  appendEvent(town.hq, { kind: 'work.lost', agent, subject: bead.id, data: { to: claim.agent, replica: claim.replica } });
}

async function whereItIs(rig: Rig, { id, assignee = '' }: Bead): Promise<string> {
  const branch = workBranch(assignee.slice(assignee.lastIndexOf('/') + 1), id);
  const head = await readRef(rig.repository, `refs/heads/${branch}`);
  return head === undefined ? 'nothing was committed here' : `the work here is at ${head} (branch ${branch})`;
}

/** Takes the bead of a machine that is silent, and lets it wait for a worker. */
async function takeOver(town: Town, rig: Rig, hub: Hub, claim: Claim, bead: Bead): Promise<void> {
  const own = replicaOf(rig.repository);
  const mine = claim.replica === own ? claim : await pushClaim(rig.repository, hub, { bead: bead.id, agent: `${rig.name}/witness`, duration: claim.duration }, claim.token, rig.ledger.now());
  const lost = claimOf(bead);
  await change(town, rig, `${bead.id} goes back: its machine is silent`, bead.id, (view, act) => {
    const beads = evolving(view);
    const attempt = { id: `silent-${(lost?.token ?? mine.token).slice(0, 12)}`, agent: bead.assignee ?? '', outcome: 'silent', evidence: `replica ${lost?.replica ?? 'unknown'} gave no sign of life for ${shortDuration(claim.duration)}`, at: act.at };
    // Whoever came back and yielded the bead has told its attempt itself.
    const told = lost?.replica === own ? [] : beads.take(recordAttempt(beads, bead.id, attempt));
    const runtime = bead.metadata?.['runtime'];
    // What a person starts by hand waits for a person.
    const queued = bead.metadata?.['start_by'] === 'hand' ? null : { rig: rig.name, at: act.at, ...(typeof runtime === 'string' ? { runtime } : {}) };
    return [...told, ...beads.take(release(beads, bead.id, act)), ...edit(beads, bead.id, { metadata: { queued, ...claimFact(mine) } }, act)];
  });
  appendEvent(town.hq, { kind: 'work.taken-over', agent: `${rig.name}/witness`, subject: bead.id, data: { from: bead.assignee, replica: lost?.replica } });
}
