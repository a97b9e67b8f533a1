import { prefixOf } from '../base/ids.ts';
import { timeOf } from '../base/time.ts';
import { indexed, isDone, type Bead } from '../domain/bead.ts';
import { counted, type Counted } from '../domain/detail.ts';
import { inReadyOrder, isReady } from '../domain/ready.ts';
import { readCache, version, writeCache, type Header } from './cache-file.ts';
import { countCustom, perhapsActive, type CustomCounts } from './custom-counts.ts';
import type { Ledger } from './ledger.ts';
import { writeOpenPage } from './open-page.ts';

/** The first line of the file `ready`. */
export interface ReadyHeader extends Header {
  /** Beads of any state, tombstones left out. */
  readonly count: number;
  readonly ready: number;
  /** From this time on (milliseconds) a deferred bead may have become ready; null when none is deferred. */
  readonly until: number | null;
  /** Whether a live bead waits for one of another ledger, or one of the list has a status that the settings add, which the caller has to judge. */
  readonly foreign: boolean;
  /** Which of the list have such a status, where nothing else has to be judged. */
  readonly custom: CustomCounts;
}

/** One shard of the projection. */
export interface Part {
  readonly oid: string;
  /** The beads that matter for readiness. */
  readonly beads: readonly Bead[];
  /** The other ones, tombstones left out: their ids, and what they point at. */
  readonly rest: readonly (readonly [id: string, ...targets: string[]])[];
}

export type Parts = ReadonlyMap<string, Part>;

/** What a projection was worked out to be. */
export interface Fresh {
  readonly shards: Parts;
  readonly ready: readonly Counted[];
  readonly foreign: boolean;
}

/** Everything that is not done, and closed children, which a `waits-for` may ask for. */
export function matters(bead: Bead): boolean {
  return !isDone(bead) || (bead.status === 'closed' && (bead.dependencies ?? []).some((edge) => edge.type === 'parent-child'));
}

/** Brings the projection to a commit: shards whose object is the same are kept. */
export async function refresh(ledger: Ledger, commit: string): Promise<Fresh> {
  const [{ ObjectReader }, { listShards, readShard }] = await Promise.all([import('../git/objects.ts'), import('./read.ts')]);
  const { header, shards: before, lines } = readKept(ledger);
  const reader = ObjectReader.open(ledger.repository);
  try {
    const listed = [...(await listShards(ledger, commit))];
    const parts = await Promise.all(
      listed.map(async ([shard, oid]): Promise<[string, Part]> => {
        const known = before.get(shard);
        if (known?.oid === oid) return [shard, known];
        const beads = [...(await readShard(reader, shard, oid, commit)).values()].map(({ bead }) => bead);
        const rest = beads.filter((bead) => bead.status !== 'tombstone' && !matters(bead));
        lines.set(shard, rest.map((bead) => beadLine(shard, bead)).join(''));
        return [shard, { oid, beads: beads.filter(matters), rest: rest.map((bead): [string, ...string[]] => [bead.id, ...targetsOf(bead)]) }];
      }),
    );
    const shards = new Map(parts);
    const edges = edgeLines(shards);
    if (header?.commit !== commit) writeWork(ledger, commit, shards, lines, edges);
    return { shards, ...writeReady(ledger, commit, shards, edges) };
  } finally {
    await reader.close();
  }
}

/** A line of the file `live`: a shard's object and the beads of it that do not matter, or one bead that does. Sorted, so that one is found without reading all. */
type Line = readonly [shard: string, id: '', oid: string, rest: Part['rest']] | readonly [shard: string, id: string, bead: Bead];

export function readWork(ledger: Ledger): { readonly header: Header | undefined; readonly shards: Parts } {
  const found = readCache(ledger, 'live');
  const shards = new Map<string, Part & { readonly beads: Bead[] }>();
  try {
    const lines = JSON.parse(`[${(found?.body.toString('utf8') ?? '').trim().replaceAll('\n', ',')}]`) as Line[];
    for (const line of lines) {
      if (line[1] === '') shards.set(line[0], { oid: line[2] as string, beads: [], rest: line[3] ?? [] });
      else shards.get(line[0])!.beads.push(line[2] as Bead);
    }
    return { header: found?.header, shards };
  } catch {
    // A damaged file is worked out anew.
    return { header: undefined, shards: new Map() };
  }
}

/** What a new projection may keep of the last one, with the lines of the file `rest` by shard; nothing where a writer was killed between the two files. */
function readKept(ledger: Ledger): ReturnType<typeof readWork> & { readonly lines: Map<string, string> } {
  const work = readWork(ledger);
  const rest = readCache(ledger, 'rest');
  if (rest === undefined || rest.header.commit !== work.header?.commit) return { header: undefined, shards: new Map(), lines: new Map() };
  const lines = new Map<string, string>();
  for (const line of rest.body.toString('utf8').split('\n')) {
    const shard = line.slice(2, line.indexOf('"', 2));
    if (line !== '') lines.set(shard, `${lines.get(shard) ?? ''}${line}\n`);
  }
  return { ...work, lines };
}

function beadLine(shard: string, bead: Bead): string {
  return `${JSON.stringify([shard, bead.id, bead] satisfies Line)}\n`;
}

function writeWork(ledger: Ledger, commit: string, shards: Parts, rest: ReadonlyMap<string, string>, edges: string): void {
  const lines: string[] = [];
  for (const [shard, { oid, beads, rest }] of shards) {
    lines.push(`${JSON.stringify([shard, '', oid, rest] satisfies Line)}\n`);
    for (const bead of beads) lines.push(beadLine(shard, bead));
  }
  writeCache(ledger, 'live', { version, commit }, lines.join(''));
  writeCache(ledger, 'rest', { version, commit }, [...shards.keys()].map((shard) => rest.get(shard) ?? '').join(''));
  writeCache(ledger, 'ids', { version, commit }, idLines(shards));
  writeCache(ledger, 'edges', { version, commit }, edges);
}

export function targetsOf(bead: Bead): string[] {
  return (bead.dependencies ?? []).map((edge) => edge.depends_on_id);
}

export function idLines(shards: Parts): string {
  const ids = [...shards.values()].flatMap(({ beads, rest }) => [...beads.map(({ id }) => id), ...rest.map(([id]) => id)]);
  return ids.sort().map((id) => `${id}\n`).join('');
}

/** One line for each bead that others point at: its id, then theirs, between tabs; behind those that matter for readiness, the type of the edge. */
export function edgeLines(shards: Parts): string {
  const found = new Map<string, string[]>();
  const note = (target: string, from: string): void => {
    const known = found.get(target);
    if (known === undefined) found.set(target, [from]);
    else known.push(from);
  };
  for (const { beads, rest } of shards.values()) {
    for (const bead of beads) for (const { depends_on_id: target, type } of bead.dependencies ?? []) note(target, `${bead.id}:${type}`);
    for (const [id, ...targets] of rest) for (const target of targets) note(target, id);
  }
  return [...found].map(([target, from]) => `${[target, ...from].join('\t')}\n`).sort().join('');
}

export function beadsOf(shards: Parts): Map<string, Bead> {
  const byId = new Map<string, Bead>();
  for (const { beads } of shards.values()) for (const bead of beads) byId.set(bead.id, bead);
  return byId;
}

export const affecting: readonly string[] = ['blocks', 'conditional-blocks', 'waits-for', 'parent-child'];

/** Whether a bead's readiness depends on a bead of another ledger. */
export function waitsAbroad(ledger: Ledger, bead: Bead): boolean {
  return (bead.dependencies ?? []).some((edge) => affecting.includes(edge.type) && !edge.depends_on_id.startsWith('external:') && prefixOf(edge.depends_on_id, ledger.prefixes) === undefined);
}

function writeReady(ledger: Ledger, commit: string, shards: Parts, edges: string): { readonly ready: readonly Counted[]; readonly foreign: boolean } {
  const byId = beadsOf(shards);
  const beads = indexed(byId);
  const now = ledger.now();
  const referrers = new Map(edges.split('\n').map((line): [string, number] => [line.slice(0, line.indexOf('\t')), line.split('\t').length - 1]));
  const open = inReadyOrder([...byId.values()].filter((bead) => !isDone(bead)));
  const ready = open.filter((bead) => isReady(beads, bead, now, perhapsActive)).map((bead) => counted(bead, referrers.get(bead.id) ?? 0));
  const deferred = [...byId.values()].map((bead) => timeOf(bead.defer_until)).filter((time): time is number => time !== undefined && time > now);
  const abroad = open.some((bead) => waitsAbroad(ledger, bead));
  const custom = abroad ? undefined : countCustom(undefined, [], ready);
  const foreign = abroad || custom !== undefined;
  const count = [...shards.values()].reduce((sum, { beads, rest }) => sum + beads.length + rest.length, 0);
  const header: ReadyHeader = { version, commit, count, ready: ready.length, until: deferred.length > 0 ? deferred.reduce((a, b) => Math.min(a, b)) : null, foreign, custom };
  writeCache(ledger, 'ready', header, ready.map((line) => `${JSON.stringify(line)}\n`).join(''));
  writeOpenPage(ledger, { version, commit }, open, (id) => referrers.get(id) ?? 0);
  writeCache(ledger, 'ready-ids', { version, commit }, ready.map(({ id }) => `${id}\n`).join(''));
  return { ready, foreign };
}
