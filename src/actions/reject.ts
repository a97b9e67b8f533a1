import { Busy, Refused } from '../base/errors.ts';
import { timestamp } from '../base/time.ts';
import { refineryOf, reject, type MergeRequest, type Rejection } from '../domain/merge-request.ts';
import { isAncestor } from '../git/merging.ts';
import { readObjects } from '../git/object.ts';
import { isOid, readRef } from '../git/refs.ts';
import { claimRef } from '../ledger/claims.ts';
import { appendEvent } from '../ledger/events.ts';
import { consult } from '../ledger/read.ts';
import { nameOnHub } from '../ledger/sharing.ts';
import { transact } from '../ledger/transact.ts';
import { upkeep } from '../ledger/upkeep.ts';
import { signatureOf, type Rig, type Town } from '../town.ts';
import { claimHub, claimToReject, inEvents } from './claims.ts';
import { whyNot } from './land.ts';
import { hubRef, inRef, targetRef } from './queue-refs.ts';
import { pushWithLedger, refreshHub } from './submit.ts';

/**
 * Rejects a request and gives its bead back with the evidence. Where work lands on a hub, the bead's claim is taken first: else another clone could land the work while the bead is given to somebody else here.
 * Returns what stood in the way, in words. Throws QueueMoved, and what `push` throws.
 */
export async function rejectRequest(town: Town, rig: Rig, request: MergeRequest, rejection: Rejection): Promise<string | undefined> {
  const taken = await takeToReject(town, rig, request);
  if (taken !== undefined && 'held' in taken) return taken.held;
  const act = { by: refineryOf(rig.name), at: timestamp(town.now()) };
  const { commit } = await transact(rig.ledger, signatureOf(town, act.by), `Reject ${request.id}`, (view) => reject(view, request.id, rejection, rig.name, act));
  if (commit !== undefined) appendEvent(town.hq, { kind: 'request.rejected', agent: act.by, subject: request.id, data: { bead: request.source, worker: request.worker, kind: rejection.kind, reason: rejection.reason } });
  if (taken !== undefined) await giveBack(town, rig, taken);
  return undefined;
}

/**
 * Takes a submitted bead out of the queue: `release` gives it back in the ledger. Where work lands on a hub, the bead's claim is taken first, as for a rejection.
 * Throws NotTakenOut, QueueMoved, and what `push` throws.
 */
export async function takeOut(town: Town, rig: Rig, request: MergeRequest, release: () => Promise<unknown>): Promise<void> {
  const taken = await takeToReject(town, rig, request);
  if (taken !== undefined && 'held' in taken) throw new NotTakenOut(request, taken.held);
  const hasLanded = await isOnTarget(rig, request);
  if (!hasLanded) await release();
  if (taken !== undefined) await giveBack(town, rig, taken);
  if (hasLanded) throw new NotTakenOut(request, `its work is on ${request.target}`);
}

/** Whether the target holds the head of a request, as far as the last look at the hub tells. Throws GitFailed where that cannot be read. */
async function isOnTarget(rig: Rig, { head, target }: MergeRequest): Promise<boolean> {
  const tip = await readRef(rig.repository, targetRef(rig, target));
  if (tip === undefined || !isOid(head)) return false;
  // What this clone does not even have is on no branch of it.
  const [known] = await readObjects(rig.repository, [head]);
  return known !== undefined && isAncestor(rig.repository, head, tip);
}

interface Taken {
  /** The claim by the name that it has on the hub. */
  readonly ref: string;
  readonly token: string;
}

/** Takes the claim of the bead that a rejection gives back, and looks whether somebody was faster; undefined where it gives back nothing, or no other machine could land it. */
async function takeToReject(town: Town, rig: Rig, request: MergeRequest): Promise<Taken | { readonly held: string } | undefined> {
  const hub = await claimHub(town, rig);
  const look = (): Promise<string | undefined> => consult(rig.ledger, (view) => whyNot(view, request, rig));
  const source = request.source === '' ? undefined : await consult(rig.ledger, (view) => view.get(request.source));
  if (hub === undefined || source === undefined || (await look()) !== undefined) return undefined;
  const claim = await claimToReject(town, rig, hub, source, request.claim, look);
  if ('held' in claim) return claim;
  const seen = await Promise.all([readRef(rig.repository, targetRef(rig, request.target)), hubRef(rig, inRef(request.target, request.id))]);
  await refreshHub(rig);
  const now = await Promise.all([readRef(rig.repository, targetRef(rig, request.target)), hubRef(rig, inRef(request.target, request.id))]);
  if (now.some((oid, index) => oid !== seen[index])) throw new QueueMoved(request);
  return { ref: nameOnHub(hub, claimRef(source.id)), token: claim.token };
}

/** Tells the hub of the rejection, and with it that nobody has the bead any more. Where that fails, the next round over the claims does it. */
async function giveBack(town: Town, rig: Rig, { ref, token }: Taken): Promise<void> {
  await upkeep(inEvents(town, rig), 'giving back the bead on the hub', () => pushWithLedger(town, rig, [{ ref, from: token, to: null }]));
}

/** What was submitted can no longer be taken out of the queue. */
export class NotTakenOut extends Refused {
  readonly code = 'request.not-taken-out';
  constructor({ id, source }: MergeRequest, why: string) {
    super(`${source} was not taken out of the queue: ${why}`, { id, bead: source, why }, 'gt mq run, or gt sync');
  }
}

/** Other clones worked on the queue while a request was to be rejected, or taken out. */
export class QueueMoved extends Busy {
  readonly code = 'queue.moved';
  constructor({ id, target }: MergeRequest) {
    super(`the queue for ${target} moved while ${id} was to be taken out of it`, { id, target }, 'gt mq run');
  }
}
