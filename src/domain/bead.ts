import { Refused, Usage } from '../base/errors.ts';
import { isObject } from '../base/jsonl.ts';
import { reaches } from '../base/graph.ts';
import { rootOf } from '../base/ids.ts';
import { typeNamed } from './kind.ts';

/** A work item, by the field names of beads' JSONL. Keys that are not named here are kept as they are. */
export interface Bead {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  /** 0 (most urgent) to 4. */
  readonly priority: number;
  readonly issue_type: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly description?: string;
  readonly assignee?: string;
  readonly created_by?: string;
  readonly started_at?: string;
  readonly closed_at?: string;
  readonly close_reason?: string;
  readonly closed_by_session?: string;
  readonly defer_until?: string;
  readonly labels?: readonly string[];
  readonly dependencies?: readonly Dependency[];
  readonly comments?: readonly Comment[];
  readonly attempts?: readonly Attempt[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** An edge that its bead has to another one: `issue_id` depends on `depends_on_id`. */
export interface Dependency {
  readonly issue_id: string;
  readonly depends_on_id: string;
  readonly type: string;
  readonly created_at: string;
  readonly created_by: string;
  readonly [key: string]: unknown;
}

export interface Comment {
  readonly id: string;
  readonly issue_id: string;
  readonly author: string;
  readonly text: string;
  readonly created_at: string;
}

/** One try at a bead that did not land: who, how it ended, and the evidence. */
export interface Attempt {
  readonly id: string;
  readonly agent: string;
  readonly outcome: string;
  readonly evidence: string;
  readonly at: string;
  readonly [key: string]: unknown;
}

/** Beads by id. A view may load what it is asked for; `all` and `family` leave no tombstone out. */
export interface Beads {
  get(id: string): Bead | undefined;
  /** The bead with this root id and its hierarchical children (`id.n`). */
  family(root: string): readonly Bead[];
  all(): Iterable<Bead>;
  /** The beads with an edge to this one, where the view has an index of them. */
  referrers?(id: string): readonly Bead[];
}

/** A view over these beads alone, with the ways back along edges worked out. */
export function indexed(byId: ReadonlyMap<string, Bead>): Beads {
  const referrers = new Map<string, Bead[]>();
  for (const bead of byId.values()) {
    for (const { depends_on_id: target } of bead.dependencies ?? []) {
      const known = referrers.get(target);
      if (known === undefined) referrers.set(target, [bead]);
      else known.push(bead);
    }
  }
  return {
    get: (id) => byId.get(id),
    family: (root) => [...byId.values()].filter(({ id }) => rootOf(id) === rootOf(root)),
    all: () => byId.values(),
    referrers: (id) => referrers.get(id) ?? [],
  };
}

/** Who acts and when (RFC 3339): facts of every decision. */
export interface Act {
  readonly by: string;
  readonly at: string;
  readonly session?: string;
}

export type BeadChange =
  | { readonly op: 'bead.created'; readonly id: string; readonly bead: Bead }
  | { readonly op: 'bead.edited'; readonly id: string; readonly at: string; readonly set: Readonly<Record<string, unknown>> }
  | { readonly op: 'bead.claimed'; readonly id: string; readonly at: string; readonly by: string }
  | { readonly op: 'bead.hooked'; readonly id: string; readonly at: string; readonly to: string }
  | { readonly op: 'bead.released'; readonly id: string; readonly at: string }
  | { readonly op: 'bead.closed'; readonly id: string; readonly at: string; readonly reason: string; readonly session?: string }
  | { readonly op: 'bead.reopened'; readonly id: string; readonly at: string }
  | { readonly op: 'bead.deleted'; readonly id: string; readonly at: string; readonly by: string; readonly reason: string }
  | { readonly op: 'bead.labelled' | 'bead.unlabelled'; readonly id: string; readonly at: string; readonly label: string }
  | { readonly op: 'dependency.added'; readonly id: string; readonly dependency: Dependency }
  | { readonly op: 'dependency.removed'; readonly id: string; readonly at: string; readonly on: string }
  | { readonly op: 'comment.added'; readonly id: string; readonly comment: Comment }
  | { readonly op: 'attempt.recorded'; readonly id: string; readonly attempt: Attempt };

export const statuses = ['open', 'in_progress', 'blocked', 'hooked', 'deferred', 'pinned', 'closed'] as const;
/** The statuses in which the assignee is the one who works on the bead. */
export const workingStatuses: readonly string[] = ['in_progress', 'hooked'];
export const blockingTypes: readonly string[] = ['blocks', 'conditional-blocks', 'waits-for'];
const textLimit = 10_000_000;
const titleLimit = 500;

/** What a new bead is made from; every key of a bead that is given is kept. */
export interface Draft {
  readonly title: string;
  readonly [key: string]: unknown;
}

/** Files a new bead under an id that is free. Dependencies of the draft name their targets. */
export function create(beads: Beads, id: string, draft: Draft, act: Act): BeadChange[] {
  if (beads.get(id)) throw new IdTaken(id);
  const edges = Array.isArray(draft['dependencies']) ? (draft['dependencies'] as Dependency[]) : [];
  const { dependencies: _edges, ...fields } = draft;
  const bead: Bead = {
    ...checkFields(fields),
    id,
    title: checkTitle(draft.title),
    status: typeof fields['status'] === 'string' ? fields['status'] : 'open',
    priority: typeof fields['priority'] === 'number' ? fields['priority'] : 2,
    issue_type: typeNamed(typeof fields['issue_type'] === 'string' ? fields['issue_type'] : 'task'),
    created_at: act.at,
    updated_at: act.at,
    created_by: act.by,
  };
  const created: BeadChange = { op: 'bead.created', id, bead: bead.status === 'closed' ? { ...bead, closed_at: act.at } : bead };
  const known = evolving(beads);
  known.take([created]);
  return [created, ...edges.flatMap((edge) => known.take(depend(known, id, edge.depends_on_id, edge.type, act)))];
}

/** A view that takes up changes as they are decided, for decisions that are made of several. */
export interface EvolvingBeads extends Beads {
  /** Applies changes to the view, and answers them. */
  take(changes: readonly BeadChange[]): readonly BeadChange[];
}

/** Lets decisions that follow one another see what the earlier ones change. */
export function evolving(beads: Beads): EvolvingBeads {
  const changed = new Map<string, Bead>();
  const current = (list: Iterable<Bead>, fits: (bead: Bead) => boolean): Bead[] => [...[...list].filter(({ id }) => !changed.has(id)), ...[...changed.values()].filter(fits)];
  const { referrers } = beads;
  return {
    get: (id) => changed.get(id) ?? beads.get(id),
    family: (root) => current(beads.family(root), ({ id }) => rootOf(id) === rootOf(root)),
    all: () => current(beads.all(), () => true),
    ...(referrers === undefined ? {} : { referrers: (id: string) => current(referrers.call(beads, id), (bead) => bead.dependencies?.some((edge) => edge.depends_on_id === id) === true) }),
    take(changes) {
      for (const change of changes) {
        const next = evolve(changed.get(change.id) ?? beads.get(change.id), change);
        if (next !== undefined) changed.set(change.id, next);
      }
      return changes;
    },
  };
}

/** The id of the next child of a parent: one more than the highest number ever used, tombstones counted. */
export function nextChildId(beads: Beads, parent: string): string {
  find(beads, parent);
  let highest = 0;
  for (const { id } of beads.family(parent)) {
    const number = id.startsWith(`${parent}.`) ? Number(id.slice(parent.length + 1).split('.')[0]) : NaN;
    if (number > highest) highest = number;
  }
  return `${parent}.${highest + 1}`;
}

/** Sets fields; `undefined` or null removes one, `metadata` is merged key by key. A status goes through its own rules. */
export function edit(beads: Beads, id: string, fields: Readonly<Record<string, unknown>>, act: Act): BeadChange[] {
  const bead = find(beads, id);
  const { status, title, issue_type, ...rest } = fields;
  const set: Record<string, unknown> = { ...checkFields(rest) };
  for (const [key, value] of Object.entries(rest)) if (value === null || value === undefined) set[key] = undefined;
  if (title !== undefined) set['title'] = checkTitle(title);
  if (typeof issue_type === 'string') set['issue_type'] = typeNamed(issue_type);
  if (isObject(set['metadata'])) set['metadata'] = mergeKeys(bead.metadata ?? {}, set['metadata']);
  const changes: BeadChange[] = [];
  if (typeof status === 'string') changes.push(...moveTo(beads, bead, checkStatus(status), act, set));
  if (Object.entries(set).some(([key, value]) => JSON.stringify(bead[key]) !== JSON.stringify(value))) changes.push({ op: 'bead.edited', id, at: act.at, set });
  return changes;
}

function moveTo(beads: Beads, bead: Bead, status: string, act: Act, set: Record<string, unknown>): BeadChange[] {
  if (status === bead.status) return [];
  if (status === 'closed') return close(beads, bead.id, { reason: 'Closed' }, act);
  const reopened: BeadChange[] = bead.status === 'closed' ? [{ op: 'bead.reopened', id: bead.id, at: act.at }] : [];
  if (status !== 'open' || reopened.length === 0) set['status'] = status;
  if (status === 'in_progress' && bead.started_at === undefined) set['started_at'] = act.at;
  return reopened;
}

function mergeKeys(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...before };
  for (const [key, value] of Object.entries(after)) {
    if (value === null || value === undefined) delete merged[key];
    else merged[key] = value;
  }
  return merged;
}

/** Gives an open bead to whoever claims it. Claiming your own bead again changes nothing. */
export function claim(beads: Beads, id: string, act: Act): BeadChange[] {
  const bead = find(beads, id);
  if (workingStatuses.includes(bead.status) && bead.assignee === act.by) return [];
  if (bead.status !== 'open' || (bead.assignee !== undefined && bead.assignee !== '' && bead.assignee !== act.by)) throw new BeadTaken(bead);
  refuseBlocked(beads, bead);
  return [{ op: 'bead.claimed', id, at: act.at, by: act.by }];
}

/** Hangs an open bead on the hook of an agent. Hooking it to the same agent again changes nothing. */
export function hook(beads: Beads, id: string, to: string, act: Act): BeadChange[] {
  const bead = find(beads, id);
  if (bead.status === 'hooked' && bead.assignee === to) return [];
  if (bead.status !== 'open') throw new BeadTaken(bead);
  refuseBlocked(beads, bead);
  return [{ op: 'bead.hooked', id, at: act.at, to }];
}

/** Hands a bead that hangs on one agent's hook over to another hook, whatever it waits for by now. */
export function handOver(beads: Beads, id: string, from: string, to: string, act: Act): BeadChange[] {
  const bead = find(beads, id);
  if (bead.status === 'hooked' && bead.assignee === to) return [];
  if (!workingStatuses.includes(bead.status) || bead.assignee !== from) throw new NotOnHook(id, from, bead);
  return [{ op: 'bead.hooked', id, at: act.at, to }];
}

/** Takes a bead off the hook or out of the hands of whoever has it; an open bead stays as it is. */
export function release(beads: Beads, id: string, act: Act): BeadChange[] {
  const bead = find(beads, id);
  return workingStatuses.includes(bead.status) ? [{ op: 'bead.released', id, at: act.at }] : [];
}

function refuseBlocked(beads: Beads, bead: Bead): void {
  const waiting = unmet(beads, bead);
  if (waiting.length > 0) throw new BeadBlocked(bead, waiting);
}

/** Closes a bead. Guards (skipped by `force`): pinned, template, epic with open children, open blockers. Closing twice changes nothing. */
export function close(beads: Beads, id: string, how: { readonly reason: string; readonly force?: boolean }, act: Act): BeadChange[] {
  const bead = find(beads, id);
  if (bead.status === 'closed') return [];
  if (!how.force) {
    if (bead.status === 'pinned' || bead['pinned'] === true) throw new CloseRefused(bead, 'it is pinned');
    if (bead['is_template'] === true) throw new CloseRefused(bead, 'it is a template');
    const waiting = unmet(beads, bead);
    if (waiting.length > 0) throw new CloseRefused(bead, `it still waits for ${waiting.join(', ')}`);
    const open = bead.issue_type === 'epic' ? children(beads, id).filter((child) => !isDone(child)) : [];
    if (open.length > 0) throw new CloseRefused(bead, `it has open children: ${open.map((child) => child.id).join(', ')}`);
  }
  const session = act.session === undefined ? {} : { session: act.session };
  return [{ op: 'bead.closed', id, at: act.at, reason: how.reason, ...session }];
}

/** Opens a closed bead again; an open one stays as it is. */
export function reopen(beads: Beads, id: string, act: Act): BeadChange[] {
  return find(beads, id).status === 'closed' ? [{ op: 'bead.reopened', id, at: act.at }] : [];
}

/** Deletes a bead for ever, leaving a tombstone. Refuses while other live beads refer to it, unless forced. */
export function remove(beads: Beads, id: string, how: { readonly reason: string; readonly force?: boolean; readonly with?: readonly string[] }, act: Act): BeadChange[] {
  find(beads, id);
  if (!how.force) {
    const referring = dependents(beads, id).filter((bead) => !(how.with ?? []).includes(bead.id) && !isDone(bead));
    if (referring.length > 0) throw new StillReferred(id, referring.map((bead) => bead.id));
  }
  return [{ op: 'bead.deleted', id, at: act.at, by: act.by, reason: how.reason }];
}

/** Gives a bead a label; one that it has already changes nothing. Throws BadField. */
export function addLabel(beads: Beads, id: string, label: string, act: Act): BeadChange[] {
  if (label.trim() === '' || /[\u0000-\u001f,]/.test(label)) throw new BadField('label', label, 'a label has no comma and no control characters, and is not empty');
  return find(beads, id).labels?.includes(label) ? [] : [{ op: 'bead.labelled', id, at: act.at, label }];
}

/** Takes a label from a bead; one that it has not changes nothing. */
export function removeLabel(beads: Beads, id: string, label: string, act: Act): BeadChange[] {
  return find(beads, id).labels?.includes(label) ? [{ op: 'bead.unlabelled', id, at: act.at, label }] : [];
}

/** Adds what somebody says about a bead. Throws BadField where that is nothing. */
export function comment(beads: Beads, id: string, commentId: string, text: string, act: Act): BeadChange[] {
  find(beads, id);
  if (text.trim() === '') throw new BadField('comment', text, 'a comment says something');
  return [{ op: 'comment.added', id, comment: { id: commentId, issue_id: id, author: act.by, text: checkText('comment', text), created_at: act.at } }];
}

/** Records a try that did not land; the same attempt twice is one. */
export function recordAttempt(beads: Beads, id: string, attempt: Attempt): BeadChange[] {
  return find(beads, id).attempts?.some((known) => known.id === attempt.id) ? [] : [{ op: 'attempt.recorded', id, attempt }];
}

/** Adds an edge. One type per pair; refuses an unknown target, itself, and a cycle among blocking edges or parents. */
export function depend(beads: Beads, id: string, on: string, type: string, act: Act): BeadChange[] {
  const bead = find(beads, id);
  if (id === on) throw new BadDependency(id, on, 'a bead cannot depend on itself');
  const existing = bead.dependencies?.find((edge) => edge.depends_on_id === on);
  if (existing) {
    if (existing.type === type) return [];
    throw new BadDependency(id, on, `it depends on it already, as ${existing.type}`, `gt dep remove ${id} ${on}`);
  }
  if (!/^\S{1,50}$/.test(type)) throw new BadDependency(id, on, `${JSON.stringify(type)} is no dependency type`);
  if (!on.startsWith('external:')) refuseBadEdge(beads, bead, find(beads, on), type);
  return [{ op: 'dependency.added', id, dependency: { issue_id: id, depends_on_id: on, type, created_at: act.at, created_by: act.by } }];
}

function refuseBadEdge(beads: Beads, bead: Bead, target: Bead, type: string): void {
  if (type === 'blocks' && (bead.issue_type === 'epic') !== (target.issue_type === 'epic')) {
    throw new BadDependency(bead.id, target.id, 'epics block only epics, and tasks only tasks', `gt dep add ${bead.id} ${target.id} --type parent-child`);
  }
  const guarded = type === 'parent-child' ? ['parent-child'] : ['blocks', 'conditional-blocks'];
  if (guarded.includes(type) && reaches(target.id, bead.id, (node) => edgesOf(beads.get(node), guarded))) {
    throw new BadDependency(bead.id, target.id, 'that would close a cycle', `gt dep tree ${target.id}`);
  }
}

/** The ids that a bead points at by edges of these types. */
export function edgesOf(bead: Bead | undefined, types: readonly string[]): string[] {
  return (bead?.dependencies ?? []).filter((edge) => types.includes(edge.type)).map((edge) => edge.depends_on_id);
}

/** Removes an edge; one that is not there changes nothing. */
export function undepend(beads: Beads, id: string, on: string, act: Act): BeadChange[] {
  return find(beads, id).dependencies?.some((edge) => edge.depends_on_id === on) ? [{ op: 'dependency.removed', id, at: act.at, on }] : [];
}

/** Puts a bead below another one instead of its parent so far; below none where `parent` is undefined. */
export function adopt(beads: Beads, id: string, parent: string | undefined, act: Act): BeadChange[] {
  const former = edgesOf(find(beads, id), ['parent-child']).filter((on) => on !== parent);
  const known = evolving(beads);
  const removed = former.flatMap((on) => known.take(undepend(known, id, on, act)));
  return parent === undefined ? removed : [...removed, ...depend(known, id, parent, 'parent-child', act)];
}

/** What a live bead still waits for, by id: open blockers, a blocked parent's blockers, children of what it waits for. */
export function unmet(beads: Beads, bead: Bead, seen: ReadonlySet<string> = new Set()): string[] {
  const waiting: string[] = [];
  for (const edge of bead.dependencies ?? []) {
    const target = edge.depends_on_id.startsWith('external:') ? undefined : beads.get(edge.depends_on_id);
    if (target === undefined || target.status === 'tombstone') continue;
    if ((edge.type === 'blocks' || edge.type === 'conditional-blocks') && !isDone(target)) waiting.push(target.id);
    if (edge.type === 'parent-child' && !seen.has(target.id) && !isDone(target)) waiting.push(...unmet(beads, target, new Set([...seen, bead.id])));
    if (edge.type === 'waits-for') waiting.push(...openChildren(beads, target, edge));
  }
  return [...new Set(waiting)];
}

function openChildren(beads: Beads, target: Bead, edge: Dependency): string[] {
  const found = children(beads, target.id);
  const any = JSON.stringify(edge['metadata'] ?? '').includes('any-children');
  if (any && found.some((child) => child.status === 'closed')) return [];
  return found.filter((child) => !isDone(child)).map((child) => child.id);
}

/** Whether a bead no longer holds up others. */
export function isDone(bead: Bead): boolean {
  return bead.status === 'closed' || bead.status === 'pinned' || bead.status === 'tombstone';
}

/** The live beads whose parent is this one. */
export function children(beads: Beads, id: string): Bead[] {
  return dependents(beads, id).filter((bead) => edgesOf(bead, ['parent-child']).includes(id));
}

/** The live beads that have an edge to this one. */
export function dependents(beads: Beads, id: string): Bead[] {
  return [...(beads.referrers?.(id) ?? beads.all())].filter((bead) => bead.status !== 'tombstone' && bead.dependencies?.some((edge) => edge.depends_on_id === id));
}

/** The live bead of an id. Throws UnknownBead. */
export function find(beads: Beads, id: string): Bead {
  const bead = beads.get(id);
  if (bead === undefined || bead.status === 'tombstone') throw new UnknownBead(id);
  return bead;
}

/** The bead after a change; total, and the same however often it is applied. */
export function evolve(bead: Bead | undefined, change: BeadChange): Bead | undefined {
  if (change.op === 'bead.created') return bead ?? change.bead;
  if (bead === undefined) return undefined;
  switch (change.op) {
    case 'bead.edited': return without({ ...bead, ...change.set, updated_at: change.at });
    case 'bead.claimed': return { ...bead, status: 'in_progress', assignee: change.by, started_at: bead.started_at ?? change.at, updated_at: change.at };
    case 'bead.hooked': return { ...bead, status: 'hooked', assignee: change.to, updated_at: change.at };
    case 'bead.released': return without({ ...bead, status: 'open', assignee: undefined, updated_at: change.at });
    case 'bead.closed': return without({ ...bead, status: 'closed', closed_at: change.at, close_reason: change.reason, closed_by_session: change.session, updated_at: change.at });
    case 'bead.reopened':
      return bead.status === 'closed' ? without({ ...bead, status: 'open', assignee: undefined, closed_at: undefined, close_reason: undefined, closed_by_session: undefined, updated_at: change.at }) : bead;
    case 'bead.deleted':
      return { id: bead.id, title: bead.title, status: 'tombstone', priority: bead.priority, issue_type: bead.issue_type, original_type: bead.issue_type, created_at: bead.created_at, updated_at: change.at, deleted_at: change.at, deleted_by: change.by, delete_reason: change.reason };
    case 'bead.labelled': return { ...bead, labels: [...new Set([...(bead.labels ?? []), change.label])].sort(), updated_at: change.at };
    case 'bead.unlabelled': return without({ ...bead, labels: nonEmpty((bead.labels ?? []).filter((label) => label !== change.label)), updated_at: change.at });
    case 'dependency.added': return { ...bead, dependencies: [...(bead.dependencies ?? []).filter((edge) => edge.depends_on_id !== change.dependency.depends_on_id), change.dependency], updated_at: change.dependency.created_at };
    case 'dependency.removed': return without({ ...bead, dependencies: nonEmpty((bead.dependencies ?? []).filter((edge) => edge.depends_on_id !== change.on)), updated_at: change.at });
    case 'comment.added': return { ...bead, comments: [...(bead.comments ?? []).filter((known) => known.id !== change.comment.id), change.comment], updated_at: change.comment.created_at };
    case 'attempt.recorded': return { ...bead, attempts: [...(bead.attempts ?? []).filter((known) => known.id !== change.attempt.id), change.attempt], updated_at: change.attempt.at };
  }
}

function without(bead: Record<string, unknown>): Bead {
  return Object.fromEntries(Object.entries(bead).filter(([, value]) => value !== undefined)) as unknown as Bead;
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}

function checkTitle(title: unknown): string {
  if (typeof title !== 'string' || title.trim() === '') throw new BadField('title', title, 'a bead needs a title');
  if (/[\n\r\u2028\u2029]/.test(title)) throw new BadField('title', title, 'a title is one line; put the rest into --description');
  if ([...title].length > titleLimit) throw new BadField('title', title, `a title has at most ${titleLimit} characters; put the rest into --description`);
  return checkText('title', title);
}

function checkText(field: string, text: string): string {
  if (text.includes('\0')) throw new BadField(field, text, 'a text holds no NUL');
  if (text.length > textLimit) throw new BadField(field, text, 'it is longer than ten million characters');
  return text.isWellFormed() ? text : text.toWellFormed();
}

function checkStatus(status: string): string {
  if (!(statuses as readonly string[]).includes(status)) throw new BadField('status', status, `it is one of ${statuses.join(', ')}`);
  return status;
}

function checkFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const checked: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    if (key === 'clock') continue;
    if (key === 'status') checkStatus(String(value));
    if (key === 'priority' && !(Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 4)) throw new BadField('priority', value, 'it is a whole number from 0 (most urgent) to 4');
    if (key === 'estimated_minutes' && !(Number.isInteger(value) && Number(value) >= 0)) throw new BadField('estimate', value, 'it is a whole number of minutes');
    if (key === 'labels' && Array.isArray(value)) for (const label of value) if (typeof label !== 'string' || label.trim() === '') throw new BadField('label', label, 'a label is not empty');
    if (key === 'metadata' && !isObject(value)) throw new BadField('metadata', value, 'it is a JSON object');
    checked[key] = typeof value === 'string' ? checkText(key, value) : value;
  }
  if (Array.isArray(checked['labels'])) checked['labels'] = [...new Set(checked['labels'] as string[])].sort();
  return checked;
}

/** No live bead has this id. */
export class UnknownBead extends Refused {
  readonly code = 'bead.unknown';
  constructor(id: string, near?: string) {
    super(`there is no bead ${JSON.stringify(id.slice(0, 80))}`, { id }, near === undefined ? 'gt list' : `gt show ${near}`);
  }
}

/** Another bead has the id. */
export class IdTaken extends Refused {
  readonly code = 'bead.id-taken';
  constructor(id: string) {
    super(`${id} is taken already`, { id }, `gt show ${id}`);
  }
}

/** Somebody has the bead, or it is not open. */
export class BeadTaken extends Refused {
  readonly code = 'bead.taken';
  constructor({ id, status, assignee }: Bead) {
    super(assignee ? `${id} is ${status}, by ${assignee}` : `${id} is ${status}, not open`, { id, status, assignee }, `gt show ${id}`);
  }
}

/** The bead is not on the hook that it was said to be on. */
export class NotOnHook extends Refused {
  readonly code = 'bead.not-on-hook';
  constructor(id: string, agent: string, bead: Bead) {
    super(`${id} is not on the hook of ${agent}: it is ${bead.status}${bead.assignee ? `, by ${bead.assignee}` : ''}`, { id, agent, status: bead.status, assignee: bead.assignee }, `gt show ${id}`);
  }
}

/** The bead waits on other beads, so no one may claim it yet. */
export class BeadBlocked extends Refused {
  readonly code = 'bead.blocked';
  constructor({ id }: Bead, waiting: readonly string[]) {
    super(`${id} still needs ${waiting.join(', ')}`, { id, waiting }, `gt show ${waiting[0]}`);
  }
}

/** A guard forbids closing the bead. */
export class CloseRefused extends Refused {
  readonly code = 'bead.close-refused';
  constructor({ id }: Bead, why: string) {
    super(`${id} was not closed: ${why}`, { id, why }, `gt close ${id} --force`);
  }
}

/** Live beads refer to the one that should be deleted. */
export class StillReferred extends Refused {
  readonly code = 'bead.referred';
  constructor(id: string, by: readonly string[]) {
    super(`${id} is referred to by ${by.join(', ')}`, { id, by }, `gt delete ${id} --force`);
  }
}

/** An edge that the rules do not allow. */
export class BadDependency extends Refused {
  readonly code = 'dependency.bad';
  constructor(id: string, on: string, why: string, hint?: string) {
    super(`${id} cannot depend on ${on}: ${why}`, { id, on, why }, hint);
  }
}

/** A value that a field cannot hold. */
export class BadField extends Refused {
  readonly code = 'field.bad';
  constructor(field: string, value: unknown, why: string) {
    const shown = String(value).slice(0, 60);
    super(`the ${field} ${JSON.stringify(shown)} cannot be used: ${why}`, { field, value: shown, why }, 'gt bead create --help');
  }
}

/** An id that is not spelled as ids are. */
export class BadId extends Usage {
  readonly code = 'id.bad';
  constructor(id: string) {
    super(`${JSON.stringify(id.slice(0, 60))} is not a bead id`, { id }, 'an id looks like gt-x1y2z, or gt-x1y2z.1 for a child');
  }
}

const idPattern = /^[a-z0-9][a-z0-9_-]*-[a-z0-9]+(?:[.+][a-z0-9]+)*$/i;

/** Holds an id against its grammar: prefix, `-`, the rest; at most 255 characters. Throws BadId. */
export function checkId(id: string): string {
  if (id.length > 255 || !idPattern.test(id)) throw new BadId(id);
  return id;
}
