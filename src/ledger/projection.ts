import { shardOf } from '../base/ids.ts';
import type { Bead, Beads } from '../domain/bead.ts';
import type { Counted } from '../domain/detail.ts';
import { readRef } from '../git/refs.ts';
import { findLines, readCache, readCacheStart, writeCache, type Header } from './cache-file.ts';
import type { Difference } from './kept-difference.ts';
import { NoLedger, type Ledger } from './ledger.ts';
import type { ReadyHeader } from './live.ts';

/*
 * What is worked out from one ledger commit and kept beside it, so that everyday questions need not read everything: never trusted for another commit, brought
 * up to date by the difference of trees, and free to be deleted. Of the files, `live` holds what all of it is made from, shard by shard, and `rest` the beads that were
 * left out of it, for who asks for one; `ready`, `ready-ids`, `ready-brief` (the beginning of the list, in the words that people are shown), `open`, `ids` and `edges` answer one question each. A small difference is applied to the answers, and kept (`difference`, `ready-page`, `ready-brief`); a large one is written back into all of them.
 * `texts` is made from `live` and `edges` where somebody searches, and `first-look` says of which commit a question was answered with nothing kept.
 */

/** Ready beads, best first, and how many there are in all. */
export interface ReadyList {
  readonly total: number;
  readonly beads: readonly Counted[];
  /** Whether a bead waits for one in another ledger, or one of the list has a status that the settings add: then readiness has to be judged with these in view. */
  readonly foreign: boolean;
  /** Whether nothing of what it took to answer was kept, so that the next answer takes as long: somebody should work out the projection. */
  readonly unkept?: true;
}

/** A bead that has an edge to another one, and the type of the edge where that can matter for readiness. */
export interface Referrer {
  readonly id: string;
  readonly type: string;
}

/** A page of the list is kept at least so long, for who asks next. */
const pageLength = 200;

/** The first `limit` ready beads of a ledger by its own beads; with `hasty`, a page of a large ledger of which nothing is worked out yet is answered without keeping anything. Throws NoLedger. */
export async function readyBeads(ledger: Ledger, limit: number, hasty = false): Promise<ReadyList> {
  if (ledger.at !== undefined) return (await import('./past.ts')).readyThen(ledger, limit);
  const commit = await currentCommit(ledger);
  const whole = readPage<Counted>(ledger, 'ready', commit, limit);
  if (whole?.header.commit === commit) return listOf(whole, limit);
  const page = readPage<Counted>(ledger, 'ready-page', commit, limit);
  if (page?.header.commit === commit && (page.lines.length >= limit || page.lines.length === page.header.ready)) return listOf(page, limit);
  return (await patchedPage(ledger, whole?.header, commit, limit)) ?? (hasty && limit <= pageLength ? await hastyList(ledger, commit, limit) : undefined) ?? freshList(ledger, commit, limit);
}

interface ReadyPage<Line> {
  readonly header: ReadyHeader;
  readonly lines: readonly Line[];
}

/** The first of a kept list of ready work. Undefined where deferred work may have become ready since; without lines where it is for another commit. */
export function readPage<Line>(ledger: Ledger, name: 'ready' | 'ready-page' | 'ready-brief', commit: string, limit: number): ReadyPage<Line> | undefined {
  const page = readCacheStart<ReadyHeader, Line>(ledger, name, limit, commit);
  return page === undefined || (page.header.until !== null && ledger.now() >= page.header.until) ? undefined : page;
}

function listOf({ header, lines }: ReadyPage<Counted>, limit: number): ReadyList {
  return { total: header.ready, foreign: header.foreign, beads: lines.slice(0, limit) };
}

async function patchedPage(ledger: Ledger, header: ReadyHeader | undefined, commit: string, limit: number): Promise<ReadyList | undefined> {
  const difference = header === undefined ? undefined : await changesSince(ledger, header, commit);
  if (header === undefined || difference === undefined) return undefined;
  const [{ patchReady }, { writeBriefPage }] = await Promise.all([import('./ready-patch.ts'), import('./brief-page.ts')]);
  const page = await patchReady(ledger, header, commit, difference, Math.max(limit, pageLength));
  if (page === undefined) return undefined;
  if (limit <= pageLength) {
    writeCache(ledger, 'ready-page', page.header, page.lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    writeBriefPage(ledger, page.header, page.lines);
  }
  return listOf(page, limit);
}

async function hastyList(ledger: Ledger, commit: string, limit: number): Promise<ReadyList | undefined> {
  return (await import('./first-look.ts')).readyAtFirst(ledger, commit, limit);
}

async function freshList(ledger: Ledger, commit: string, limit: number): Promise<ReadyList> {
  const [{ refresh }, { counted }] = await Promise.all([import('./live.ts'), import('../domain/detail.ts')]);
  const { ready, dependents, foreign } = await refresh(ledger, commit);
  return { total: ready.length, beads: ready.slice(0, limit).map((bead) => counted(bead, dependents(bead.id))), foreign };
}

/** Works out all that is kept of a ledger's newest commit, where it is not. Throws NoLedger. */
export async function keepProjection(ledger: Ledger): Promise<void> {
  const commit = await currentCommit(ledger);
  const { isStale, refresh } = await import('./live.ts');
  if (isStale(ledger, commit)) await refresh(ledger, commit);
}

/** All beads that are not done, and the closed ones that have a parent, with the ways back along edges worked out. Throws NoLedger. */
export async function liveBeads(ledger: Ledger): Promise<Beads> {
  if (ledger.at !== undefined) return (await import('./past.ts')).liveThen(ledger);
  const commit = await currentCommit(ledger);
  const [{ indexed }, { beadsOf, readWork, refresh }, { matters }] = await Promise.all([import('../domain/bead.ts'), import('./live.ts'), import('./part.ts')]);
  const { header, shards } = readWork(ledger);
  const difference = header === undefined ? undefined : await changesSince(ledger, header, commit);
  if (difference === undefined) return indexed(beadsOf((await refresh(ledger, commit)).shards));
  const beads = beadsOf(shards);
  for (const id of difference.before.keys()) beads.delete(id);
  for (const [id, bead] of difference.after) if (matters(bead)) beads.set(id, bead);
  return indexed(beads);
}

/** Those of some beads that the projection holds, tombstones left out, where it is of this commit or what has changed since is kept; who misses one asks git. */
export async function keptBeads(ledger: Ledger, commit: string, ids: readonly string[]): Promise<Map<string, Bead>> {
  const found = new Map<string, Bead>();
  const header = ids.length === 0 ? undefined : readCacheStart<Header, unknown>(ledger, 'live', 0)?.header;
  if (header === undefined) return found;
  const since = header.commit === commit ? nothing : (await import('./kept-difference.ts')).keptDifference(ledger, header.commit, commit);
  if (since === undefined) return found;
  const same = ids.filter((id) => !since.before.has(id) && !since.after.has(id));
  for (const name of ['live', 'rest']) {
    const wanted = same.filter((id) => !found.has(id));
    const lines = wanted.length === 0 ? [] : (findLines(ledger, name, header.commit, wanted.map((id) => lineStart(shardOf(id), id))) ?? []);
    for (const [index, id] of wanted.entries()) {
      const bead = lines[index] === undefined ? undefined : beadIn(lines[index]);
      if (bead !== undefined) found.set(id, bead);
    }
  }
  for (const id of ids) {
    const bead = since.after.get(id);
    if (bead !== undefined && bead.status !== 'tombstone') found.set(id, bead);
  }
  return found;
}

/** How the line of a bead begins in the files `live` and `rest`. */
function lineStart(shard: string, id: string): string {
  return `["${shard}","${id}",`;
}

/** The bead of a line of the files `live` and `rest`; undefined where the line is damaged. */
export function beadIn(line: string): Bead | undefined {
  try {
    return (JSON.parse(line) as [shard: string, id: string, bead: Bead])[2];
  } catch {
    return undefined;
  }
}

/** How many beads the ledger holds, by the newest projection, however old; 0 where there is none yet. */
export function roughCount(ledger: Ledger): number {
  return readCacheStart<ReadyHeader, Counted>(ledger, 'ready', 0)?.header.count ?? 0;
}

/** Every id of the ledger but those of tombstones, sorted. Throws NoLedger. */
export async function allIds(ledger: Ledger): Promise<readonly string[]> {
  if (ledger.at !== undefined) return (await import('./past.ts')).idsThen(ledger);
  const { body, difference } = await fileFor(ledger, 'ids', await currentCommit(ledger));
  const ids = body.toString('utf8').split('\n').filter((id) => id !== '' && difference?.before.has(id) !== true);
  if (difference === undefined) return ids;
  return [...ids, ...[...difference.after.values()].filter(({ status }) => status !== 'tombstone').map(({ id }) => id)].sort();
}

/** Answers, for a commit of the ledger, which beads have an edge to an id; those of tombstones left out. */
export async function referrersAt(ledger: Ledger, commit: string): Promise<(id: string) => readonly Referrer[]> {
  if (ledger.at !== undefined) return (await import('./past.ts')).referrersThen(ledger);
  const { body, difference } = await fileFor(ledger, 'edges', commit);
  const known = (id: string): readonly Referrer[] => {
    const start = body.indexOf(`\n${id}\t`);
    if (start < 0) return [];
    return referrersIn(body.toString('utf8', start + 1, body.indexOf('\n', start + 1)));
  };
  if (difference === undefined) return known;
  const since = edgesIn(difference);
  return (id) => [...known(id).filter((referrer) => !difference.before.has(referrer.id)), ...(since.get(id) ?? [])];
}

/** The beads with an edge to one bead at a commit of the ledger: a single question, for which little is read. */
export async function referrersOf(ledger: Ledger, commit: string, id: string): Promise<readonly Referrer[]> {
  const lines = ledger.at === undefined ? findLines(ledger, 'edges', commit, [`${id}\t`]) : undefined;
  if (lines === undefined) return (await referrersAt(ledger, commit))(id);
  return lines[0] === undefined ? [] : referrersIn(lines[0]);
}

/** Reads a line of the file `edges`. */
function referrersIn(line: string): Referrer[] {
  return line.split('\t').slice(1).map((entry) => {
    const end = entry.indexOf(':');
    return end < 0 ? { id: entry, type: '' } : { id: entry.slice(0, end), type: entry.slice(end + 1) };
  });
}

/** Answers, for the newest commit, how many beads have an edge to an id: what is asked about many. Throws NoLedger. */
export async function dependentsNow(ledger: Ledger): Promise<(id: string) => number> {
  if (ledger.at !== undefined) {
    const referrers = await (await import('./past.ts')).referrersThen(ledger);
    return (id) => referrers(id).length;
  }
  const { body, difference = nothing } = await fileFor(ledger, 'edges', await currentCommit(ledger));
  const counts = countsIn(body.toString('utf8'));
  const count = (beads: ReadonlyMap<string, Bead>, by: number): void => {
    for (const { status, dependencies = [] } of beads.values()) {
      if (status !== 'tombstone') for (const { depends_on_id: target } of dependencies) counts.set(target, (counts.get(target) ?? 0) + by);
    }
  };
  count(difference.before, -1);
  count(difference.after, 1);
  return (id) => counts.get(id) ?? 0;
}

/** How many beads have an edge to each, by the file `edges`. */
export function countsIn(edges: string): Map<string, number> {
  return new Map(edges.split('\n').map((line): [string, number] => [line.slice(0, line.indexOf('\t')), line.split('\t').length - 1]));
}

function edgesIn({ after }: Difference): Map<string, Referrer[]> {
  const found = new Map<string, Referrer[]>();
  for (const bead of after.values()) {
    if (bead.status === 'tombstone') continue;
    for (const { depends_on_id: target, type } of bead.dependencies ?? []) found.set(target, [...(found.get(target) ?? []), { id: bead.id, type }]);
  }
  return found;
}

/** A file of the projection, and what has changed since its commit: nothing where it is the very commit, or where it was worked out anew. */
async function fileFor(ledger: Ledger, name: 'ids' | 'edges', commit: string): Promise<{ readonly body: Buffer; readonly difference?: Difference }> {
  const known = readCache(ledger, name);
  if (known?.header.commit === commit) return known;
  const difference = known === undefined ? undefined : await changesSince(ledger, known.header, commit);
  if (known !== undefined && difference !== undefined) return { body: known.body, difference };
  const { edgeLines, edgesOfAll, idLines, refresh } = await import('./live.ts');
  const { shards } = await refresh(ledger, commit);
  return { body: Buffer.from(`\n${name === 'ids' ? idLines(shards) : edgeLines(edgesOfAll(shards))}`) };
}

const nothing: Difference = { before: new Map<string, Bead>(), after: new Map<string, Bead>() };

/** What has changed since a file was worked out; undefined where that is too much to be applied. */
async function changesSince(ledger: Ledger, { commit: from }: Header, to: string): Promise<Difference | undefined> {
  return from === to ? nothing : (await import('./difference.ts')).differenceSince(ledger, from, to);
}

async function currentCommit(ledger: Ledger): Promise<string> {
  const commit = await readRef(ledger.repository, ledger.ref);
  if (commit === undefined) throw new NoLedger(ledger);
  return commit;
}
