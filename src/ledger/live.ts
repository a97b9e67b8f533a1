import { prefixOf } from '../base/ids.ts';
import { timeOf } from '../base/time.ts';
import { indexed, isDone, type Bead } from '../domain/bead.ts';
import { counts } from '../domain/detail.ts';
import { inReadyOrder, isReady, perhapsActive } from '../domain/ready.ts';
import { writeBriefPage } from './brief-page.ts';
import { readCache, readCacheStart, version, writeCache, type Header } from './cache-file.ts';
import { countCustom, type CustomCounts } from './custom-counts.ts';
import type { Ledger } from './ledger.ts';
import { writeOpenPage } from './open-page.ts';
import { partOf, textIn, type Line, type Part, type Parts, type WrittenPart } from './part.ts';

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

/** What a projection was worked out to be. */
export interface Fresh {
  readonly shards: Parts;
  /** Best first. */
  readonly ready: readonly Bead[];
  /** How many beads have an edge to an id. */
  readonly dependents: (id: string) => number;
  readonly foreign: boolean;
}

const indexes: readonly string[] = ['ids', 'edges'];
/** The files that the projection is kept in, in the order in which they are written: whoever is killed leaves the last ones for another commit. */
export const written: readonly string[] = ['live', 'rest', ...indexes, 'ready', 'ready-brief', 'open', 'ready-ids'];

/** Whether one of some files is missing, or for another commit. */
export function isStale(ledger: Ledger, commit: string, names = written): boolean {
  return names.some((name) => readCacheStart<Header, unknown>(ledger, name, 0)?.header.commit !== commit);
}

/** Brings the projection to a commit: shards whose object is the same are kept. */
export async function refresh(ledger: Ledger, commit: string): Promise<Fresh> {
  const [{ eachBody }, { listShards }] = await Promise.all([import('../git/bodies.ts'), import('./read.ts')]);
  const { header, shards: before } = readKept(ledger);
  const listed = await listShards(ledger, commit);
  const changed = [...listed].filter(([shard, oid]) => before.get(shard)?.oid !== oid);
  const fresh = new Map<string, WrittenPart>();
  await eachBody(ledger.repository, changed.map(([, oid]) => oid), (body, index) => {
    const [shard, oid] = changed[index]!;
    fresh.set(shard, partOf(shard, oid, body.toString('utf8'), commit));
  });
  const shards = new Map<string, WrittenPart>();
  for (const shard of listed.keys()) shards.set(shard, fresh.get(shard) ?? before.get(shard)!);
  const edges = edgesOfAll(shards);
  if (header?.commit !== commit || isStale(ledger, commit, indexes)) writeWork(ledger, commit, shards, edges);
  return { shards, ...writeReady(ledger, commit, shards, (id) => edges.get(id)?.length ?? 0) };
}

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

/** What a new projection may keep of the last one; nothing where a writer was killed between the two files, or one is damaged. */
function readKept(ledger: Ledger): { readonly header: Header | undefined; readonly shards: ReadonlyMap<string, WrittenPart> } {
  const [live, rest] = [readCache(ledger, 'live'), readCache(ledger, 'rest')];
  const nothing = { header: undefined, shards: new Map<string, WrittenPart>() };
  if (live === undefined || rest?.header.commit !== live.header.commit) return nothing;
  try {
    const shards = new Map<string, WrittenPart>();
    for (const line of linesIn(live.body)) readLineOf(shards, line);
    for (const line of linesIn(rest.body)) shards.get(shardIn(line))!.restLines.push(line);
    return { header: live.header, shards };
  } catch {
    return nothing;
  }
}

function linesIn(body: Buffer): string[] {
  return body.toString('utf8').split('\n').filter((line) => line !== '');
}

function shardIn(line: string): string {
  return line.slice(2, line.indexOf('"', 2));
}

function readLineOf(shards: Map<string, WrittenPart>, line: string): void {
  const [shard, id, ...values] = JSON.parse(line) as Line;
  if (id === '') shards.set(shard, { oid: values[0] as string, beads: [], lines: [], rest: (values[1] ?? []) as WrittenPart['rest'], restLines: [] });
  else {
    const { beads, lines } = shards.get(shard)!;
    beads.push(values[0] as Bead);
    lines.push(line);
  }
}

function writeWork(ledger: Ledger, commit: string, shards: ReadonlyMap<string, WrittenPart>, edges: ReadonlyMap<string, readonly string[]>): void {
  const lines: string[] = [];
  const closed: string[] = [];
  for (const [shard, { oid, rest, ...part }] of shards) {
    lines.push(JSON.stringify([shard, '', oid, rest] satisfies Line));
    for (const line of part.lines) lines.push(line);
    for (const line of part.restLines) closed.push(line);
  }
  const write = (name: string, text: string): void => writeCache(ledger, name, { version, commit }, text);
  write('live', textOf(lines));
  write('rest', textOf(closed));
  write('ids', idLines(shards));
  write('edges', edgeLines(edges));
}

function textOf(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

export function targetsOf(bead: Bead): string[] {
  return (bead.dependencies ?? []).map((edge) => edge.depends_on_id);
}

export function idLines(shards: Parts): string {
  const ids: string[] = [];
  for (const { beads, rest } of shards.values()) {
    for (const { id } of beads) ids.push(id);
    for (const [id] of rest) ids.push(id);
  }
  return textOf(ids.sort());
}

/** Who points at each bead that others point at: their ids, and behind those that matter for readiness `:` and the type of the edge. */
export function edgesOfAll(shards: Parts): Map<string, string[]> {
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
  return found;
}

/** One line for each bead that others point at: its id, then theirs, between tabs. */
export function edgeLines(edges: ReadonlyMap<string, readonly string[]>): string {
  return textOf([...edges.keys()].sort().map((target) => `${target}\t${edges.get(target)!.join('\t')}`));
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

/** Which of some beads are ready by those of their ledger, in the order in which they come, and whether that can be said without other ledgers and the settings. */
export function judge(ledger: Ledger, byId: ReadonlyMap<string, Bead>, some: Iterable<Bead>): { readonly ready: Bead[]; readonly custom: CustomCounts; readonly foreign: boolean } {
  const [beads, now] = [indexed(byId), ledger.now()];
  const ready: Bead[] = [];
  let abroad = false;
  for (const bead of some) {
    if (isReady(beads, bead, now, perhapsActive)) ready.push(bead);
    abroad ||= bead.dependencies !== undefined && !isDone(bead) && waitsAbroad(ledger, bead);
  }
  const custom = abroad ? undefined : countCustom(undefined, [], ready);
  return { ready, custom, foreign: abroad || custom !== undefined };
}

function writeReady(ledger: Ledger, commit: string, shards: ReadonlyMap<string, WrittenPart>, dependents: (id: string) => number): Omit<Fresh, 'shards'> {
  const byId = beadsOf(shards);
  const now = ledger.now();
  const open = inReadyOrder([...byId.values()].filter((bead) => !isDone(bead)));
  const { ready, custom, foreign } = judge(ledger, byId, open);
  let [count, until]: [number, number | null] = [0, null];
  const texts = new Map<Bead, string>();
  for (const [shard, { beads: own, lines, rest }] of shards) {
    count += own.length + rest.length;
    for (const [index, bead] of own.entries()) {
      texts.set(bead, textIn(lines[index]!, shard, bead.id));
      const deferred = timeOf(bead.defer_until) ?? now;
      if (deferred > now) until = Math.min(deferred, until ?? deferred);
    }
  }
  const header: ReadyHeader = { version, commit, count, ready: ready.length, until, foreign, custom };
  writeCache(ledger, 'ready', header, textOf(ready.map((bead) => countedText(texts.get(bead)!, counts(bead, dependents(bead.id))))));
  writeBriefPage(ledger, header, ready);
  writeOpenPage(ledger, { version, commit }, open, dependents);
  writeCache(ledger, 'ready-ids', { version, commit }, textOf(ready.map(({ id }) => id)));
  return { ready, dependents, foreign };
}

/** The JSON of a bead with what is counted of it, which stands above what it says of these itself. */
function countedText(bead: string, counts: Readonly<Record<string, unknown>>): string {
  return `${bead.slice(0, -1)},${JSON.stringify(counts).slice(1)}`;
}
