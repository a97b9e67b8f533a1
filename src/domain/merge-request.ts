import { hashText } from '../base/ids.ts';
import { isObject } from '../base/jsonl.ts';
import { find, handOver, recordAttempt, release, type Act, type Bead, type BeadChange, type Beads } from './bead.ts';

/** A merge request: a bead that says what should land where. All oids are full. */
export interface MergeRequest {
  readonly id: string;
  readonly target: string;
  readonly branch: string;
  readonly head: string;
  readonly base: string;
  /** The bead that is closed when this lands; '' for a request of a person without one. */
  readonly source: string;
  /** The stamp of the hooking write under which the work was done. */
  readonly token: string;
  readonly worker: string;
  readonly priority: number;
  readonly created: string;
}

/** The id of a request: made from what it asks, so the same head for the same target is the same request. */
export function requestId(prefix: string, { target, head, source }: Pick<MergeRequest, 'target' | 'head' | 'source'>): string {
  return `${prefix}-mr-${hashText(`${target}|${head}|${source}`, 8)}`;
}

/** The address whose hook submitted work hangs on. */
export function refineryOf(rig: string): string {
  return `${rig}/refinery`;
}

/**
 * Files a request and moves its source bead from the worker's hook to the refinery's; of the `older` requests, those for the same source that are unfinished are superseded.
 * The same request again changes nothing.
 */
export function submit(beads: Beads, request: MergeRequest, rig: string, older: readonly string[], act: Act): BeadChange[] {
  const handed = request.source === '' ? [] : takeFromWorker(beads, request, rig, act);
  const known = beads.get(request.id);
  if (known !== undefined && known.status !== 'tombstone') return known.status === 'closed' && handed.length > 0 ? [{ op: 'bead.reopened', id: request.id, at: act.at }, ...handed] : handed;
  const { id, priority, created, ...metadata } = request;
  const source = request.source === '' ? undefined : find(beads, request.source);
  const title = `Merge: ${source === undefined ? request.branch : `${source.id} ${source.title}`}`.slice(0, 480);
  const outdated = older.map((other) => find(beads, other)).filter((other) => other.status !== 'closed' && request.source !== '' && requestOf(other).source === request.source);
  return [
    ...outdated.map((other): BeadChange => ({ op: 'bead.closed', id: other.id, at: act.at, reason: `superseded by ${id}` })),
    { op: 'bead.created', id, bead: { id, title, status: 'open', priority, issue_type: 'merge-request', labels: ['gt:merge-request'], metadata, created_at: created, updated_at: created, created_by: act.by } },
    ...handed,
  ];
}

function takeFromWorker(beads: Beads, request: MergeRequest, rig: string, act: Act): BeadChange[] {
  const bead = find(beads, request.source);
  if (bead.status === 'hooked') return handOver(beads, bead.id, bead.assignee === refineryOf(rig) ? refineryOf(rig) : request.worker, refineryOf(rig), act);
  return bead.status === 'closed' ? [] : [{ op: 'bead.hooked', id: bead.id, at: act.at, to: refineryOf(rig) }];
}

/** The requests that are neither landed nor rejected. */
export function openRequests(beads: Beads): MergeRequest[] {
  return [...beads.all()].filter((bead) => bead.issue_type === 'merge-request' && bead.status !== 'closed' && bead.status !== 'tombstone').map(requestOf);
}

/** Reads a request from its bead. */
export function requestOf(bead: Bead): MergeRequest {
  const facts = isObject(bead.metadata) ? bead.metadata : {};
  const text = (key: string): string => (typeof facts[key] === 'string' ? (facts[key] as string) : '');
  return { id: bead.id, target: text('target'), branch: text('branch'), head: text('head'), base: text('base'), source: text('source'), token: text('token'), worker: text('worker'), priority: bead.priority, created: bead.created_at };
}

/** Records that a request has landed: the request and what it was made for are closed. */
export function land(beads: Beads, id: string, commit: string, act: Act): BeadChange[] {
  const request = requestOf(find(beads, id));
  const changes: BeadChange[] = [];
  if (find(beads, id).status !== 'closed') {
    changes.push({ op: 'bead.edited', id, at: act.at, set: { metadata: { ...find(beads, id).metadata, landed: commit } } }, { op: 'bead.closed', id, at: act.at, reason: `merged as ${commit.slice(0, 12)}` });
  }
  for (const source of sourcesOf(beads, request)) {
    if (find(beads, source).status !== 'closed') changes.push({ op: 'bead.closed', id: source, at: act.at, reason: `Merged in ${id}` });
  }
  return changes;
}

/** The bead of a request and, where that is rework, the bead that was to be reworked, and so on. */
function sourcesOf(beads: Beads, request: MergeRequest): string[] {
  const found: string[] = [];
  for (let id: unknown = request.source; typeof id === 'string' && id !== '' && !found.includes(id); id = beads.get(id)?.metadata?.['rework_of']) {
    if (beads.get(id) !== undefined && beads.get(id)?.status !== 'tombstone') found.push(id);
  }
  return found;
}

/** Why a request was rejected, and what shows it. */
export interface Rejection {
  readonly kind: 'conflict' | 'gate' | 'stale' | 'lost';
  /** One line for people. */
  readonly reason: string;
  /** The conflicted paths, or the end of the gate's log. */
  readonly evidence: string;
}

/**
 * Rejects a request: its bead goes back to open with the evidence as an attempt, and one rework bead per request and head is filed, on which the bead waits.
 * A request that has ended already stays as it is.
 */
export function reject(beads: Beads, id: string, rejection: Rejection, act: Act): BeadChange[] {
  const bead = find(beads, id);
  if (bead.status === 'closed') return [];
  const request = requestOf(bead);
  const closed: BeadChange = { op: 'bead.closed', id, at: act.at, reason: `rejected: ${rejection.reason}` };
  const source = request.source === '' ? undefined : beads.get(request.source);
  if (source === undefined || source.status === 'closed' || source.status === 'tombstone') return [closed];
  const attempt = { id, agent: request.worker, outcome: `rejected: ${rejection.kind}`, evidence: rejection.evidence, at: act.at, request: id, head: request.head };
  return [closed, ...release(beads, source.id, act), ...recordAttempt(beads, source.id, attempt), ...rework(beads, request, source, rejection, act)];
}

function rework(beads: Beads, request: MergeRequest, source: Bead, rejection: Rejection, act: Act): BeadChange[] {
  const id = request.id.replace('-mr-', '-rw-');
  if (rejection.kind === 'stale' || beads.get(id) !== undefined) return [];
  const description = `${rejection.reason}\n\nThe work is at ${request.head} (branch ${request.branch}). Continue from there, on your own branch; never on ${request.target}.\n\n~~~\n${rejection.evidence}\n~~~\n`;
  const metadata = { rework_of: source.id, request: request.id, start: request.head, kind: rejection.kind };
  return [
    { op: 'bead.created', id, bead: { id, title: `Rework ${source.id}: ${rejection.reason}`.slice(0, 480), description, status: 'open', priority: source.priority, issue_type: 'task', labels: ['gt:rework'], metadata, created_at: act.at, updated_at: act.at, created_by: act.by } },
    { op: 'dependency.added', id: source.id, dependency: { issue_id: source.id, depends_on_id: id, type: 'blocks', created_at: act.at, created_by: act.by } },
  ];
}
