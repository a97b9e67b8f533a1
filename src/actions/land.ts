import { Busy } from '../base/errors.ts';
import { timestamp } from '../base/time.ts';
import type { Act, Bead, Beads } from '../domain/bead.ts';
import { claimLost, land, refineryOf, requestOf, type MergeRequest } from '../domain/merge-request.ts';
import type { Leftover, Move } from '../domain/merge-queue.ts';
import { isAncestor } from '../git/merging.ts';
import { readRef, updateRefs } from '../git/refs.ts';
import { listRemoteRefs, PushRefused, type PushUpdate } from '../git/remotes.ts';
import { listWorktrees } from '../git/worktrees.ts';
import { claimRef } from '../ledger/claims.ts';
import { appendEvent } from '../ledger/events.ts';
import { underLedgerLock } from '../ledger/locked.ts';
import { consult } from '../ledger/read.ts';
import { fetchShared, nameOnHub } from '../ledger/sharing.ts';
import { transact } from '../ledger/transact.ts';
import { signatureOf, type Rig, type Town } from '../town.ts';
import { advanceBranch } from './advance.ts';
import { claimHub, claimToLand, takeIn } from './claims.ts';
import { landingCommit, otherLandings } from './landing-commit.ts';
import { hubRef, landedRef, targetRef } from './queue-refs.ts';
import { atCommit, pushWithLedger, refreshHub } from './submit.ts';

type Landing = Extract<Move, { op: 'land' }>;

/**
 * Moves the target forward to the tested commit itself, if the work's claim still holds and the target still is where the stack was built. With a remote that is one atomic push,
 * together with the ledger in which the claim was looked at; otherwise one swap of the ref, under the ledger's lock. Where the target's checkout holds changes, the commit is put beside the
 * target. Returns what stood in the way, in words. Throws RefMoved or PushRefused when the target was moved meanwhile.
 */
export async function landCommit(town: Town, rig: Rig, landing: Landing): Promise<string | undefined> {
  return rig.remote === undefined ? landHere(town, rig, landing) : landOnHub(town, rig, rig.remote, landing);
}

async function landHere(town: Town, rig: Rig, { request, commit, tip, onto }: Landing): Promise<string | undefined> {
  return underLedgerLock(rig.ledger, async () => {
    const lost = await consult(rig.ledger, (view) => whyNot(view, request, rig));
    if (lost !== undefined) return lost;
    const stuck = tip === onto ? await advanceBranch(rig, request.target, tip, commit) : 'other work waits there already';
    if (stuck === undefined) return undefined;
    const ref = landedRef(request.target);
    const present = await readRef(rig.repository, ref);
    // Work that the target has left behind stands there until it is tidied away.
    const from = tip === onto ? (present ?? null) : onto;
    await updateRefs(rig.repository, [{ ref, from, to: commit }], { reflog: 'gt: land' });
    appendEvent(town.hq, { kind: 'request.set-aside', agent: refineryOf(rig.name), subject: request.id, data: { commit, ref, because: stuck } });
    return stuck;
  });
}

/** Why a request may not land, or end in any other way: it has ended, or its work was taken over. Undefined when it may. */
export function whyNot(beads: Beads, request: MergeRequest, rig: Rig): string | undefined {
  const bead = beads.get(request.id);
  if (bead === undefined) return 'the request is gone';
  const { outcome } = requestOf(bead);
  return outcome === undefined ? claimLost(beads, request, rig.name) : `it was ${outcome} meanwhile`;
}

async function landOnHub(town: Town, rig: Rig, remote: string, { request, commit, tip }: Landing): Promise<string | undefined> {
  const { commit: ledger, answer: { lost, source } } = await atCommit(rig, (view) => ({ lost: whyNot(view, request, rig), source: request.source === '' ? undefined : view.get(request.source) }));
  if (lost !== undefined) return lost;
  if (source !== undefined && (await isUntold(rig, request, tip))) return landedElsewhere(town, rig, request, tip);
  const ref = `refs/heads/${request.target}`;
  const held = await pushLanding(town, rig, { request, source, target: { ref, from: tip, to: commit }, ledger });
  if (held !== undefined) return held;
  const [there] = (await listRemoteRefs(rig.repository, remote, [ref])).filter((each) => each.ref === ref);
  if (there?.oid !== commit) await refreshHub(rig);
  const seen = await hubRef(rig, ref);
  if (seen === undefined || !(await isAncestor(rig.repository, commit, seen))) throw new NotThere(request, remote);
  await follow(rig, request.target, seen);
  return undefined;
}

/** Whether work for the same bead has landed of which this ledger does not know yet: whoever landed it may have been cut off before it could tell. */
async function isUntold(rig: Rig, request: MergeRequest, tip: string): Promise<boolean> {
  const others = await otherLandings(rig, request, tip);
  if (others.length === 0) return false;
  return consult(rig.ledger, (view) => others.some((other) => !isMerged(view.get(other))));
}

function isMerged(bead: Bead | undefined): boolean {
  return bead !== undefined && requestOf(bead).outcome === 'merged';
}

/** Whether the queue will write down by itself that a request has landed. */
function isRecordable(bead: Bead | undefined): boolean {
  const outcome = bead === undefined ? 'withdrawn' : requestOf(bead).outcome;
  return outcome === undefined || outcome === 'superseded';
}

/** Takes in what the hub knows: with the landing came the request that landed. Returns what stands in the way; throws LandedAlready where the next look shows it. */
async function landedElsewhere(town: Town, rig: Rig, request: MergeRequest, tip: string): Promise<string> {
  const hub = await claimHub(town, rig);
  if (hub !== undefined) {
    await fetchShared(rig.repository, hub);
    await takeIn(town, rig, hub, signatureOf(town, refineryOf(rig.name)));
  }
  const others = await otherLandings(rig, request, tip);
  const open = await consult(rig.ledger, (view) => others.filter((other) => !isMerged(view.get(other)) && !isRecordable(view.get(other))));
  if (open.length === 0) throw new LandedAlready(request, others);
  return `work for ${request.source} has landed already, by ${open.join(', ')}, and the ledger says otherwise; if that is enough: gt close ${request.source}`;
}

/** What a landing moves: the target, and with it the claim of the bead, which goes. */
interface LandingPush {
  readonly request: MergeRequest;
  readonly source: Bead | undefined;
  readonly target: PushUpdate;
  readonly ledger: string;
}

/** Pushes a landing together with the end of the bead's claim: whoever has lost the bead cannot land. Returns who has it now. */
async function pushLanding(town: Town, rig: Rig, { request, source, target, ledger }: LandingPush): Promise<string | undefined> {
  const hub = await claimHub(town, rig);
  if (source === undefined || hub === undefined) {
    await pushWithLedger(town, rig, [target], ledger);
    return undefined;
  }
  const ref = nameOnHub(hub, claimRef(source.id));
  // The one under which the work was done.
  const { claim: known } = request;
  if (known !== undefined) {
    try {
      await pushWithLedger(town, rig, [target, { ref, from: known, to: null }], ledger);
      return undefined;
    } catch (error) {
      if (!(error instanceof PushRefused) || !(error.data['refs'] as readonly string[]).includes(ref)) throw error;
    }
  }
  const claim = await claimToLand(town, rig, hub, source, known, () => consult(rig.ledger, (view) => whyNot(view, request, rig)));
  if ('held' in claim) return claim.held;
  await pushWithLedger(town, rig, [target, { ref, from: claim.token, to: null }], ledger);
  return undefined;
}

/** Brings this clone's own branch along, where that is no more than a step forward and nothing is in the way. */
async function follow(rig: Rig, branch: string, to: string): Promise<void> {
  const own = await readRef(rig.repository, `refs/heads/${branch}`);
  if (own !== undefined && own !== to && (await isAncestor(rig.repository, own, to))) await advanceBranch(rig, branch, own, to);
}

/** Moves the target to the tested work that waited beside it. Returns what still stands in the way. Throws RefMoved. */
export async function promote(rig: Rig, { target, from, to }: Extract<Move, { op: 'promote' }>): Promise<string | undefined> {
  return advanceBranch(rig, target, from, to);
}

function actOf(town: Town, rig: Rig): Act {
  return { by: refineryOf(rig.name), at: timestamp(town.now()) };
}

/** Writes down that a request has landed, closes what it was made for, and clears up after it. Returns the landing commit. */
export async function recordLanding(town: Town, rig: Rig, request: MergeRequest): Promise<string> {
  const tip = (await readRef(rig.repository, targetRef(rig, request.target))) ?? request.head;
  const landing = (await landingCommit(rig, request, tip)) ?? { commit: tip, byQueue: false };
  const act = actOf(town, rig);
  const { commit } = await transact(rig.ledger, signatureOf(town, act.by), `Land ${request.id}`, (view) => land(view, request.id, landing, rig.name, act));
  if (commit !== undefined) appendEvent(town.hq, { kind: 'request.landed', agent: act.by, subject: request.id, data: { bead: request.source, target: request.target, commit: landing.commit, worker: request.worker } });
  return landing.commit;
}

/** Deletes refs that the queue no longer needs, here and on the hub, and the branch of a worker whose work has landed; the request's own ref goes last, since it says that this is still to be done. */
export async function tidy(town: Town, rig: Rig, { request, refs }: Leftover): Promise<void> {
  const branch = request?.outcome === 'merged' ? await spentBranch(rig, request) : undefined;
  const gone = [...(branch === undefined ? [] : [branch]), ...refs];
  if (rig.remote !== undefined) await deleteOnHub(town, rig, gone);
  for (const ref of gone) {
    const present = await readRef(rig.repository, ref);
    if (present !== undefined) await updateRefs(rig.repository, [{ ref, from: present, to: null }]);
  }
}

async function deleteOnHub(town: Town, rig: Rig, refs: readonly string[]): Promise<void> {
  const there = await Promise.all(refs.map(async (ref): Promise<PushUpdate | undefined> => {
    const oid = await hubRef(rig, ref);
    return oid === undefined ? undefined : { ref, from: oid, to: null };
  }));
  const updates = there.filter((update) => update !== undefined);
  if (updates.length > 0) await pushWithLedger(town, rig, updates);
}

/** The branch of a worker that holds nothing but what landed, and that nobody has checked out. */
async function spentBranch(rig: Rig, { branch, head }: MergeRequest): Promise<string | undefined> {
  const ref = `refs/heads/${branch}`;
  if (!branch.startsWith('polecat/')) return undefined;
  const heads = [await readRef(rig.repository, ref), await hubRef(rig, ref)].filter((oid) => oid !== undefined);
  if (heads.length === 0 || heads.some((oid) => oid !== head)) return undefined;
  return (await listWorktrees(rig.repository)).some((worktree) => worktree.branch === ref) ? undefined : ref;
}

/** Other work for the same bead has landed, which this clone has just learnt. */
export class LandedAlready extends Busy {
  readonly code = 'request.landed-already';
  constructor({ id, source }: MergeRequest, others: readonly string[]) {
    super(`work for ${source} has landed already, by ${others.join(', ')}, so ${id} does not`, { id, source, others }, 'gt mq run');
  }
}

/** The push was taken, and yet the hub does not have the commit. */
export class NotThere extends Busy {
  readonly code = 'request.not-there';
  constructor({ id, target }: MergeRequest, remote: string) {
    super(`${remote} took the landing of ${id}, but its ${target} does not contain it`, { id, target, remote }, 'gt mq run');
  }
}
