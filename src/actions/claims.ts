import { setTimeout as sleep } from 'node:timers/promises';
import { stampReplica } from '../base/clock.ts';
import { Busy, Failure } from '../base/errors.ts';
import { parseDuration, shortDuration, timestamp } from '../base/time.ts';
import { evolving, type Act, type Bead, type BeadChange, type Beads } from '../domain/bead.ts';
import { claimOf, whyHeld, type Claim, type ClaimOrder, type HookedBead, type SeenClaim } from '../domain/claim.ts';
import { edit, recordAttempt } from '../domain/content.ts';
import { handOver, release } from '../domain/hook.ts';
import { refineryOf } from '../domain/merge-request.ts';
import { readRef } from '../git/refs.ts';
import { PushDenied, PushRefused, RemoteUnreachable } from '../git/remotes.ts';
import { GitTimedOut } from '../git/run.ts';
import { beat, ClaimHeld, dropClaim, lastBeat, pushClaim, readClaims } from '../ledger/claims.ts';
import { appendEvent } from '../ledger/events.ts';
import { replicaOf, statePath } from '../ledger/ledger.ts';
import { withLock } from '../ledger/lock.ts';
import { liveBeads } from '../ledger/projection.ts';
import { consult, openSnapshot } from '../ledger/read.ts';
import { carry, fetchShared, foldShared, isOtherTown, LedgerRefused, OtherTown, type Hub } from '../ledger/sharing.ts';
import { phaseOf, type Stored } from '../ledger/stamps.ts';
import { transact, type Signature } from '../ledger/transact.ts';
import { signatureOf, type Rig, type Town } from '../town.ts';
import { listSessions, readSession, updateSession } from './session-record.ts';
import { stopSession } from './session.ts';
import { setting } from './settings.ts';
import { hubBy } from './sync.ts';
import { freeWorktree, listWorkers, workBranch, type Worker } from './worker.ts';

const freshMilliseconds = 5_000;
const lookPatience = 30_000;
const tellPatience = 8_000;
const looked = new Map<string, number>();

/** Where the claims of a rig are kept; undefined where its work lands on this machine, or on a hub that another kind of town keeps. */
export async function claimHub(town: Town, rig: Rig): Promise<Hub | undefined> {
  if (rig.remote === undefined) return undefined;
  const hub = await hubBy(town, rig, rig.remote);
  return (await isOtherTown(rig.ledger, hub)) ? undefined : hub;
}

/** Fetches what the hub knows, claims too, and takes it in; undefined where there is no hub, or it does not answer: then work begins without a claim. */
export async function lookAtHub(town: Town, rig: Rig, who: Signature): Promise<Hub | undefined> {
  const hub = await claimHub(town, rig);
  if (hub === undefined) return undefined;
  const { commonDir } = rig.repository;
  if (isWithin(rig.ledger.now() - (looked.get(commonDir) ?? -Infinity), freshMilliseconds)) return hub;
  try {
    await fetchShared(rig.repository, hub, lookPatience);
    await foldShared(rig.ledger, hub, who);
    looked.set(commonDir, rig.ledger.now());
    return hub;
  } catch (error) {
    if (error instanceof OtherTown) return undefined;
    if (!isAway(error)) throw error;
    appendEvent(town.hq, { kind: 'fetch.failed', subject: rig.name, data: { message: (error as Failure).message } });
    return undefined;
  }
}

/** Whether something was so short a time ago; what lies ahead of now was written by a clock that was wrong. */
function isWithin(age: number, milliseconds: number): boolean {
  return age >= 0 && age < milliseconds;
}

function isAway(error: unknown): boolean {
  return error instanceof RemoteUnreachable || error instanceof GitTimedOut;
}

async function durationOf(town: Town, rig: Rig): Promise<number> {
  return parseDuration(String(await setting(town, rig, 'claims.duration')));
}

/** Takes a bead for an agent across machines. Undefined where the hub has gone away meanwhile. Throws ClaimHeld. */
export async function takeClaim(town: Town, rig: Rig, hub: Hub, bead: Bead, agent: string): Promise<Claim | undefined> {
  const { repository, now } = rig.ledger;
  const known = await claimOn(rig, hub, bead.id);
  refuseHeld(rig, known, bead);
  try {
    return await pushClaim(repository, hub, { bead: bead.id, agent, duration: await durationOf(town, rig) }, known?.token, now());
  } catch (error) {
    if (isAway(error)) return undefined;
    if (error instanceof PushDenied) throw new LedgerRefused(hub, error);
    if (!(error instanceof PushRefused)) throw error;
    looked.delete(repository.commonDir);
    await fetchShared(repository, hub, lookPatience);
    refuseHeld(rig, await claimOn(rig, hub, bead.id), undefined);
    throw error;
  }
}

function refuseHeld(rig: Rig, claim: SeenClaim | undefined, bead: Bead | undefined): void {
  if (claim !== undefined && claim.replica !== replicaOf(rig.repository) && whyHeld(claim, bead) !== undefined) throw new ClaimHeld(claim);
}

async function claimOn(rig: Rig, hub: Hub, bead: string): Promise<SeenClaim | undefined> {
  return (await readClaims(rig.repository, hub)).find((claim) => claim.bead === bead);
}

/** Lets the others know at once; where they cannot be told, the next round of sharing does it. */
export async function tellHub(rig: Rig, hub: Hub): Promise<void> {
  await quietly(() => carry(rig.ledger, hub, tellPatience));
}

/** Does what a later round does again where it fails. */
async function quietly(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}

/** What the metadata of a bead say of the claim that it hangs on a hook under. */
export function claimFact(claim: Pick<Claim, 'token' | 'replica'> | undefined): { readonly claim: unknown } {
  return { claim: claim === undefined ? null : { token: claim.token, replica: claim.replica } };
}

/** Whether a bead was hung on its hook by this clone. */
export function isHere({ repository }: Rig, stored: Stored): boolean {
  return (claimOf(stored.bead)?.replica ?? stampReplica(phaseOf(stored)[0])) === replicaOf(repository);
}

/** The claims of a rig's hub as the last fetch saw them, and the beads that hang on hooks. */
export async function observeClaims(rig: Rig, hub: Hub): Promise<{ readonly claims: SeenClaim[]; readonly hooked: HookedBead[] }> {
  const ids = [...(await liveBeads(rig.ledger)).all()].filter(({ status }) => status === 'hooked').map(({ id }) => id);
  const claims = await readClaims(rig.repository, hub);
  const snapshot = await openSnapshot(rig.ledger);
  try {
    const records = await snapshot.records(ids);
    const requests = await snapshot.records([...records.values()].flatMap(({ bead }) => requestNamed(bead) ?? []));
    const workers = await listWorkers(rig, await liveBeads(rig.ledger));
    const hooked = [...records.values()].filter(({ bead }) => bead.status === 'hooked').map((stored): HookedBead => {
      const { bead } = stored;
      const submitted = isSubmitted(rig, bead) ? requests.get(requestNamed(bead) ?? '')?.bead.metadata?.['claim'] : undefined;
      const under = isSubmitted(rig, bead) ? submitted : claimOf(bead)?.token;
      return { bead, under: typeof under === 'string' ? under : undefined, submitted: isSubmitted(rig, bead), here: isHere(rig, stored), worked: workedOn(rig, workers, stored) };
    });
    return { claims, hooked };
  } finally {
    await snapshot.close();
  }
}

function isSubmitted(rig: Rig, { assignee }: Bead): boolean {
  return assignee === refineryOf(rig.name);
}

function requestNamed({ metadata }: Bead): string | undefined {
  return typeof metadata?.['request'] === 'string' ? metadata['request'] : undefined;
}

/** Whether a worker of this machine has a bead in its worktree, and its session takes it for its own. */
function workedOn(rig: Rig, workers: readonly Worker[], stored: Stored): HookedBead['worked'] {
  const session = listSessions(rig).find(({ bead }) => bead === stored.bead.id);
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

/** A sling may be about to hang the bead on a hook. */
async function drop(rig: Rig, hub: Hub, claim: Claim): Promise<void> {
  await withLock(statePath(rig.repository, 'locks', 'pool'), rig.ledger.liveness, 0, async () => {
    const bead = await consult(rig.ledger, (view) => view.get(claim.bead));
    if (bead?.status !== 'hooked') await dropClaim(rig.repository, hub, claim);
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

/** Gives a sign of life for the claims of this clone, where the last one is old enough; nothing where it has none. */
export async function giveSign(town: Town, rig: Rig, hub: Hub, claims: readonly Claim[]): Promise<void> {
  const durations = claims.filter(({ replica }) => replica === replicaOf(rig.repository)).map(({ duration }) => duration);
  if (durations.length === 0) return;
  const now = town.now();
  if (isWithin(now - (await lastBeat(rig.repository, hub)) * 1000, Math.min(...durations) / 3)) return;
  await beat(rig.repository, hub, now);
}

const retryMilliseconds = 1_000;

/** Gives signs of life by itself until `signal` aborts: with no engine, a session is all that lives. */
export async function keepAlive(town: Town, rig: Rig, signal: AbortSignal): Promise<void> {
  if (rig.remote === undefined) return;
  for (let first = true; !signal.aborted; first = false) {
    let wait = retryMilliseconds;
    await quietly(async () => {
      const hub = await claimHub(town, rig);
      wait = (await durationOf(town, rig)) / 3;
      if (hub !== undefined && !first) await giveSign(town, rig, hub, await readClaims(rig.repository, hub));
    });
    await sleep(wait, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** The token that a landing has to find on the hub, so that the work of who has lost the bead cannot land; or why it may not. `whyLost` asks the ledger, once that holds what others have written. */
export async function claimToLand(town: Town, rig: Rig, hub: Hub, source: Bead, own: string | undefined, whyLost: () => Promise<string | undefined>): Promise<{ readonly token: string } | { readonly held: string }> {
  await fetchShared(rig.repository, hub);
  const known = await claimOn(rig, hub, source.id);
  // One of the refinery's own is left of a landing that came too late.
  const left = known?.replica === replicaOf(rig.repository) && known.agent === refineryOf(rig.name);
  if (known !== undefined && (known.token === own || left)) return { token: known.token };
  const held = known === undefined ? undefined : whyHeld(known, undefined);
  if (held !== undefined) return { held: `${source.id} was claimed anew: ${held}` };
  // Whoever had it meanwhile may have landed it: then no claim is left to tell.
  await foldShared(rig.ledger, hub, signatureOf(town, refineryOf(rig.name)));
  const lost = await whyLost();
  if (lost !== undefined) return { held: lost };
  return takeForQueue(town, rig, hub, source, known?.token);
}

/** The same for a rejection, and then the token is a new one: what was done under the old one can land nowhere any more. */
export async function claimToReject(town: Town, rig: Rig, hub: Hub, source: Bead, own: string | undefined, whyLost: () => Promise<string | undefined>): Promise<{ readonly token: string } | { readonly held: string }> {
  const found = await claimToLand(town, rig, hub, source, own, whyLost);
  return 'token' in found && found.token === own ? takeForQueue(town, rig, hub, source, own) : found;
}

async function takeForQueue(town: Town, rig: Rig, hub: Hub, { id }: Bead, replaces: string | undefined): Promise<{ readonly token: string }> {
  const { token } = await pushClaim(rig.repository, hub, { bead: id, agent: refineryOf(rig.name), duration: await durationOf(town, rig) }, replaces, town.now());
  return { token };
}
