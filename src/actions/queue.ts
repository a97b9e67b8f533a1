import { arch, platform } from 'node:os';
import { timeOf } from '../base/time.ts';
import { isDone, type Beads } from '../domain/bead.ts';
import { isSilent } from '../domain/claim.ts';
import { unmet } from '../domain/dependency.ts';
import { flakeHistory, isPassed, type FlakeHistory, type Gate, type Verdict } from '../domain/gate.ts';
import { claimLost, openRequests, requestOf, type MergeRequest } from '../domain/merge-request.ts';
import { stackBase, type Leftover, type Point, type QueueFacts, type RequestFacts, type Stack, type TargetFacts } from '../domain/merge-queue.ts';
import { isAncestor } from '../git/merging.ts';
import { ObjectReader } from '../git/objects.ts';
import { isOid, isRefName, readRef } from '../git/refs.ts';
import { readClaims } from '../ledger/claims.ts';
import { replicaOf } from '../ledger/ledger.ts';
import { liveBeads } from '../ledger/projection.ts';
import { openSnapshot, type Snapshot } from '../ledger/read.ts';
import { allVerdicts, gatesRef, readVerdicts } from '../ledger/verdicts.ts';
import type { Rig } from '../town.ts';
import { whyStuck } from './advance.ts';
import { landingCommit } from './landing-commit.ts';
import { inRef, landedRef, queueRefs, targetRef, type QueueRef } from './queue-refs.ts';

/** What a run of the queue has found out about objects, which never change; it may be forgotten at any time. */
export class QueueMemory {
  readonly since: string | undefined;
  readonly showsTries: boolean;

  /** `since`: failures of gates from before this time (RFC 3339) count for nothing. `showsTries`: believes the refs of stacks under test, which is good enough for people who look. */
  constructor({ since, showsTries = false }: { since?: string | undefined; showsTries?: boolean } = {}) {
    this.since = since;
    this.showsTries = showsTries;
  }

  /** Landing commits by what they are stacked on and the request. */
  readonly stacks = new Map<string, Stack>();
  readonly #ancestors = new Map<string, boolean>();
  readonly #commits = new Map<string, { tree: string; parents: readonly string[] }>();
  readonly #verdicts = new Map<string, Verdict[]>();

  stackKey(base: string, request: string): string {
    return `${base} ${request}`;
  }

  async isAncestor(rig: Rig, one: string, other: string): Promise<boolean> {
    const key = `${one} ${other}`;
    const known = this.#ancestors.get(key) ?? (await isAncestor(rig.repository, one, other));
    this.#ancestors.set(key, known);
    return known;
  }

  /** The tree and the parents of a commit; undefined where the commit is missing. */
  async commit(reader: ObjectReader, oid: string): Promise<{ tree: string; parents: readonly string[] } | undefined> {
    const known = this.#commits.get(oid);
    if (known !== undefined || !isOid(oid)) return known;
    const found = await reader.contents(oid);
    if (found?.type !== 'commit') return undefined;
    const head = found.body.toString('latin1').split('\n\n', 1)[0] ?? '';
    const commit = { tree: /^tree ([0-9a-f]+)$/m.exec(head)?.[1] ?? '', parents: [...head.matchAll(/^parent ([0-9a-f]+)$/gm)].map(([, parent = '']) => parent) };
    this.#commits.set(oid, commit);
    return commit;
  }

  async verdicts(rig: Rig, tree: string): Promise<Verdict[]> {
    const key = `${await readRef(rig.repository, gatesRef)} ${tree}`;
    const known = this.#verdicts.get(key) ?? (await readVerdicts(rig.repository, tree));
    this.#verdicts.set(key, known);
    const since = timeOf(this.since) ?? 0;
    return known.map((verdict) => ({ ...verdict, attempts: verdict.attempts.filter(({ verdict: ended, started }) => ended === 'pass' || (timeOf(started) ?? 0) >= since) }));
  }
}

/** What a gate's verdict speaks for besides the tree: the kind of machine. */
export const gateEnvironment = `${platform()}-${arch()}`;

/** One look at a rig: what all its queues are decided by. */
class Look {
  constructor(
    readonly rig: Rig,
    readonly memory: QueueMemory,
    readonly live: Beads,
    readonly snapshot: Snapshot,
    readonly reader: ObjectReader,
    readonly refs: readonly QueueRef[],
    readonly requests: readonly MergeRequest[],
  ) {}
}

/** Whether a rig's queues hold nothing: no request that has not ended, no ref. */
export async function isQueueEmpty(rig: Rig): Promise<boolean> {
  const [live, refs] = await Promise.all([liveBeads(rig.ledger), queueRefs(rig)]);
  return refs.length === 0 && openRequests(live).length === 0;
}

/** Looks at the queues of a rig: all facts come from refs, ledger and notes; nothing is fetched. */
export async function observeQueue(rig: Rig, gates: readonly Gate[], memory: QueueMemory): Promise<QueueFacts> {
  const snapshot = await openSnapshot(rig.ledger);
  const reader = ObjectReader.open(rig.repository);
  try {
    const [live, refs] = await Promise.all([liveBeads(rig.ledger), queueRefs(rig)]);
    const look = new Look(rig, memory, live, snapshot, reader, refs, openRequests(live));
    const names = [...new Set([...look.requests.map(({ target }) => target), ...refs.map(({ target }) => target)])].sort();
    const targets: TargetFacts[] = [];
    for (const name of names) targets.push(await targetFacts(look, name));
    return { gates, environment: gateEnvironment, targets };
  } finally {
    await Promise.all([snapshot.close(), reader.close()]);
  }
}

async function targetFacts(look: Look, target: string): Promise<TargetFacts> {
  const { rig, reader, memory } = look;
  const at = async (ref: string): Promise<Point | undefined> => pointOf(look, isRefName(ref) ? await readRef(rig.repository, ref) : undefined);
  const tip = await at(targetRef(rig, target));
  const landed = rig.remote === undefined ? await at(landedRef(target)) : undefined;
  const ahead = landed !== undefined && tip !== undefined && landed.commit !== tip.commit && (await memory.isAncestor(rig, tip.commit, landed.commit));
  const points = { tip, aside: ahead ? landed : undefined };
  const requests: RequestFacts[] = [];
  for (const request of look.requests.filter((each) => each.target === target)) requests.push(await requestFacts(look, request, points));
  const base = stackBase(points);
  const trees = [base?.tree, ...requests.map(({ stack }) => (stack?.kind === 'built' ? stack.tree : undefined))].filter((tree) => tree !== undefined);
  const verdicts = new Map<string, readonly Verdict[]>();
  for (const tree of trees) verdicts.set(tree, await memory.verdicts(rig, tree));
  return {
    target,
    ...points,
    stuck: tip === undefined || points.aside === undefined ? undefined : await whyStuck(rig, target, tip.commit, points.aside.commit),
    requests,
    leftovers: await leftovers(look, target, points, reader),
    verdicts,
    flakes: await flakesBehind(rig, [...verdicts.values()].flat()),
  };
}

async function pointOf({ memory, reader }: Look, commit: string | undefined): Promise<Point | undefined> {
  const found = commit === undefined ? undefined : await memory.commit(reader, commit);
  return commit === undefined || found === undefined ? undefined : { commit, tree: found.tree };
}

/** The flake rates of all gates, worked out only when one of these runs was no pass. */
async function flakesBehind({ repository }: Rig, verdicts: readonly Verdict[]): Promise<Map<string, FlakeHistory>> {
  if (verdicts.every(({ attempts }) => attempts.length === 0 || (attempts.length === 1 && isPassed(attempts)))) return new Map();
  const all = await allVerdicts(repository);
  return new Map([...new Set(all.map(({ gate }) => gate))].map((gate) => [gate, flakeHistory(all.filter((verdict) => verdict.gate === gate))]));
}

async function requestFacts(look: Look, request: MergeRequest, { tip, aside }: Pick<TargetFacts, 'tip' | 'aside'>): Promise<RequestFacts> {
  const { rig, memory, snapshot, live, reader } = look;
  const present = (await memory.commit(reader, request.head)) !== undefined;
  const within = async (point: Point | undefined): Promise<boolean> => present && point !== undefined && (await memory.isAncestor(rig, request.head, point.commit));
  const wrong = await fault(look, request, present);
  const contained = wrong !== undefined ? undefined : (await within(tip)) ? 'target' : (await within(aside)) ? 'aside' : undefined;
  const own = look.refs.filter((ref) => ref.kind === 'in' && ref.name === request.id && ref.oid === request.head);
  const source = live.get(request.source);
  const base = stackBase({ tip, aside });
  return {
    request,
    contained,
    present,
    awaited: present ? undefined : await bringer(rig, request),
    kept: own.some(({ remote }) => !remote) && (rig.remote === undefined || own.some(({ remote }) => remote)),
    claimLost: wrong ?? (await snapshot.ask((view) => claimLost(view, request, rig.name))),
    ...(await relations(look, request, tip, present)),
    // Its own rework it may overtake: landed otherwise, the bead needs none.
    blockers: source === undefined ? [] : unmet(live, source).filter((id) => live.get(id)?.metadata?.['rework_of'] !== source.id),
    stack: base === undefined ? undefined : (memory.stacks.get(memory.stackKey(base.commit, request.id)) ?? (memory.showsTries ? await shownStack(look, request, base) : undefined)),
  };
}

/** Who may still bring the commits of a request: the clone that submitted it, as long as it gives signs of life, or has no claim to give them for. */
async function bringer({ remote, repository }: Rig, { source, claim, replica }: MergeRequest): Promise<string | undefined> {
  if (remote === undefined || replica === undefined || replica === replicaOf(repository)) return undefined;
  const known = (await readClaims(repository, { remote })).find(({ bead, token }) => bead === source && token === claim);
  return known !== undefined && isSilent(known) ? undefined : `replica ${replica}`;
}

/** The stack under test, as its ref shows it. */
async function shownStack({ refs, memory, reader }: Look, request: MergeRequest, base: Point): Promise<Stack | undefined> {
  for (const { kind, target, oid } of refs) {
    if (kind !== 'try' || target !== request.target) continue;
    const found = await memory.commit(reader, oid);
    if (found?.parents[0] === base.commit && found.parents[1] === request.head) return { kind: 'built', commit: oid, tree: found.tree };
  }
  return undefined;
}

/** What is wrong with a request that was filed by something else than a submission; one such request must not stop the queue. */
async function fault({ memory, reader }: Look, { id, target, head, base, worker }: MergeRequest, present: boolean): Promise<string | undefined> {
  if (!isRefName(inRef(target, id))) return `${JSON.stringify(target.slice(0, 80))} is no branch that ${id} could land on`;
  for (const [what, oid] of [['head', head], ['base', base]] as const) if (!isOid(oid)) return `its ${what} ${JSON.stringify(oid.slice(0, 80))} is no commit`;
  if (present && (await memory.commit(reader, base)) === undefined) return `its base ${base.slice(0, 12)} is in no repository that the queue can see`;
  return /[\u0000-\u001f<>]/.test(worker) ? `${JSON.stringify(worker.slice(0, 80))} is nobody who could have done it` : undefined;
}

/** Which unfinished requests must land first because this one contains their work, and whether one of them never will. */
async function relations(look: Look, request: MergeRequest, tip: Point | undefined, present: boolean): Promise<Pick<RequestFacts, 'within' | 'fallen'>> {
  const { rig, memory, snapshot, reader } = look;
  if (!present) return { within: [], fallen: undefined };
  const inside = async (head: string, commit: string): Promise<boolean> => (await memory.commit(reader, head)) !== undefined && (await memory.isAncestor(rig, head, commit));
  const waiting: string[] = [];
  for (const other of look.requests) {
    const may = other.target === request.target && other.head !== request.head;
    if (may && (await inside(other.head, request.head)) && !(tip !== undefined && (await inside(other.head, tip.commit)))) waiting.push(other.id);
  }
  const before = request.after === '' ? undefined : await snapshot.ask((view) => view.get(request.after));
  if (before === undefined || !isDone(before)) return { within: waiting, fallen: undefined };
  const builtOn = requestOf(before);
  if (builtOn.outcome === 'merged' || (tip !== undefined && (await inside(builtOn.head, tip.commit)))) return { within: waiting, fallen: undefined };
  for (const heir of look.requests.filter((other) => builtOn.source !== '' && other.source === builtOn.source && other.id !== request.id)) {
    if (await inside(builtOn.head, heir.head)) return { within: [...new Set([...waiting, heir.id])], fallen: undefined };
  }
  return { within: waiting, fallen: `it builds on ${builtOn.id}, which was ${builtOn.outcome}` };
}

/** The refs of a target's queue that nothing needs: heads of requests that ended, stacks on another base or of no request, tested work that the target has or has left behind. */
async function leftovers(look: Look, target: string, points: Pick<TargetFacts, 'tip' | 'aside'>, reader: ObjectReader): Promise<Leftover[]> {
  const { memory } = look;
  const refs = look.refs.filter((ref) => ref.target === target);
  const base = stackBase(points);
  const stray: string[] = [];
  for (const { ref, oid, kind } of refs) {
    if (kind === 'landed' && points.aside === undefined) stray.push(ref);
    if (kind !== 'try') continue;
    const [onto, head] = (await memory.commit(reader, oid))?.parents ?? [];
    if (onto !== base?.commit || !look.requests.some((request) => request.head === head && request.target === target)) stray.push(ref);
  }
  const found: Leftover[] = stray.length === 0 ? [] : [{ request: undefined, refs: [...new Set(stray)], landed: false }];
  for (const id of new Set(refs.filter(({ kind }) => kind === 'in').map(({ name }) => name))) {
    const leftover = await leftoverOf(look, id, points.tip, refs.filter(({ kind, name }) => kind === 'in' && name === id).map(({ ref }) => ref));
    if (leftover !== undefined) found.push(leftover);
  }
  return found;
}

async function leftoverOf(look: Look, id: string, tip: Point | undefined, refs: readonly string[]): Promise<Leftover | undefined> {
  if (look.requests.some((request) => request.id === id)) return undefined;
  const bead = await look.snapshot.ask((view) => view.get(id));
  // A head without a request comes from a clone whose ledger has not arrived yet.
  if (bead === undefined || bead.issue_type !== 'merge-request') return undefined;
  const request = requestOf(bead);
  if (request.outcome === 'rejected' && (await isNeeded(look, request))) return undefined;
  const landed = request.outcome === 'superseded' && tip !== undefined && (await landingCommit(look.rig, request, tip.commit))?.byQueue === true;
  return { request, refs: [...new Set(refs)], landed };
}

/** Whether the head of a rejected request is kept by nothing but the queue, while its bead still waits for somebody to go on from there. */
async function isNeeded({ rig, snapshot, memory, reader }: Look, request: MergeRequest): Promise<boolean> {
  const source = await snapshot.ask((view) => view.get(request.source));
  if (source === undefined || isDone(source) || (await memory.commit(reader, request.head)) === undefined) return false;
  const branch = await readRef(rig.repository, `refs/heads/${request.branch}`);
  return branch === undefined || !(await memory.isAncestor(rig, request.head, branch));
}
