import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { timeOf } from '../base/time.ts';
import { isDone, type Bead, type Beads } from '../domain/bead.ts';
import { readyOrder, isReady } from '../domain/ready.ts';
import { ObjectReader } from '../git/objects.ts';
import { readRef } from '../git/refs.ts';
import { NoLedger, replaceFile, stateFolder, type Ledger } from './ledger.ts';
import { listShards, readShard } from './read.ts';

/**
 * What is worked out from one ledger commit and kept beside it, so that everyday questions need not read everything: never trusted for another commit, brought
 * up to date by the difference of trees, and free to be deleted.
 */
interface Header {
  readonly version: number;
  readonly commit: string;
  /** Beads of any state, tombstones left out. */
  readonly count: number;
  readonly ready: number;
  /** From this time on (milliseconds) a deferred bead may have become ready; null when none is deferred. */
  readonly until: number | null;
}

const version = 1;
const chunk = 1 << 16;

/** Ready beads, best first, and how many there are in all. Blockers in other ledgers are for the caller to judge. */
export interface ReadyList {
  readonly total: number;
  readonly beads: readonly Bead[];
}

/** The first `limit` ready beads of a ledger. Throws NoLedger. */
export async function readyBeads(ledger: Ledger, limit: number): Promise<ReadyList> {
  const commit = await currentCommit(ledger);
  const cached = readReady(ledger, commit, limit);
  if (cached !== undefined) return cached;
  await refresh(ledger, commit);
  const fresh = readReady(ledger, commit, limit);
  if (fresh === undefined) throw new NoLedger(ledger);
  return fresh;
}

/** How many beads the ledger holds, by the newest projection, however old; 0 where there is none yet. */
export function roughCount(ledger: Ledger): number {
  return readHeader(readyFile(ledger))?.count ?? 0;
}

/** Every live id of the ledger, sorted. */
export async function allIds(ledger: Ledger): Promise<readonly string[]> {
  const commit = await currentCommit(ledger);
  if (readHeader(readyFile(ledger))?.commit !== commit) await refresh(ledger, commit);
  return readFileSync(file(ledger, 'ids'), 'utf8').split('\n').filter((id) => id !== '');
}

async function currentCommit(ledger: Ledger): Promise<string> {
  const commit = await readRef(ledger.repository, ledger.ref);
  if (commit === undefined) throw new NoLedger(ledger);
  return commit;
}

function file(ledger: Ledger, name: string): string {
  return join(stateFolder(ledger.repository), 'cache', ledger.ref.replaceAll('/', '-'), name);
}

function readyFile(ledger: Ledger): string {
  return file(ledger, 'ready');
}

/** Reads the header line and, up to `limit`, the lines after it; undefined when the file is for another commit, or deferred work may have become ready. */
function readReady(ledger: Ledger, commit: string, limit: number): ReadyList | undefined {
  const lines = readLines(readyFile(ledger), limit + 1);
  const header = parseHeader(lines[0]);
  if (header === undefined || header.commit !== commit || (header.until !== null && ledger.now() >= header.until)) return undefined;
  return { total: header.ready, beads: lines.slice(1).map((line) => JSON.parse(line) as Bead) };
}

function readHeader(path: string): Header | undefined {
  return parseHeader(readLines(path, 1)[0]);
}

function parseHeader(line: string | undefined): Header | undefined {
  try {
    const header = JSON.parse(line ?? '') as Header;
    return header.version === version ? header : undefined;
  } catch {
    return undefined;
  }
}

function readLines(path: string, count: number): string[] {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return [];
  }
  try {
    let text = Buffer.alloc(0);
    for (;;) {
      const piece = Buffer.alloc(chunk);
      const size = readSync(descriptor, piece, 0, chunk, null);
      text = Buffer.concat([text, piece.subarray(0, size)]);
      const lines = text.toString('utf8').split('\n');
      if (lines.length > count || size < chunk) return lines.slice(0, size < chunk ? Math.min(count, lines.length - 1) : count);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** The beads that matter for readiness: everything that is not done, and closed children, which a `waits-for` may ask for. */
function matters(bead: Bead): boolean {
  return !isDone(bead) || (bead.status === 'closed' && (bead.dependencies ?? []).some((edge) => edge.type === 'parent-child'));
}

interface Work {
  /** By shard: its object and its beads that matter. */
  readonly shards: Map<string, { readonly oid: string; readonly beads: readonly Bead[]; readonly ids: readonly string[] }>;
}

async function refresh(ledger: Ledger, commit: string): Promise<void> {
  const before = readWork(ledger);
  const work: Work = { shards: new Map() };
  const reader = ObjectReader.open(ledger.repository);
  try {
    const listed = await listShards(ledger, commit);
    await Promise.all(
      [...listed].map(async ([shard, oid]) => {
        const known = before?.shards.get(shard);
        if (known?.oid === oid) {
          work.shards.set(shard, known);
          return;
        }
        const beads = [...(await readShard(reader, shard, oid, commit)).values()].map(({ bead }) => bead);
        work.shards.set(shard, { oid, beads: beads.filter(matters), ids: beads.filter((bead) => bead.status !== 'tombstone').map(({ id }) => id) });
      }),
    );
  } finally {
    await reader.close();
  }
  writeWork(ledger, work);
  writeReady(ledger, commit, work);
}

function readWork(ledger: Ledger): Work | undefined {
  try {
    const work: Work = { shards: new Map() };
    for (const line of readFileSync(file(ledger, 'open'), 'utf8').split('\n')) {
      if (line === '') continue;
      const [shard, oid, beads, ids] = JSON.parse(line) as [string, string, Bead[], string[]];
      work.shards.set(shard, { oid, beads, ids });
    }
    return work;
  } catch {
    return undefined;
  }
}

function writeWork(ledger: Ledger, { shards }: Work): void {
  const lines = [...shards].map(([shard, { oid, beads, ids }]) => `${JSON.stringify([shard, oid, beads, ids])}\n`);
  replaceFile(file(ledger, 'open'), lines.join(''));
}

function writeReady(ledger: Ledger, commit: string, { shards }: Work): void {
  const byId = new Map<string, Bead>();
  const ids: string[] = [];
  for (const shard of shards.values()) {
    for (const bead of shard.beads) byId.set(bead.id, bead);
    ids.push(...shard.ids);
  }
  const beads = indexed(byId);
  const now = ledger.now();
  const ready = [...byId.values()].filter((bead) => isReady(beads, bead, now)).sort(readyOrder);
  const deferred = [...byId.values()].map((bead) => timeOf(bead.defer_until)).filter((time): time is number => time !== undefined && time > now);
  const header: Header = { version, commit, count: ids.length, ready: ready.length, until: deferred.length > 0 ? Math.min(...deferred) : null };
  replaceFile(file(ledger, 'ids'), `${ids.sort().join('\n')}\n`);
  replaceFile(readyFile(ledger), [header, ...ready].map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** A view over these beads alone, with the ways back along edges worked out once. */
function indexed(byId: ReadonlyMap<string, Bead>): Beads {
  const referrers = new Map<string, Bead[]>();
  for (const bead of byId.values()) {
    for (const edge of bead.dependencies ?? []) {
      const known = referrers.get(edge.depends_on_id);
      if (known === undefined) referrers.set(edge.depends_on_id, [bead]);
      else known.push(bead);
    }
  }
  return { get: (id) => byId.get(id), family: () => [], all: () => byId.values(), referrers: (id) => referrers.get(id) ?? [] };
}
