import { stampReplica } from '../base/clock.ts';
import { Busy, type Failure } from '../base/errors.ts';
import { Freshness } from '../base/freshness.ts';
import { parseDuration } from '../base/time.ts';
import type { Bead } from '../domain/bead.ts';
import { claimOf, whyHeld, type Claim, type SeenClaim } from '../domain/claim.ts';
import { refineryOf } from '../domain/merge-request.ts';
import { PushDenied, PushRefused, RemoteUnreachable } from '../git/remotes.ts';
import { GitTimedOut } from '../git/run.ts';
import { ClaimHeld, dropClaim, pushClaim, readClaims } from '../ledger/claims.ts';
import { appendEvent } from '../ledger/events.ts';
import { replicaOf } from '../ledger/ledger.ts';
import { consult } from '../ledger/read.ts';
import { carry, fetchShared, foldShared, isOtherTown, LedgerRefused, OtherTown, type Hub } from '../ledger/sharing.ts';
import { phaseOf, type Stored } from '../ledger/stored.ts';
import type { Signature } from '../ledger/transact.ts';
import { upkeep, type Tell } from '../ledger/upkeep.ts';
import { signatureOf, type Rig, type Town } from '../town.ts';
import { setting } from './settings.ts';
import { hubBy, learnBehind } from './sync.ts';

const freshMilliseconds = 5_000;
const lookPatience = 30_000;
const tellPatience = 8_000;
const looked = new Freshness();

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
  if (looked.isWithin(commonDir, freshMilliseconds)) return hub;
  try {
    await fetchShared(rig.repository, hub, lookPatience);
    await takeIn(town, rig, hub, who);
    looked.note(commonDir);
    return hub;
  } catch (error) {
    if (error instanceof OtherTown) return undefined;
    if (!isAway(error)) throw error;
    appendEvent(town.hq, { kind: 'fetch.failed', subject: rig.name, data: { message: (error as Failure).message } });
    return undefined;
  }
}

/** Takes in what the last fetch brought and, as far as that can be now, the prefixes that its beads have. Throws what `foldShared` throws. */
export async function takeIn(town: Town, rig: Rig, hub: Hub, who: Signature): Promise<void> {
  await foldShared(rig.ledger, hub, who);
  await learnBehind(town, rig, inEvents(town, rig));
}

/** Tells in the events what is left to a later round, unless somebody else was only faster. */
export function inEvents(town: Town, rig: Rig): Tell {
  return (why, error) => {
    if (!(error instanceof Busy)) appendEvent(town.hq, { kind: 'upkeep.left', subject: rig.name, data: { message: why } });
  };
}

function isAway(error: unknown): boolean {
  return error instanceof RemoteUnreachable || error instanceof GitTimedOut;
}

/** How long, in milliseconds, a claim of this rig outlives the last sign of life. */
export async function durationOf(town: Town, rig: Rig): Promise<number> {
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
    looked.forget(repository.commonDir);
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
export async function tellHub(town: Town, rig: Rig, hub: Hub): Promise<void> {
  const tell = inEvents(town, rig);
  await upkeep(tell, 'telling other machines of it', () => carry(rig.ledger, hub, tellPatience, tell));
}

/** Takes a claim off the hub whose bead hangs on no hook; whoever calls it holds the lock of the pool, for a sling may be about to hang it there. */
export async function dropSpent(rig: Rig, hub: Hub, claim: Claim): Promise<void> {
  const bead = await consult(rig.ledger, (view) => view.get(claim.bead));
  if (bead?.status !== 'hooked') await dropClaim(rig.repository, hub, claim);
}

/** What the metadata of a bead say of the claim that it hangs on a hook under. */
export function claimFact(claim: Pick<Claim, 'token' | 'replica'> | undefined): { readonly claim: unknown } {
  return { claim: claim === undefined ? null : { token: claim.token, replica: claim.replica } };
}

/** Whether a bead was hung on its hook by this clone. */
export function isHere({ repository }: Rig, stored: Stored): boolean {
  return (claimOf(stored.bead)?.replica ?? stampReplica(phaseOf(stored)[0])) === replicaOf(repository);
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
  await takeIn(town, rig, hub, signatureOf(town, refineryOf(rig.name)));
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
