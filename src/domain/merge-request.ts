import { Refused } from '../base/errors.ts';
import { hashText } from '../base/ids.ts';
import { isObject } from '../base/jsonl.ts';
import { find, isDone, workingStatuses, type Act, type Bead, type BeadChange, type Beads } from './bead.ts';
import { edit, recordAttempt } from './content.ts';
import { NotOnHook } from './hook.ts';

/** How a request ended. */
export type Outcome = 'merged' | 'rejected' | 'superseded' | 'withdrawn';

/** What is asked for: that a head lands on a target. All oids are full. */
export interface Submission {
  readonly target: string;
  readonly branch: string;
  readonly head: string;
  /** The merge base with the target when it was submitted, or the head of the request that this one builds on: fixed for ever. */
  readonly base: string;
  /** The request that this one builds on, '' when there is none. */
  readonly after: string;
  /** The bead that is closed when this lands; '' for a request of a person without one. */
  readonly source: string;
  /** The stamp of the hooking write under which the work was done; '' where a person submits. */
  readonly token: string;
  readonly worker: string;
  readonly priority: number;
  /** The claim of the source across machines; absent where there was none. */
  readonly claim?: string;
  /** The clone that has the commits, until the hub has them; absent where there is no hub. */
  readonly replica?: string;
}

/** A merge request: a bead that says what should land where. */
export interface MergeRequest extends Submission {
  readonly id: string;
  readonly title: string;
  /** RFC 3339. */
  readonly created: string;
  /** How it ended; undefined while it has not. */
  readonly outcome: Outcome | undefined;
  /** Why it ended, for people. */
  readonly reason: string | undefined;
  /** The commit that landed it. */
  readonly landed: string | undefined;
}

/** The facts of a submission that only its surroundings know. */
export interface Standing {
  readonly prefix: string;
  readonly rig: string;
  /** Unfinished requests that may be for the same source. */
  readonly older: readonly string[];
  /** The stamp of the write that put the source bead where it is. */
  readonly token: string;
  /** Submits a head again that was rejected. */
  readonly retry: boolean;
}

/** The address whose hook submitted work hangs on. */
export function refineryOf(rig: string): string {
  return `${rig}/refinery`;
}

/** The id of a request: made from what it asks, so the same head for the same target is the same request; `attempt` counts the ones that ended before it. */
export function requestId(prefix: string, { target, head, source }: Pick<Submission, 'target' | 'head' | 'source'>, attempt = 0): string {
  return `${prefix}-mr-${hashText([target, head, source, ...(attempt === 0 ? [] : [attempt])].join('|'), 8)}`;
}

/** The newest request that asks for exactly this, with the number of those before it; undefined where nobody has asked yet. */
export function latestRequest(beads: Beads, prefix: string, ask: Pick<Submission, 'target' | 'head' | 'source'>): { readonly request: MergeRequest; readonly attempt: number } | undefined {
  let found: { request: MergeRequest; attempt: number } | undefined;
  for (let attempt = 0; ; attempt += 1) {
    const bead = beads.get(requestId(prefix, ask, attempt));
    if (bead === undefined) return found;
    found = { request: requestOf(bead), attempt };
  }
}

/**
 * Files a request and moves its source bead from the worker's hook to the refinery's; unfinished `older` requests for the same source are superseded.
 * The same request again changes nothing. Throws NothingNew for a head that was rejected, ClaimLost, NotOnHook and SourceEnded.
 */
export function submit(beads: Beads, ask: Submission, standing: Standing, act: Act): BeadChange[] {
  const known = latestRequest(beads, standing.prefix, ask);
  if (known !== undefined && known.request.outcome === undefined) return handOver(beads, ask, known.request.id, standing, act);
  if (!standing.retry) refuseRejected(beads, ask, known?.request);
  const id = requestId(standing.prefix, ask, known === undefined ? 0 : known.attempt + 1);
  const older = standing.older.map((other) => requestOf(find(beads, other))).filter((other) => other.outcome === undefined && ask.source !== '' && other.source === ask.source);
  return [...older.flatMap((other) => end(beads, other.id, 'superseded', `superseded by ${id}`, {}, act)), file(beads, id, ask, act), ...handOver(beads, ask, id, standing, act)];
}

function refuseRejected(beads: Beads, ask: Submission, known: MergeRequest | undefined): void {
  if (known?.outcome === 'rejected') throw new NothingNew(known);
  const reworked = beads.get(requestNamed(beads.get(ask.source)) ?? '');
  const last = reworked === undefined || !isRequest(reworked) ? undefined : requestOf(reworked);
  if (last?.outcome === 'rejected' && last.head === ask.head) throw new NothingNew(last);
}

function file(beads: Beads, id: string, ask: Submission, act: Act): BeadChange {
  const { priority, ...metadata } = ask;
  const source = ask.source === '' ? undefined : find(beads, ask.source);
  const title = `Merge: ${source === undefined ? ask.branch : `${source.id} ${source.title}`}`.slice(0, 480);
  return { op: 'bead.created', id, bead: { id, title, status: 'open', priority, issue_type: 'merge-request', labels: ['gt:merge-request'], metadata, created_at: act.at, updated_at: act.at, created_by: act.by, constant_birth: true } };
}

/** Moves the source to the refinery's hook for this very request. */
function handOver(beads: Beads, ask: Submission, id: string, standing: Standing, act: Act): BeadChange[] {
  if (ask.source === '') return [];
  const bead = find(beads, ask.source);
  if (isDone(bead)) throw new SourceEnded(bead);
  const refinery = refineryOf(standing.rig);
  if (bead.status === 'hooked' && bead.assignee === refinery) {
    const present = beads.get(requestNamed(bead) ?? '');
    if (ask.token !== '' && present !== undefined && requestOf(present).token !== ask.token) throw new ClaimLost(bead, ask.worker);
  } else if (workingStatuses.includes(bead.status)) {
    if (bead.assignee !== ask.worker) throw new NotOnHook(bead.id, ask.worker, bead);
    if (ask.token !== '' && ask.token !== standing.token) throw new ClaimLost(bead, ask.worker);
  } else if (ask.token !== '') throw new ClaimLost(bead, ask.worker);
  const hooked: BeadChange[] = bead.status === 'hooked' && bead.assignee === refinery ? [] : [{ op: 'bead.hooked', id: bead.id, at: act.at, to: refinery }];
  return [...hooked, ...edit(beads, bead.id, { metadata: { request: id } }, act)];
}

function isRequest(bead: Bead): boolean {
  return bead.issue_type === 'merge-request';
}

/** The id of the request that a bead was last submitted in; undefined where it never was. */
export function requestNamed(bead: Bead | undefined): string | undefined {
  const request = bead?.metadata?.['request'];
  return typeof request === 'string' ? request : undefined;
}

/** The requests that have not ended. */
export function openRequests(beads: Beads): MergeRequest[] {
  return [...beads.all()].filter((bead) => isRequest(bead) && !isDone(bead)).map(requestOf);
}

/** Reads a request from its bead. */
export function requestOf(bead: Bead): MergeRequest {
  const facts = isObject(bead.metadata) ? bead.metadata : {};
  const text = (key: string): string => (typeof facts[key] === 'string' ? facts[key] : '');
  const fields = { target: text('target'), branch: text('branch'), head: text('head'), base: text('base'), after: text('after'), source: text('source'), token: text('token'), worker: text('worker') };
  const across = { ...(text('claim') === '' ? {} : { claim: text('claim') }), ...(text('replica') === '' ? {} : { replica: text('replica') }) };
  const outcome = isDone(bead) ? ((text('outcome') || 'withdrawn') as Outcome) : undefined;
  const said = isObject(facts['rejection']) ? facts['rejection']['reason'] : undefined;
  const reason = typeof said === 'string' ? said : (bead.close_reason ?? '');
  return { ...fields, ...across, id: bead.id, title: bead.title, priority: bead.priority, created: bead.created_at, outcome, reason: isDone(bead) ? reason : undefined, landed: text('landed') || undefined };
}

/** The request of an id. Throws UnknownBead and NoRequest. */
export function findRequest(beads: Beads, id: string): MergeRequest {
  const bead = find(beads, id);
  if (!isRequest(bead)) throw new NoRequest(id);
  return requestOf(bead);
}

/** Why the work of a request may not land: its source bead no longer hangs on the refinery's hook for this very request. Undefined when it may. */
export function claimLost(beads: Beads, request: MergeRequest, rig: string): string | undefined {
  if (request.source === '') return undefined;
  const source = beads.get(request.source);
  if (source === undefined || source.status === 'tombstone') return `${request.source} was deleted`;
  if (source.status === 'closed') return `${source.id} was closed meanwhile: ${source.close_reason ?? ''}`.trimEnd();
  if (source.status !== 'hooked') return `${source.id} was taken off the refinery's hook: it is ${source.status}`;
  if (source.assignee !== refineryOf(rig)) return `${source.id} was taken over by ${source.assignee ?? 'somebody else'}`;
  if (requestNamed(source) !== request.id) return `${source.id} was submitted anew, as ${requestNamed(source) ?? 'another request'}`;
  return undefined;
}

function end(beads: Beads, id: string, outcome: Outcome, reason: string, facts: Readonly<Record<string, unknown>>, act: Act): BeadChange[] {
  const reopened: BeadChange[] = find(beads, id).status === 'closed' ? [{ op: 'bead.reopened', id, at: act.at }] : [];
  return [...reopened, ...edit(beads, id, { metadata: { outcome, ...facts } }, act), { op: 'bead.closed', id, at: act.at, reason }];
}

/**
 * Records that a request has landed as a commit of the target: the request and what it was made for are closed. A request that was superseded just as it
 * landed has landed all the same. Where somebody else than the queue merged it, its bead is closed only if it still is the refinery's for it.
 */
export function land(beads: Beads, id: string, landing: { readonly commit: string; readonly byQueue: boolean }, rig: string, act: Act): BeadChange[] {
  const request = findRequest(beads, id);
  const { commit, byQueue } = landing;
  const ended = request.outcome === undefined || request.outcome === 'superseded' ? end(beads, id, 'merged', `merged as ${commit.slice(0, 12)}`, { landed: commit }, act) : [];
  if (!byQueue && claimLost(beads, request, rig) !== undefined) return ended;
  const done = closedBy(beads, request).filter((other) => !isDone(find(beads, other)));
  return [...ended, ...done.map((other): BeadChange => ({ op: 'bead.closed', id: other, at: act.at, reason: `Merged in ${id}` }))];
}

/** What a landing closes: the source, where that is rework the bead that was to be reworked, and so on, with the rework that is no longer needed. */
function closedBy(beads: Beads, request: MergeRequest): string[] {
  const found: string[] = [];
  for (let id: unknown = request.source; typeof id === 'string' && id !== '' && !found.includes(id); id = beads.get(id)?.metadata?.['rework_of']) {
    const bead = beads.get(id);
    if (bead === undefined || bead.status === 'tombstone') continue;
    const reworks = (bead.attempts ?? []).map((attempt) => reworkId(String(attempt['request'] ?? ''))).filter((rework) => beads.get(rework)?.metadata?.['rework_of'] === bead.id);
    found.push(id, ...reworks.filter((rework) => !found.includes(rework)));
  }
  return found;
}

/** Why a request was rejected, and what shows it. */
export interface Rejection {
  /** `conflict`, `gate`: the work must change; `stale`: its claim was lost, or what it builds on fell; `lost`: its commits are gone. */
  readonly kind: 'conflict' | 'gate' | 'stale' | 'lost';
  /** One line for people. */
  readonly reason: string;
  /** The conflicted paths, or the end of the gate's log. */
  readonly evidence: string;
}

const mostReworks = 4;

function reworkId(request: string): string {
  return request.replace('-mr-', '-rw-');
}

/**
 * Rejects a request: if its bead still is the refinery's for it, the bead goes back to open with the evidence as an attempt; on a conflict or a red gate, one rework
 * bead per request is filed, on which the bead waits. A request that has ended already stays as it is.
 */
export function reject(beads: Beads, id: string, rejection: Rejection, rig: string, act: Act): BeadChange[] {
  const request = findRequest(beads, id);
  if (request.outcome !== undefined) return [];
  const ended = end(beads, id, 'rejected', `rejected: ${rejection.reason}`, { rejection: { ...rejection } }, act);
  const source = request.source === '' ? undefined : beads.get(request.source);
  if (source === undefined || isDone(source)) return ended;
  const attempt = { id, agent: request.worker, outcome: `rejected: ${rejection.kind}`, evidence: `${rejection.reason}\n${rejection.evidence}`.trimEnd(), at: act.at, request: id, head: request.head };
  const held = claimLost(beads, request, rig) === undefined;
  const released: BeadChange[] = held ? [{ op: 'bead.released', id: source.id, at: act.at }] : [];
  return [...ended, ...released, ...recordAttempt(beads, source.id, attempt), ...(held ? rework(beads, request, source, rejection, act) : [])];
}

function rework(beads: Beads, request: MergeRequest, source: Bead, rejection: Rejection, act: Act): BeadChange[] {
  const id = reworkId(request.id);
  if (rejection.kind === 'stale' || rejection.kind === 'lost' || beads.get(id) !== undefined) return [];
  const description = `${rejection.reason}\n\nThe work is at ${request.head} (branch ${request.branch}). Continue from there, on your own branch; never on ${request.target}.\n\n~~~\n${rejection.evidence}\n~~~\n`;
  const round = Number(source.metadata?.['round'] ?? 0) + 1;
  // After so many rounds somebody has to look at it: no patrol starts it any more.
  const byHand = round > mostReworks ? { start_by: 'hand' } : {};
  const metadata = { rework_of: source.id, request: request.id, start: request.head, kind: rejection.kind, round, ...byHand };
  return [
    { op: 'bead.created', id, bead: { id, title: `Rework ${source.id}: ${rejection.reason}`.slice(0, 480), description, status: 'open', priority: source.priority, issue_type: 'task', labels: ['gt:rework'], metadata, created_at: act.at, updated_at: act.at, created_by: act.by, constant_birth: true } },
    { op: 'dependency.added', id: source.id, dependency: { issue_id: source.id, depends_on_id: id, type: 'blocks', created_at: act.at, created_by: act.by } },
  ];
}

/** The bead is no merge request. */
export class NoRequest extends Refused {
  readonly code = 'request.none';
  constructor(id: string) {
    super(`${id} is no merge request`, { id }, 'gt mq list --all');
  }
}

/** The very same head was rejected before. */
export class NothingNew extends Refused {
  readonly code = 'request.nothing-new';
  constructor({ id, head, branch, reason }: MergeRequest) {
    super(`nothing has changed since ${id} was rejected: ${branch} is still at ${head.slice(0, 12)}${reason === undefined ? '' : ` (${reason})`}`, { id, head }, `gt mq show ${id}, or submit it all the same with --retry`);
  }
}

/** The bead is finished, so nothing can land for it. */
export class SourceEnded extends Refused {
  readonly code = 'request.source-ended';
  constructor({ id, status }: Bead) {
    super(`${id} is ${status} already`, { id, status }, `bd reopen ${id}`);
  }
}

/** The worker's claim was taken over, so its work cannot be submitted. */
export class ClaimLost extends Refused {
  readonly code = 'claim.lost';
  constructor({ id, status, assignee }: Bead, worker: string) {
    super(`${worker} no longer has ${id}: it is ${status}${assignee === undefined ? '' : `, by ${assignee}`}`, { id, worker, status, assignee }, `bd show ${id}`);
  }
}
