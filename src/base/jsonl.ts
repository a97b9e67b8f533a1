import stableStringify from 'fast-json-stable-stringify';
import { Refused } from './errors.ts';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** Canonical JSON: keys sorted, no spaces, one line. */
export function canonical(value: unknown): string {
  return stableStringify(value);
}

/** Whether a parsed JSON value is an object, not an array and not null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses JSON Lines, skipping empty ones. Throws BadLine with the 1-based number of the first line that is not a JSON object. */
export function parseLines(text: string, source: string): { readonly line: number; readonly value: Record<string, unknown> }[] {
  const found: { line: number; value: Record<string, unknown> }[] = [];
  let line = 0;
  for (const raw of text.split('\n')) {
    line += 1;
    if (raw.trim() === '') continue;
    found.push({ line, value: parseLine(line === 1 ? raw.replace(/^\uFEFF/, '') : raw, line, source) });
  }
  return found;
}

function parseLine(raw: string, line: number, source: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch (error) {
    throw new BadLine(source, line, error instanceof Error ? error.message : 'is not JSON');
  }
  if (!isObject(value)) throw new BadLine(source, line, 'is not a JSON object');
  return value;
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
