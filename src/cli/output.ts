import { clean } from '../base/text.ts';
import { tableLines, type Table, type Tone } from './table.ts';
import { mayColour, terminalColumns } from './terminal.ts';
import { write } from './write.ts';

/** What a command renders: lines (a line break inside one starts another), tables, and headings. */
export type Part = string | Table | { readonly heading: string };

const codes: Record<Tone, string> = { good: '32', bad: '31', busy: '33', faint: '2', strong: '1' };

/** Colours a text that is already clean. */
export function painted(text: string, tone: Tone | undefined): string {
  return tone === undefined ? text : `\u001b[${codes[tone]}m${text}\u001b[0m`;
}

const enough = 1 << 16;

/** Prints what a command rendered; nothing in it reaches the terminal as anything but text. */
export function printParts(parts: Iterable<Part>): void {
  const columns = terminalColumns();
  const paint = columns !== undefined && mayColour(1) ? painted : undefined;
  let waiting: string[] = [];
  let size = 0;
  const flush = (): void => {
    if (waiting.length === 0) return;
    write(1, `${waiting.join('\n')}\n`);
    [waiting, size] = [[], 0];
  };
  const add = (line: string): void => {
    waiting.push(line);
    size += line.length;
    if (size >= enough) flush();
  };
  for (const part of parts) {
    if (typeof part === 'string') add(clean(part));
    else if ('heading' in part) add(paint === undefined ? clean(part.heading) : paint(clean(part.heading), 'strong'));
    else for (const line of tableLines(part, columns, paint)) add(line);
  }
  flush();
}

/** Gives a result the shape that bd's readers expect: bare lists, `schema_version` on objects, or everything in an envelope. */
export function shaped(result: unknown, envelope: boolean): unknown {
  if (envelope) return { schema_version: 1, data: result ?? null };
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return result ?? null;
  return { schema_version: 1, ...result };
}

/** Writes a value as JSON that is also safe to look at. */
export function toJson(value: unknown, indent = 2): string {
  // Legal in JSON as they are, but a terminal would obey them.
  const unescaped = /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;
  return JSON.stringify(value, null, indent).replace(unescaped, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Prints a result for programs. */
export function printJson(result: unknown, envelope: boolean): void {
  write(1, `${toJson(shaped(result, envelope))}\n`);
}
