import { isStamp } from '../base/clock.ts';
import { shardOnce } from '../base/ids.ts';
import { isDone, type Bead } from '../domain/bead.ts';
import { checkPlaces, parseShard } from './shards.ts';

/** One shard of the projection. */
export interface Part {
  readonly oid: string;
  /** The beads that matter for readiness. */
  readonly beads: readonly Bead[];
  /** The other ones, tombstones left out: their ids, and what they point at. */
  readonly rest: readonly (readonly [id: string, ...targets: string[]])[];
}

export type Parts = ReadonlyMap<string, Part>;

/** A shard with the lines of its beads in the file `live`, and of the others in the file `rest`, without their ends. */
export interface WrittenPart extends Part {
  readonly beads: Bead[];
  readonly lines: string[];
  readonly rest: [id: string, ...targets: string[]][];
  readonly restLines: string[];
}

/** A line of the file `live`: a shard's object and the beads of it that do not matter, or one bead that does. Sorted, so that one is found without reading all. */
export type Line = readonly [shard: string, id: '', oid: string, rest: Part['rest']] | readonly [shard: string, id: string, bead: Bead];

/** Everything that is not done, and closed children, which a `waits-for` may ask for. */
export function matters(bead: Bead): boolean {
  return !isDone(bead) || (bead.status === 'closed' && bead.dependencies?.some((edge) => edge.type === 'parent-child') === true);
}

/** The line of a bead in the files `live` and `rest`. */
function lineOf(shard: string, id: string, text: string): string {
  return `${JSON.stringify([shard, id]).slice(0, -1)},${text}]`;
}

/** The JSON of the bead of such a line. */
export function textIn(line: string, shard: string, id: string): string {
  return line.slice(JSON.stringify([shard, id]).length, -1);
}

/** Reads a shard of a ledger commit. Throws BadShard at the first line that is no bead of its own. */
export function partOf(shard: string, oid: string, text: string, commit: string): WrittenPart {
  const part: WrittenPart = { oid, beads: [], lines: [], rest: [], restLines: [] };
  const texts: string[] = [];
  for (const [index, bead] of beadsIn(shard, text, commit, undefined, texts).entries()) add(part, shard, bead, texts[index]!);
  return part;
}

/** The beads of a shard of a ledger commit without those whose lines may be skipped, and the JSON of each where it is wanted. Throws BadShard at the first line that is no bead of its own. */
export function beadsIn(shard: string, text: string, commit: string, skip?: (line: string) => boolean, texts?: string[]): Bead[] {
  const plain = plainBeads(shard, text, skip, texts);
  if (plain !== undefined) return plain;
  const found = parseShard(shard, text, commit);
  checkPlaces(shard, found, commit);
  const beads = [...found.values()].map(({ bead }) => bead);
  texts?.splice(0, texts.length, ...beads.map((bead) => JSON.stringify(bead)));
  return beads;
}

/** Reads lines as they are written by us, with nothing read of their clocks but the birth; undefined where one is not so, to be looked at closely. */
function plainBeads(shard: string, text: string, skip: ((line: string) => boolean) | undefined, texts: string[] | undefined): Bead[] | undefined {
  const beads: Bead[] = [];
  let last = '';
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start);
    if (end < 0) return undefined;
    const line = text.slice(start, end);
    start = end + 1;
    if (skip?.(line) === true) continue;
    const own = withoutClock(line);
    const bead = own === undefined ? undefined : parsed(own);
    if (own === undefined || !own.endsWith('}') || bead === undefined || typeof bead.id !== 'string' || bead['clock'] !== undefined || bead.id <= last || shardOnce(bead.id) !== shard) return undefined;
    beads.push(bead);
    texts?.push(own);
    last = bead.id;
  }
  return beads;
}

function parsed(text: string): Bead | undefined {
  try {
    return JSON.parse(text) as Bead;
  } catch {
    return undefined;
  }
}

function add({ beads, lines, rest, restLines }: WrittenPart, shard: string, bead: Bead, text: string): void {
  if (matters(bead)) {
    beads.push(bead);
    lines.push(lineOf(shard, bead.id, text));
  } else if (bead.status !== 'tombstone') {
    const own: [string, ...string[]] = [bead.id];
    for (const edge of bead.dependencies ?? []) own.push(edge.depends_on_id);
    rest.push(own);
    restLines.push(lineOf(shard, bead.id, text));
  }
}

const [quote, backslash, opening, closing, comma] = [0x22, 0x5c, 0x7b, 0x7d, 0x2c];
const clockKey = '"clock":{';
const birthKey = '"born":"';
const stampLength = 18;

/** The JSON of a bead without its clock; undefined where that is not to be found with a birth in it. */
function withoutClock(line: string): string | undefined {
  const start = clockIn(line);
  const end = start < 0 ? -1 : closingOf(line, start + clockKey.length - 1);
  const birth = line.indexOf(birthKey, start) + birthKey.length;
  if (end < 0 || birth < birthKey.length || birth > end || line.charCodeAt(end) !== comma || !isStamp(line.slice(birth, birth + stampLength))) return undefined;
  return line.slice(0, start) + line.slice(end + 1);
}

/** Where the key of the clock begins among the keys of the bead itself; -1 where there is none. */
function clockIn(line: string): number {
  if (line.startsWith(clockKey, 1)) return 1;
  let depth = 0;
  for (let at = 0; at < line.length; at += 1) {
    const code = line.charCodeAt(at);
    if (code === opening) depth += 1;
    else if (code === closing) depth -= 1;
    else if (code === quote) {
      if (depth === 1 && line.startsWith(clockKey, at)) return at;
      at = stringEnd(line, at);
      if (at < 0) return -1;
    }
  }
  return -1;
}

/** Where the text of an object ends that begins at a place; -1 where it does not. */
function closingOf(line: string, start: number): number {
  let depth = 0;
  for (let at = start; at < line.length; at += 1) {
    const code = line.charCodeAt(at);
    if (code === opening) depth += 1;
    else if (code === closing) {
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (code === quote) {
      at = stringEnd(line, at);
      if (at < 0) return -1;
    }
  }
  return -1;
}

/** Where the quote stands that ends a string; -1 where none does. */
function stringEnd(line: string, start: number): number {
  let end = line.indexOf('"', start + 1);
  while (end > 0 && isEscaped(line, end)) end = line.indexOf('"', end + 1);
  return end;
}

function isEscaped(line: string, at: number): boolean {
  let first = at;
  while (line.charCodeAt(first - 1) === backslash) first -= 1;
  return (at - first) % 2 === 1;
}
