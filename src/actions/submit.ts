import { Failure, Refused } from '../base/errors.ts';
import { timestamp } from '../base/time.ts';
import type { Act } from '../domain/bead.ts';
import { claimOf } from '../domain/claim.ts';
import { latestRequest, openRequests, submit, type MergeRequest, type Submission } from '../domain/merge-request.ts';
import { isAncestor, mergeBase } from '../git/merging.ts';
import { ObjectReader } from '../git/objects.ts';
import { checkBranchName, isOid, readRef, updateRefs } from '../git/refs.ts';
import { fetch, push, PushDenied, type PushUpdate } from '../git/remotes.ts';
import { appendEvent } from '../ledger/events.ts';
import { replicaOf } from '../ledger/ledger.ts';
import { offer } from '../ledger/offered.ts';
import { liveBeads } from '../ledger/projection.ts';
import { consult, openSnapshot } from '../ledger/read.ts';
import { isOtherTown, LedgerRefused, nameOnHub, replicaRef } from '../ledger/sharing.ts';
import { phaseOf } from '../ledger/stored.ts';
import { transact, type Signature } from '../ledger/transact.ts';
import type { Rig, Town } from '../town.ts';
import { hubRef, inRef, targetRef } from './queue-refs.ts';
import { hubBy } from './sync.ts';

/** What somebody wants to land. */
export interface Offer {
  /** A full commit id. */
  readonly head: string;
  readonly branch: string;
  readonly target: string;
  /** The bead that the work is for. */
  readonly source?: string | undefined;
  /** The stamp of the hooking write under which the work was done. */
  readonly token?: string | undefined;
  readonly worker: string;
  readonly priority: number;
  /** Submits a head again that was rejected. */
  readonly retry?: boolean;
}

export interface Submitted {
  readonly id: string;
  readonly request: MergeRequest;
  /** False when the very same was submitted before. */
  readonly isNew: boolean;
  readonly superseded: readonly string[];
  /** Why the hub does not know of it yet; the next `gt mq run` tells it. Undefined when it does, or there is none. */
  readonly unpublished: string | undefined;
}

/**
 * Files a merge request: the base is fixed, one transaction files it and hands its bead to the refinery, the queue's own ref takes the head, and one atomic push brings both to
 * the hub. Killed in between, the next submission or run of the queue completes it. The same head again is the same request.
 * Throws UnknownCommit, NothingAhead, NotBranched, NoBranch, and what the domain's `submit` throws.
 */
export async function submitRequest(town: Town, rig: Rig, offer: Offer, who: Signature): Promise<Submitted> {
  checkBranchName(offer.target);
  const { head, branch, target, worker, priority, source = '', token = '' } = offer;
  if (branch === target) throw new NotBranched(target);
  if (!(await isCommit(rig, head))) throw new UnknownCommit(head);
  const requests = openRequests(await liveBeads(rig.ledger));
  const ask: Submission = { target, branch, head, source, token, worker, priority, ...(await basis(rig, offer, requests)) };
  const claim = source === '' || rig.remote === undefined ? undefined : await consult(rig.ledger, (view) => claimOf(view.get(source) ?? {})?.token);
  const act: Act = { by: who.actor, at: timestamp(town.now()), ...(who.session === undefined ? {} : { session: who.session }) };
  const older = requests.filter((request) => source !== '' && request.source === source).map(({ id }) => id);
  const { written } = await transact(rig.ledger, who, source === '' ? `Submit ${branch}` : `Submit ${source}`, (view) => {
    const stored = source === '' ? undefined : view.stored(source);
    return submit(view, { ...ask, ...(claim === undefined ? {} : { claim }), ...(rig.remote === undefined ? {} : { replica: replicaOf(rig.repository) }) }, { prefix: rig.prefix, rig: rig.name, older, token: stored === undefined ? '' : phaseOf(stored)[0], retry: offer.retry === true }, act);
  });
  const filed = await consult(rig.ledger, (view) => latestRequest(view, rig.prefix, ask)?.request);
  if (filed === undefined) throw new Error(`the request for ${head} is gone at once`);
  const unpublished = await keepHead(town, rig, filed);
  const isNew = written.has(filed.id);
  if (isNew) appendEvent(town.hq, { kind: 'request.submitted', agent: worker, subject: filed.id, data: { bead: source, head, target } });
  return { id: filed.id, request: filed, isNew, superseded: isNew ? older.filter((id) => id !== filed.id) : [], unpublished };
}

async function isCommit(rig: Rig, oid: string): Promise<boolean> {
  if (!isOid(oid)) return false;
  const reader = ObjectReader.open(rig.repository);
  try {
    return (await reader.info(oid))?.type === 'commit';
  } finally {
    await reader.close();
  }
}

/** Where the work begins: at the request that it builds on, else where it left the target. */
async function basis(rig: Rig, offer: Offer, requests: readonly MergeRequest[]): Promise<Pick<Submission, 'base' | 'after'>> {
  const { head, target, branch, source = '' } = offer;
  const same = requests.find((request) => request.head === head && request.target === target && request.source === source);
  if (same !== undefined) return { base: same.base, after: same.after };
  const tip = await readRef(rig.repository, targetRef(rig, target));
  if (tip === undefined) throw new NoBranch(target);
  if (await isAncestor(rig.repository, head, tip)) throw new NothingAhead(branch, target);
  const base = await mergeBase(rig.repository, head, tip);
  if (base === undefined) throw new Unrelated(branch, target);
  const inside: MergeRequest[] = [];
  for (const other of requests) {
    const foreign = other.target === target && other.head !== head && (source === '' || other.source !== source) && (await isCommit(rig, other.head));
    if (foreign && (await isAncestor(rig.repository, other.head, head)) && !(await isAncestor(rig.repository, other.head, tip))) inside.push(other);
  }
  const nearest = await lastOf(rig, inside);
  return nearest === undefined ? { base, after: '' } : { base: nearest.head, after: nearest.id };
}

/** The one request that contains all the others; undefined where there is no such one. */
async function lastOf(rig: Rig, requests: readonly MergeRequest[]): Promise<MergeRequest | undefined> {
  for (const request of requests) {
    const contains = await Promise.all(requests.map((other) => isAncestor(rig.repository, other.head, request.head)));
    if (contains.every(Boolean)) return request;
  }
  return undefined;
}

/** Puts the head of a request under the queue's own ref, and tells the hub of it, with this clone's ledger. Returns why the hub could not be told. */
export async function keepHead(town: Town, rig: Rig, { id, target, head }: MergeRequest): Promise<string | undefined> {
  const ref = inRef(target, id);
  const present = await readRef(rig.repository, ref);
  if (present !== head) await updateRefs(rig.repository, [{ ref, from: present ?? null, to: head }]);
  if (rig.remote === undefined) return undefined;
  const there = await hubRef(rig, ref);
  if (there === head) return undefined;
  try {
    await pushWithLedger(town, rig, [{ ref, from: there ?? null, to: head }]);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

/** Moves refs of the hub together with this clone's ledger, at `commit` or as it is now, where that belongs there: all of them or none. Throws what `push` throws, NoLedger and LedgerRefused. */
export async function pushWithLedger(town: Town, rig: Rig, updates: readonly PushUpdate[], commit?: string): Promise<void> {
  const hub = await hubBy(town, rig, rig.remote ?? '');
  if (await isOtherTown(rig.ledger, hub)) return push(rig.repository, hub.remote, { updates });
  const to = commit ?? (await offer(rig.ledger));
  const ref = nameOnHub(hub, replicaRef(rig.repository));
  try {
    await push(rig.repository, hub.remote, { updates: [...updates, { ref, from: undefined, to }] });
  } catch (error) {
    if (error instanceof PushDenied && (error.data['refs'] as readonly string[]).includes(ref)) throw new LedgerRefused(hub, error);
    throw error;
  }
}

/** Fetches the branches of the hub, and forgets those that are gone there. */
export async function refreshHub(rig: Rig): Promise<void> {
  if (rig.remote !== undefined) await fetch(rig.repository, rig.remote, [`+refs/heads/*:refs/remotes/${rig.remote}/*`], { prune: true });
}

/** The commit of the ledger that is to be pushed, and what is asked of it, read together. */
export async function atCommit<T>(rig: Rig, question: Parameters<typeof consult<T>>[1]): Promise<{ commit: string; answer: T }> {
  const snapshot = await openSnapshot(rig.ledger, await offer(rig.ledger));
  try {
    return { commit: snapshot.commit, answer: await snapshot.ask(question) };
  } finally {
    await snapshot.close();
  }
}

/** The rig does not have this commit. */
export class UnknownCommit extends Refused {
  readonly code = 'commit.unknown';
  constructor(commit: string) {
    super(`there is no commit ${JSON.stringify(commit.slice(0, 80))} in this repository`, { commit }, 'commit the work, or name a branch: gt mq submit --branch <branch>');
  }
}

/** The target contains all of the work already. */
export class NothingAhead extends Refused {
  readonly code = 'request.nothing-ahead';
  constructor(branch: string, target: string) {
    super(`${branch} has no commits that ${target} has not`, { branch, target }, `git log ${target}..${branch}`);
  }
}

/** The branch that should land is the one that it should land on. */
export class NotBranched extends Refused {
  readonly code = 'request.not-branched';
  constructor(target: string) {
    super(`${target} cannot land on itself`, { target }, 'put the work on a branch of its own: git switch -c <branch>');
  }
}

/** The branch that something should land on does not exist. */
export class NoBranch extends Refused {
  readonly code = 'request.no-target';
  constructor(target: string) {
    super(`there is no branch ${target} to land on`, { target }, 'gt mq submit --target <branch>');
  }
}

/** The branch and the target have no commit in common. */
export class Unrelated extends Refused {
  readonly code = 'request.unrelated';
  constructor(branch: string, target: string) {
    super(`${branch} and ${target} have no commit in common`, { branch, target }, `git merge-base ${branch} ${target}`);
  }
}
