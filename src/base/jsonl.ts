import stableStringify from 'fast-json-stable-stringify';
import { Refused } from './errors.ts';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** Canonical JSON: keys sorted, no spaces, one line. */
export function canonical(value: unknown): string {
  const sorted = inOrder(value);
  return sorted === unordered ? stableStringify(value) : JSON.stringify(sorted);
}

/** Whether two values are the same as canonical JSON; what is not there is the same as nothing else. */
export function same(a: unknown, b: unknown): boolean {
  return a === b || (a !== undefined && b !== undefined && canonical(a) === canonical(b));
}

/** Stands for what no object keeps in order: keys that are numbers, and the one that is no key. */
const unordered = Symbol('unordered');
const keyWithAWill = /^(0|[1-9]\d*|__proto__)$/;

/** The value with the keys of its objects in order, so that the runtime's own writer, twice as fast, writes them so. */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const each of value) {
      const item = inOrder(each);
      if (item === unordered) return unordered;
      items.push(item);
    }
    return items;
  }
  const sorted: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    const inner = keyWithAWill.test(key) ? unordered : inOrder((value as Record<string, unknown>)[key]);
    if (inner === unordered) return unordered;
    sorted[key] = inner;
  }
  return sorted;
}

/** Whether a parsed JSON value is an object, not an array and not null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One line of a JSON Lines text: what it holds, or why that cannot be read. */
export type ReadLine = { readonly line: number; readonly value: Record<string, unknown> } | { readonly line: number; readonly reason: string };

/** Reads JSON Lines one by one, skipping empty ones; lines are counted from 1. */
export function* readLines(text: string): Generator<ReadLine> {
  let line = 0;
  for (let start = text.startsWith('\uFEFF') ? 1 : 0; start < text.length; ) {
    const end = text.indexOf('\n', start);
    const raw = text.slice(start, end < 0 ? text.length : end);
    start += raw.length + 1;
    line += 1;
    if (raw.trim() !== '') yield readLine(raw, line);
  }
}

/** Whether a line is one that a merge by text puts where two sides differ. */
export function isMergeMark(line: string): boolean {
  return /^(<{7}|={7}|>{7}|\|{7})( |\r?$)/.test(line);
}

function readLine(raw: string, line: number): ReadLine {
  if (isMergeMark(raw)) return { line, reason: 'it is a mark that a merge left where two sides differ' };
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch (error) {
    return { line, reason: error instanceof Error ? error.message : 'is not JSON' };
  }
  return isObject(value) ? { line, value } : { line, reason: 'is not a JSON object' };
}

/** Parses JSON Lines, skipping empty ones. Throws BadLine with the 1-based number of the first line that is not a JSON object. */
export function parseLines(text: string, source: string): { readonly line: number; readonly value: Record<string, unknown> }[] {
  return [...readLines(text)].map((read) => {
    if ('reason' in read) throw new BadLine(source, read.line, read.reason);
    return read;
  });
}

/** A line that cannot be read, named by its source and number. */
export class BadLine extends Refused {
  readonly code = 'line.bad';
  constructor(
    readonly source: string,
    readonly line: number,
    readonly reason: string,
  ) {
    super(`${source}, line ${line}: ${reason}`, { source, line, reason }, 'mend the line and run the command again; nothing was changed');
  }
}
