import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile, stateFolder, type Ledger } from './ledger.ts';

/** The first line of a cache file: which commit the rest was worked out from. */
export interface Header {
  readonly version: number;
  readonly commit: string;
}

/** Raised when what the files hold changes its shape: files of another version are worked out anew. */
export const version = 10;
const chunk = 1 << 16;
/** How much is read at once of lines that are wanted from the first: a page that people look at has about so much. */
const pace = 1 << 14;
/** A header is shorter, and so are most lines. */
const little = 1 << 12;

/** Where a cache file of a ledger lies. */
export function cachePath(ledger: Ledger, name: string): string {
  return join(stateFolder(ledger.repository), 'cache', ledger.ref.replaceAll('/', '-'), name);
}

/** Writes a cache file: its header, then its lines, each with its end. Where that cannot be (a disk that is full, a clone that may only be read), questions are answered all the same. */
export function writeCache(ledger: Ledger, name: string, header: Header, lines: string): void {
  attempt(() => replaceFile(cachePath(ledger, name), `${JSON.stringify(header)}\n${lines}`));
}

/** The whole of a cache file behind its header; undefined where there is none of this version. */
export function readCache<H extends Header>(ledger: Ledger, name: string): { readonly header: H; readonly body: Buffer } | undefined {
  const bytes = attempt(() => readFileSync(cachePath(ledger, name)));
  const end = bytes?.indexOf('\n') ?? -1;
  if (bytes === undefined || end < 0) return undefined;
  const header = parseHeader<H>(bytes.toString('utf8', 0, end));
  // The line break before the first line stays, so that every line can be found by the break before it.
  return header === undefined ? undefined : { header, body: bytes.subarray(end) };
}

/** The header of a cache file of JSON and at most `count` of its lines, without reading further than that; no lines where they are not for the commit that is wanted. Undefined where they cannot be read. */
export function readCacheStart<H extends Header, Line>(ledger: Ledger, name: string, count: number, wanted?: string): { readonly header: H; readonly lines: readonly Line[] } | undefined {
  const [first, ...rest] = firstLines(cachePath(ledger, name), count + 1);
  const header = parseHeader<H>(first);
  if (header === undefined || (wanted !== undefined && header.commit !== wanted)) return header && { header, lines: [] };
  const lines = attempt(() => JSON.parse(`[${rest.join(',')}]`) as Line[]);
  return lines && { header, lines };
}

function parseHeader<H extends Header>(line: string | undefined): H | undefined {
  const header = attempt(() => JSON.parse(line ?? '') as H);
  return header?.version === version ? header : undefined;
}

function firstLines(path: string, count: number): string[] {
  const file = attempt(() => openSync(path, 'r'));
  if (file === undefined) return [];
  try {
    const bytes = new Uint8Array(count === 1 ? little : pace);
    const decoder = new TextDecoder();
    const lines = [''];
    for (;;) {
      const size = readSync(file, bytes, 0, bytes.length, null);
      const found = decoder.decode(bytes.subarray(0, size), { stream: true }).split('\n');
      lines[lines.length - 1] += found[0]!;
      for (let line = 1; line < found.length; line += 1) lines.push(found[line]!);
      if (lines.length > count || size < bytes.length) return lines.slice(0, Math.min(count, lines.length - 1));
    }
  } finally {
    closeSync(file);
  }
}

/**
 * The lines of a cache file of sorted lines that begin with these texts, undefined for one that is not there. Little of the file is read, however long it is. Undefined
 * where the file cannot tell: it is missing or damaged, for another commit, or has longer lines than this was made for.
 */
export function findLines(ledger: Ledger, name: string, commit: string, beginnings: readonly string[]): (string | undefined)[] | undefined {
  const file = attempt(() => openSync(cachePath(ledger, name), 'r'));
  if (file === undefined) return undefined;
  try {
    const first = piece(file, 0, little);
    const end = first.indexOf(lineBreak);
    if (parseHeader(textOf(first.subarray(0, end)))?.commit !== commit) return undefined;
    const size = fstatSync(file).size;
    return beginnings.map((beginning) => findLine(file, end + 1, size - 1, beginning));
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** Finds a line that begins between two places of a file, or at one of them. */
function findLine(file: number, from: number, to: number, beginning: string): string | undefined {
  let [low, high] = [from, to];
  while (high - low > little) {
    const middle = Math.floor((low + high) / 2);
    const start = middle + lineEnd(file, middle) + 1;
    if (start > high || textOf(piece(file, start, beginning.length)) > beginning) high = middle;
    else low = start;
  }
  for (const room of [little, chunk]) {
    const text = `\n${textOf(piece(file, low, high - low + room))}`;
    const start = text.indexOf(`\n${beginning}`);
    if (start < 0) return undefined;
    const end = text.indexOf('\n', start + 1);
    if (end >= 0) return text.slice(start + 1, end);
  }
  throw new Error('the line is too long');
}

/** How far behind a place of a file its line ends. */
function lineEnd(file: number, at: number): number {
  for (const room of [little, chunk]) {
    const end = piece(file, at, room).indexOf(lineBreak);
    if (end >= 0) return end;
  }
  throw new Error('the line is too long');
}

const lineBreak = 10;

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function piece(file: number, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, at));
}

/** What a look at a file gives that may be missing or damaged: a cache is free to be deleted at any moment. */
export function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
