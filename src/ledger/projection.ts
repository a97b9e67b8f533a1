import { prefixOf } from '../base/ids.ts';
import { timeOf } from '../base/time.ts';
import { indexed, isDone, type Bead, type Beads } from '../domain/bead.ts';
import { counted, type Counted } from '../domain/detail.ts';
import { readyOrder, isReady } from '../domain/ready.ts';
import { readRef } from '../git/refs.ts';
import { readCache, readCacheStart, version, writeCache, type Header } from './cache-file.ts';
import { NoLedger, type Ledger } from './ledger.ts';

/*
 * What is worked out from one ledger commit and kept beside it, so that everyday questions need not read everything: never trusted for another commit, brought
 * up to date by the difference of trees, and free to be deleted. `live` holds what all of it is made from, shard by shard; `ready`, `ids` and `edges` answer
 * one question each.
 */

interface ReadyHeader extends Header {
  /** Beads of any state, tombstones left out. */
  readonly count: number;
  readonly ready: number;
  /** From this time on (milliseconds) a deferred bead may have become ready; null when none is deferred. */
  readonly until: number | null;
  /** Whether a live bead waits for one of another ledger, which the caller has to judge. */
  readonly foreign: boolean;
}

/** Ready beads, best first, and how many there are in all. */
export interface ReadyList {
  readonly total: number;
  readonly beads: readonly Counted[];
  /** Whether a bead waits for one in another ledger: then readiness has to be judged with that ledger's beads in view. */
  readonly foreign: boolean;
}

/** The first `limit` ready beads of a ledger by its own beads. Throws NoLedger. */
export async function readyBeads(ledger: Ledger, limit: number): Promise<ReadyList> {
  const commit = await currentCommit(ledger);
  const cached = readReady(ledger, commit, limit);
  if (cached !== undefined) return cached;
  const { ready, foreign } = await refresh(ledger, commit);
  return { total: ready.length, beads: ready.slice(0, limit), foreign };
}

/** Reads the header and `limit` lines of the list; undefined when it is for another commit, or deferred work may have become ready. */
function readReady(ledger: Ledger, commit: string, limit: number): ReadyList | undefined {
  const found = readCacheStart<ReadyHeader>(ledger, 'ready', limit);
  if (found?.header.commit !== commit || (found.header.until !== null && ledger.now() >= found.header.until)) return undefined;
  const { ready, foreign } = found.header;
  return { total: ready, foreign, beads: found.lines.map((line) => JSON.parse(line) as Counted) };
}

/** All beads that are not done, and the closed ones that have a parent, with the ways back along edges worked out. Throws NoLedger. */
export async function liveBeads(ledger: Ledger): Promise<Beads> {
  const commit = await currentCommit(ledger);
  const { header, shards } = readWork(ledger);
  return indexed(beadsOf(header?.commit === commit ? shards : (await refresh(ledger, commit)).shards));
}

/** How many beads the ledger holds, by the newest projection, however old; 0 where there is none yet. */
export function roughCount(ledger: Ledger): number {
  return readCacheStart<ReadyHeader>(ledger, 'ready', 0)?.header.count ?? 0;
}

/** Every id of the ledger but those of tombstones, sorted. Throws NoLedger. */
export async function allIds(ledger: Ledger): Promise<readonly string[]> {
  const { body } = await current(ledger, 'ids', await currentCommit(ledger));
  return body.toString('utf8').split('\n').filter((id) => id !== '');
}

/** Answers, for a commit of the ledger, which beads have an edge to an id. */
export async function referrersAt(ledger: Ledger, commit: string): Promise<(id: string) => readonly string[]> {
  const { body } = await current(ledger, 'edges', commit);
  return (id) => {
    const start = body.indexOf(`\n${id}\t`);
    if (start < 0) return [];
    const line = body.toString('utf8', start + 1 + Buffer.byteLength(id) + 1, body.indexOf('\n', start + 1));
    return line.split('\t');
  };
}

/** A cache file for this commit, worked out where it is not there. */
async function current(ledger: Ledger, name: 'ids' | 'edges', commit: string): Promise<{ readonly body: Buffer }> {
  const known = readCache(ledger, name);
  if (known?.header.commit === commit) return known;
  const lines = name === 'ids' ? idLines : edgeLines;
  return { body: Buffer.from(`\n${lines((await refresh(ledger, commit)).shards)}`) };
}

async function currentCommit(ledger: Ledger): Promise<string> {
  const commit = await readRef(ledger.repository, ledger.ref);
  if (commit === undefined) throw new NoLedger(ledger);
  return commit;
}

/** One shard of the projection, as a line of the file `live` holds it. */
interface Part {
  readonly oid: string;
  /** The beads that matter for readiness. */
  readonly beads: readonly Bead[];
  /** The other ones, tombstones left out: their ids, and what they point at. */
  readonly rest: readonly (readonly [id: string, ...targets: string[]])[];
}

type Parts = ReadonlyMap<string, Part>;

/** Everything that is not done, and closed children, which a `waits-for` may ask for. */
function matters(bead: Bead): boolean {
  return !isDone(bead) || (bead.status === 'closed' && (bead.dependencies ?? []).some((edge) => edge.type === 'parent-child'));
}

/** Brings the projection to a commit: shards whose object is the same are kept. */
async function refresh(ledger: Ledger, commit: string): Promise<{ readonly shards: Parts; readonly ready: readonly Counted[]; readonly foreign: boolean }> {
  const [{ ObjectReader }, { listShards, readShard }] = await Promise.all([import('../git/objects.ts'), import('./read.ts')]);
  const { header, shards: before } = readWork(ledger);
  const reader = ObjectReader.open(ledger.repository);
  try {
    const listed = [...(await listShards(ledger, commit))];
    const parts = await Promise.all(
      listed.map(async ([shard, oid]): Promise<[string, Part]> => {
        const known = before.get(shard);
        if (known?.oid === oid) return [shard, known];
        const beads = [...(await readShard(reader, shard, oid, commit)).values()].map(({ bead }) => bead);
        const rest = beads.filter((bead) => bead.status !== 'tombstone' && !matters(bead)).map((bead): [string, ...string[]] => [bead.id, ...targetsOf(bead)]);
        return [shard, { oid, beads: beads.filter(matters), rest }];
      }),
    );
    const shards = new Map(parts);
    if (header?.commit !== commit) writeWork(ledger, commit, shards);
    return { shards, ...writeReady(ledger, commit, shards) };
  } finally {
    await reader.close();
  }
}

function readWork(ledger: Ledger): { readonly header: Header | undefined; readonly shards: Parts } {
  const found = readCache(ledger, 'live');
  const shards = new Map<string, Part>();
  try {
    for (const line of found?.body.toString('utf8').split('\n') ?? []) {
      if (line === '') continue;
      const [shard, oid, beads, rest] = JSON.parse(line) as [string, string, Part['beads'], Part['rest']];
      shards.set(shard, { oid, beads, rest });
    }
    return { header: found?.header, shards };
  } catch {
    // A damaged file is worked out anew.
    return { header: undefined, shards: new Map() };
  }
}

function writeWork(ledger: Ledger, commit: string, shards: Parts): void {
  const lines = [...shards].map(([shard, { oid, beads, rest }]) => `${JSON.stringify([shard, oid, beads, rest])}\n`);
  writeCache(ledger, 'live', { version, commit }, lines.join(''));
  writeCache(ledger, 'ids', { version, commit }, idLines(shards));
  writeCache(ledger, 'edges', { version, commit }, edgeLines(shards));
}

function targetsOf(bead: Bead): string[] {
  return (bead.dependencies ?? []).map((edge) => edge.depends_on_id);
}

function idLines(shards: Parts): string {
  const ids = [...shards.values()].flatMap(({ beads, rest }) => [...beads.map(({ id }) => id), ...rest.map(([id]) => id)]);
  return ids.sort().map((id) => `${id}\n`).join('');
}

/** One line for each bead that others point at: its id, then theirs, between tabs. */
function edgeLines(shards: Parts): string {
  const lines = [...referring(shards)].map(([target, from]) => `${[target, ...from].join('\t')}\n`);
  return lines.join('');
}

function referring(shards: Parts): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const note = (target: string, from: string): void => {
    const known = found.get(target);
    if (known === undefined) found.set(target, [from]);
    else known.push(from);
  };
  for (const { beads, rest } of shards.values()) {
    for (const bead of beads) for (const target of targetsOf(bead)) note(target, bead.id);
    for (const [id, ...targets] of rest) for (const target of targets) note(target, id);
  }
  return found;
}

function beadsOf(shards: Parts): Map<string, Bead> {
  const byId = new Map<string, Bead>();
  for (const { beads } of shards.values()) for (const bead of beads) byId.set(bead.id, bead);
  return byId;
}

const affecting: readonly string[] = ['blocks', 'conditional-blocks', 'waits-for', 'parent-child'];

/** Whether a bead's readiness depends on a bead of another ledger. */
export function waitsAbroad(ledger: Ledger, bead: Bead): boolean {
  return (bead.dependencies ?? []).some((edge) => affecting.includes(edge.type) && !edge.depends_on_id.startsWith('external:') && prefixOf(edge.depends_on_id, ledger.prefixes) === undefined);
}

function writeReady(ledger: Ledger, commit: string, shards: Parts): { readonly ready: readonly Counted[]; readonly foreign: boolean } {
  const byId = beadsOf(shards);
  const beads = indexed(byId);
  const now = ledger.now();
  const referrers = referring(shards);
  const ready = [...byId.values()]
    .filter((bead) => isReady(beads, bead, now))
    .sort(readyOrder)
    .map((bead) => counted(bead, referrers.get(bead.id)?.length ?? 0));
  const deferred = [...byId.values()].map((bead) => timeOf(bead.defer_until)).filter((time): time is number => time !== undefined && time > now);
  const foreign = [...byId.values()].some((bead) => !isDone(bead) && waitsAbroad(ledger, bead));
  const count = [...shards.values()].reduce((sum, { beads, rest }) => sum + beads.length + rest.length, 0);
  const header: ReadyHeader = { version, commit, count, ready: ready.length, until: deferred.length > 0 ? deferred.reduce((a, b) => Math.min(a, b)) : null, foreign };
  writeCache(ledger, 'ready', header, ready.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return { ready, foreign };
}
