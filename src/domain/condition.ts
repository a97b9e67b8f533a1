import { isObject } from '../base/jsonl.ts';
import { timeOf } from '../base/time.ts';
import { edgesOf, isDone, type Bead } from './bead.ts';
import { within } from './matching.ts';
import type { Span, Test } from './query.ts';

/** The fields of a bead that hold texts, and what a question may call them. */
export type TextField = 'title' | 'description' | 'notes' | 'design' | 'acceptance_criteria';

/** The fields of a bead that hold a time. */
export type TimeField = 'created_at' | 'updated_at' | 'started_at' | 'closed_at' | 'due_at' | 'defer_until';

/** Whether a text field says something, whatever its case. */
export function contains(field: TextField, text: string): Test {
  const wanted = text.toLowerCase();
  return (bead) => textIn(bead, field).toLowerCase().includes(wanted);
}

/** Whether a text field says nothing. */
export function isEmpty(field: TextField): Test {
  return (bead) => textIn(bead, field).trim() === '';
}

function textIn(bead: Bead, field: string): string {
  const value = bead[field];
  return typeof value === 'string' ? value : '';
}

/** Whether one of the labels is like that. */
export function someLabel(fits: (label: string) => boolean): Test {
  return (bead) => bead.labels?.some(fits) === true;
}

/** Whether there is no label at all. */
export function hasNoLabel({ labels }: Bead): boolean {
  return labels === undefined || labels.length === 0;
}

/** Whether a bead is a part of none. */
export function hasNoParent(bead: Bead): boolean {
  return edgesOf(bead, ['parent-child']).length === 0;
}

/** Whether a time lies in a span. */
export function inSpan(field: TimeField, span: Span): Test {
  return (bead) => within(span, timeIn(bead, field));
}

function timeIn(bead: Bead, field: TimeField): string | undefined {
  const value = bead[field];
  return typeof value === 'string' ? value : undefined;
}

/** Whether a bead should be done by now (milliseconds since 1970) and is not. */
export function isOverdue(now: number): Test {
  return (bead) => !isDone(bead) && (timeOf(timeIn(bead, 'due_at')) ?? Infinity) < now;
}

/** Whether a bead was put off, with or without a time to come back. */
export function isPutOff(bead: Bead): boolean {
  return bead.status === 'deferred' || bead.defer_until !== undefined;
}

/** Whether the metadata have a key. */
export function hasKey(key: string): Test {
  return ({ metadata }) => isObject(metadata) && Object.hasOwn(metadata, key);
}

/** Whether a key of the metadata says this: a text as it is, anything else as JSON. */
export function keySays(key: string, value: string): Test {
  return (bead) => valueOf(bead, key) === value;
}

/** What a key of the metadata says, as people type it; undefined where it is not there. */
export function valueOf({ metadata }: Bead, key: string): string | undefined {
  if (!isObject(metadata) || !Object.hasOwn(metadata, key)) return undefined;
  const value = metadata[key];
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Whether a field says exactly this; one that is not there says nothing. */
export function saysExactly(field: 'mol_type' | 'wisp_type', word: string): Test {
  return (bead) => textIn(bead, field) === word;
}

/** Whether the document that specifies a bead is named like this from its beginning. */
export function specBegins(beginning: string): Test {
  return (bead) => textIn(bead, 'spec_id').startsWith(beginning) && textIn(bead, 'spec_id') !== '';
}

/** Turns round what is asked. */
export function not(test: Test): Test {
  return (bead) => !test(bead);
}

/** Reads a pattern in which `*` stands for anything and `?` for one character; without regard to case unless `exact`. */
export function likePattern(pattern: string, exact = false): (text: string) => boolean {
  const wanted = exact ? pattern : pattern.toLowerCase();
  return (text) => fitsPattern(exact ? text : text.toLowerCase(), wanted);
}

/** Goes back to the last star alone, so that no pattern takes longer than text times pattern. */
function fitsPattern(text: string, pattern: string): boolean {
  let [at, next, star, resume] = [0, 0, -1, 0];
  while (at < text.length) {
    if (pattern[next] === '*') [star, resume, next] = [next, at, next + 1];
    else if (next < pattern.length && (pattern[next] === '?' || pattern[next] === text[at])) [at, next] = [at + 1, next + 1];
    else if (star !== -1) [next, resume, at] = [star + 1, resume + 1, resume + 1];
    else return false;
  }
  while (pattern[next] === '*') next += 1;
  return next === pattern.length;
}
