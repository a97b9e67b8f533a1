import { appendFileSync, closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Bead } from '../domain/bead.ts';
import { attempt, cachePath, readCacheStart, version, writeCache, type Header } from './cache-file.ts';
import type { Ledger } from './ledger.ts';

/** The beads that differ between two commits of a ledger: as they were, and as they are. */
export interface Difference {
  readonly before: ReadonlyMap<string, Bead>;
  readonly after: ReadonlyMap<string, Bead>;
}

/** One bead as it was and as it is. */
export type Change = readonly [before: Bead | null, after: Bead | null];

/*
 * The file `difference`: a header that names the commit where it begins, then changes, and behind them a mark that says from which commit to which they lead. Writers add
 * theirs at the end; what has no mark behind it, or one that does not fit, counts for nothing.
 */
interface Mark {
  readonly base: string;
  readonly commit: string;
}

const name = 'difference';
/** More changed beads than this are dearer than working everything out again. */
export const mostChanges = 1024;
const mostBytes = 2 << 20;

/** What is kept of what has changed since a commit, and up to which. */
export function keptSince(ledger: Ledger, from: string): { readonly to: string; readonly difference: Difference } | undefined {
  const kept = readCacheStart<Header, Change | Mark | null>(ledger, name, Infinity);
  if (kept?.header.commit !== from) return undefined;
  let to = from;
  const difference = { before: new Map<string, Bead>(), after: new Map<string, Bead>() };
  let changes: Change[] = [];
  for (const line of kept.lines) {
    if (isChange(line)) changes.push(line);
    else if (line?.base === to) {
      follow(difference, differenceIn(changes));
      to = line.commit;
      changes = [];
    } else break;
  }
  return { to, difference };
}

function isChange(line: Change | Mark | null): line is Change {
  return Array.isArray(line);
}

/** What differs between two commits, where that is kept. */
export function keptDifference(ledger: Ledger, from: string, to: string): Difference | undefined {
  const kept = keptSince(ledger, from);
  return kept?.to === to ? kept.difference : undefined;
}

/** Keeps what differs between two commits. */
export function keepDifference(ledger: Ledger, from: string, to: string, { before, after }: Difference): void {
  const changes = [...new Set([...before.keys(), ...after.keys()])].map((id): Change => [before.get(id) ?? null, after.get(id) ?? null]);
  writeCache(ledger, name, { version, commit: from }, linesOf(changes, { base: from, commit: to }));
}

/** Adds what a writer has just changed to what is kept, so that whoever reads next need not ask git. Only who holds the ledger's lock may. */
export function noteWritten(ledger: Ledger, mark: Mark, changes: readonly Change[]): void {
  const last = lastMark(ledger);
  if (last === mark.base) attempt(() => appendFileSync(cachePath(ledger, name), linesOf(changes, mark)));
  else if (readCacheStart<Header, unknown>(ledger, 'live', 0)?.header.commit === mark.base) writeCache(ledger, name, { version, commit: mark.base }, linesOf(changes, mark));
}

function linesOf(changes: readonly Change[], mark: Mark): string {
  return [...changes, mark].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** The commit up to which the file leads; undefined where it is missing, torn, or so long that it had better be worked out anew. */
function lastMark(ledger: Ledger): string | undefined {
  const file = attempt(() => openSync(cachePath(ledger, name), 'r'));
  if (file === undefined) return undefined;
  const found = attempt(() => (JSON.parse(lastLine(file)) as Mark).commit);
  closeSync(file);
  return found;
}

function lastLine(file: number): string {
  const { size } = fstatSync(file);
  const end = Buffer.alloc(256);
  const text = end.toString('utf8', 0, readSync(file, end, 0, end.length, Math.max(0, size - end.length)));
  return size > mostBytes || !text.endsWith('}\n') ? '' : text.slice(text.lastIndexOf('\n', text.length - 2) + 1);
}

function differenceIn(changes: readonly Change[]): Difference {
  const pairs = (at: 0 | 1): [string, Bead][] => changes.flatMap((change) => (change[at] === null ? [] : [[change[at].id, change[at]] as [string, Bead]]));
  return { before: new Map(pairs(0)), after: new Map(pairs(1)) };
}

/** One difference and the one that follows it. */
export function joined(first: Difference, second: Difference): Difference {
  const both = { before: new Map(first.before), after: new Map(first.after) };
  follow(both, second);
  return both;
}

/** Makes a difference reach as far as the one that follows it. */
function follow({ before, after }: { readonly before: Map<string, Bead>; readonly after: Map<string, Bead> }, second: Difference): void {
  for (const [id, bead] of second.before) if (!before.has(id) && !after.has(id)) before.set(id, bead);
  for (const id of second.before.keys()) after.delete(id);
  for (const [id, bead] of second.after) after.set(id, bead);
}
