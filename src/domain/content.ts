import { Refused } from '../base/errors.ts';
import { isObject } from '../base/jsonl.ts';
import { evolving, find, type Act, type Attempt, type Bead, type BeadChange, type Beads, type Dependency } from './bead.ts';
import { close } from './closing.ts';
import { depend } from './dependency.ts';
import { BadField, checkFields, checkStatus, checkText, checkTitle } from './field.ts';
import { typeNamed } from './kind.ts';

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
    ...checkFields(fields, act.statuses),
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
  const changes: BeadChange[] = [created];
  const known = evolving(beads);
  known.take(changes);
  for (const edge of edges) changes.push(...known.take(depend(known, id, edge.depends_on_id, edge.type, act)));
  return changes;
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
  if (typeof status === 'string') changes.push(...moveTo(beads, bead, checkStatus(status, act.statuses), act, set));
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

/** Another bead has the id. */
export class IdTaken extends Refused {
  readonly code = 'bead.id-taken';
  constructor(id: string) {
    super(`${id} is taken already`, { id }, `gt show ${id}`);
  }
}
