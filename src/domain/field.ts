import { Refused, Usage } from '../base/errors.ts';
import { isObject } from '../base/jsonl.ts';
import { fewBesides, nearest } from '../base/text.ts';
import { statuses } from './bead.ts';

const textLimit = 10_000_000;
const titleLimit = 500;

/** Holds a title: one line, not empty, at most 500 characters. Throws BadField. */
export function checkTitle(title: unknown): string {
  if (typeof title !== 'string' || title.trim() === '') throw new BadField('title', title, 'a bead needs a title');
  if (/[\n\r\u2028\u2029]/.test(title)) throw new BadField('title', title, 'a title is one line; put the rest into --description');
  if ([...title].length > titleLimit) throw new BadField('title', title, `a title has at most ${titleLimit} characters; put the rest into --description`);
  return checkText('title', title);
}

/** Holds a text: no NUL, at most ten million characters; lone surrogates become U+FFFD. Throws BadField. */
export function checkText(field: string, text: string): string {
  if (text.includes('\0')) throw new BadField(field, text, 'a text holds no NUL');
  if (text.length > textLimit) throw new BadField(field, text, 'it is longer than ten million characters');
  return text.isWellFormed() ? text : text.toWellFormed();
}

/** Holds a status against those that everybody has and those that the settings add; `typed` says how the right one would have been typed. Throws UnknownStatus. */
export function checkStatus(status: string, custom: readonly string[] = [], typed?: (near: string) => string): string {
  if (!(statuses as readonly string[]).includes(status) && !custom.includes(status)) throw new UnknownStatus(status, custom, typed);
  return status;
}

/** The fields of beads that hold a text. */
const textFields: readonly string[] = ['description', 'design', 'acceptance_criteria', 'notes', 'assignee', 'owner', 'created_by', 'close_reason', 'external_ref', 'spec_id'];

/** What the lists of a bead hold. */
const elements: Readonly<Record<string, { readonly name: string; readonly fits: (element: unknown) => boolean }>> = {
  labels: { name: 'words', fits: (label) => typeof label === 'string' && label !== '' },
  dependencies: { name: 'edges', fits: (edge) => isObject(edge) && typeof edge['depends_on_id'] === 'string' },
  comments: { name: 'comments', fits: (comment) => isObject(comment) && comment['id'] !== undefined && typeof comment['text'] === 'string' },
  attempts: { name: 'attempts', fits: (attempt) => isObject(attempt) && typeof attempt['outcome'] === 'string' && typeof attempt['evidence'] === 'string' },
};

/** What the value of a field should be and is not, such as `list of words`; undefined where it is, or where any value may stand. */
export function missedShape(field: string, value: unknown): string | undefined {
  if (textFields.includes(field)) return typeof value === 'string' ? undefined : 'text';
  const element = Object.hasOwn(elements, field) ? elements[field] : undefined;
  if (element === undefined || (Array.isArray(value) && value.every(element.fits))) return undefined;
  return `list of ${element.name}`;
}

/** Holds every field of a bead that has a shape of its own, and drops what is null; `custom` are the statuses that the settings add. Throws BadField and UnknownStatus. */
export function checkFields(fields: Readonly<Record<string, unknown>>, custom?: readonly string[]): Record<string, unknown> {
  const checked: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    if (key === 'clock') continue;
    if (key === 'status') checkStatus(String(value), custom);
    if (key === 'priority' && !(Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 4)) throw new BadField('priority', value, 'it is a whole number from 0 (most urgent) to 4');
    if (key === 'estimated_minutes' && !(Number.isInteger(value) && Number(value) >= 0)) throw new BadField('estimate', value, 'it is a whole number of minutes');
    if (key === 'labels' && Array.isArray(value) && value.some((label) => typeof label === 'string' && label.trim() === '')) throw new BadField('label', '', 'a label is not empty');
    const missed = missedShape(key, value);
    if (missed !== undefined) throw new BadField(key, value, `it is a ${missed}`);
    if (key === 'metadata' && !isObject(value)) throw new BadField('metadata', value, 'it is a JSON object');
    checked[key] = typeof value === 'string' ? checkText(key, value) : value;
  }
  if (Array.isArray(checked['labels'])) checked['labels'] = [...new Set(checked['labels'] as string[])].sort();
  return checked;
}

/** A value that a field cannot hold. */
export class BadField extends Refused {
  readonly code = 'field.bad';
  constructor(field: string, value: unknown, why: string) {
    const shown = String(value).slice(0, 60);
    super(`the ${field} ${JSON.stringify(shown)} cannot be used: ${why}`, { field, value: shown, why }, 'gt bead create --help');
  }
}

/** A word that names no status. */
export class UnknownStatus extends Refused {
  readonly code = 'status.unknown';
  constructor(word: string, custom: readonly string[], typed: (near: string) => string = (near) => `--status ${near}`) {
    const known = [...statuses, ...custom];
    const near = nearest(word, known);
    super(`there is no status ${JSON.stringify(word.slice(0, 60))}: it is one of ${fewBesides(statuses, custom)}`, { status: word.slice(0, 60), near }, near === undefined ? 'gt statuses' : typed(near));
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
