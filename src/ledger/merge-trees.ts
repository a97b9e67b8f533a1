import { shardOf } from '../base/ids.ts';
import { canonical } from '../base/jsonl.ts';
import { changedParts } from '../domain/history.ts';
import type { FileDraft } from '../git/draft.ts';
import type { ObjectReader } from '../git/objects.ts';
import type { Repository } from '../git/repository.ts';
import { runGit } from '../git/run.ts';
import { identityIn } from './births.ts';
import { parseFormat } from './init.ts';
import { mergeRecords } from './merge.ts';
import { mergeFormat, mergeSettings } from './merge-settings.ts';
import { isRedirect } from './renaming.ts';
import { checkPlaces, formatPath, formatShard, parseSettings, parseShard, shardPath } from './shards.ts';
import { lineOf, type Stored } from './stored.ts';

type Records = Map<string, Stored>;

/** A file that differs between two commits: its objects, undefined where a side has none. */
interface Pair {
  readonly path: string;
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
}

/** Two commits of a ledger, and what differs between them: shards with their beads, other files as texts. */
export interface Divergence {
  readonly ours: string;
  readonly theirs: string;
  readonly shards: ReadonlyMap<string, { readonly ours: Records; readonly theirs: Records }>;
  readonly others: ReadonlyMap<string, { readonly ours: Buffer | undefined; readonly theirs: Buffer | undefined }>;
}

/** What a merge has decided about one bead: what each side had written that others have overwritten, or the id that it has from now on. */
export type MergeChange =
  | { readonly op: 'bead.merged'; readonly id: string; readonly lost: readonly { readonly part: string; readonly value: unknown }[] }
  | { readonly op: 'bead.renamed'; readonly id: string; readonly from: string };

/** Reads what differs between two commits of a ledger, and nothing else. Throws BadShard and MissingObject. */
export async function readDivergence(repository: Repository, reader: ObjectReader, ours: string, theirs: string): Promise<Divergence> {
  const shards = new Map<string, { ours: Records; theirs: Records }>();
  const others = new Map<string, { ours: Buffer | undefined; theirs: Buffer | undefined }>();
  const bodyOf = async (oid: string | undefined): Promise<Buffer | undefined> => (oid === undefined ? undefined : reader.body(oid));
  await Promise.all((await differingFiles(repository, ours, theirs)).map(async (pair) => {
    const [our, their] = await Promise.all([bodyOf(pair.ours), bodyOf(pair.theirs)]);
    const shard = shardIn(pair.path);
    if (shard === undefined) others.set(pair.path, { ours: our, theirs: their });
    else shards.set(shard, { ours: recordsIn(shard, our, ours), theirs: recordsIn(shard, their, theirs) });
  }));
  return { ours, theirs, shards, others };
}

function shardIn(path: string): string | undefined {
  return /^beads\/(\d\d\/\d\d)\.jsonl$/.exec(path)?.[1];
}

function recordsIn(shard: string, body: Buffer | undefined, commit: string): Records {
  if (body === undefined) return new Map();
  const records = parseShard(shard, body.toString('utf8'), commit);
  checkPlaces(shard, records, commit);
  return records;
}

async function differingFiles(repository: Repository, ours: string, theirs: string): Promise<Pair[]> {
  const { stdout } = await runGit(repository, ['diff-tree', '-r', '-z', '--no-renames', ours, theirs, '--']);
  const fields = stdout.toString('utf8').split('\0');
  const found: Pair[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, old = '', now = ''] = /^:\d+ \d+ ([0-9a-f]+) ([0-9a-f]+) /.exec(fields[at] ?? '') ?? [];
    const real = (oid: string): string | undefined => (/^0*$/.test(oid) ? undefined : oid);
    found.push({ path: fields[at + 1] ?? '', ours: real(old), theirs: real(now) });
  }
  return found;
}

/** The files of the merged tree that differ from those of `onto`, one of both commits, and what was decided about single beads. */
export async function mergeTrees(repository: Repository, reader: ObjectReader, divergence: Divergence, onto: string): Promise<{ readonly files: Map<string, FileDraft>; readonly changes: MergeChange[] }> {
  // A shard that is the same on both sides means no bead that only one of them has, or calls otherwise; so none loses its id that is meant there.
  const [our, their] = [all(divergence, 'ours'), all(divergence, 'theirs')];
  const merged = mergeRecords(our, their);
  const shards = new Map([...divergence.shards.keys()].map((shard): [string, Records] => [shard, new Map()]));
  for (const [id, stored] of merged) shards.get(shardOf(id))?.set(id, stored);
  const files = new Map<string, FileDraft>();
  const isOurs = onto === divergence.ours;
  for (const [shard, { ours, theirs }] of divergence.shards) {
    const text = formatShard(shards.get(shard) ?? new Map());
    if (text !== formatShard(isOurs ? ours : theirs)) files.set(shardPath(shard), text);
  }
  for (const [path, { ours, theirs }] of divergence.others) {
    const body = mergeOther(path, ours, theirs, divergence);
    const before = isOurs ? ours : theirs;
    if (before === undefined || !body.equals(before)) files.set(path, body);
  }
  return { files, changes: await changesOf(repository, reader, divergence, { ours: our, theirs: their, merged }) };
}

/** The records of one side in all shards. */
function all({ shards }: Divergence, side: 'ours' | 'theirs'): Records {
  const found: Records = new Map();
  for (const shard of shards.values()) for (const [id, stored] of shard[side]) found.set(id, stored);
  return found;
}

/** Files that are no shards: settings and the ledger's own facts are merged, of others the greater one stays. */
function mergeOther(path: string, our: Buffer | undefined, their: Buffer | undefined, { ours, theirs }: Divergence): Buffer {
  if (our === undefined || their === undefined) return our ?? their ?? Buffer.alloc(0);
  const setting = /^settings\/([^/]+)\.json$/.exec(path)?.[1];
  if (setting !== undefined) return line(mergeSettings(parseSettings(setting, our, ours), parseSettings(setting, their, theirs)));
  if (path === formatPath) return line(mergeFormat(parseFormat(ours, our.toString('utf8')), parseFormat(theirs, their.toString('utf8'))));
  return Buffer.compare(our, their) > 0 ? our : their;
}

function line(value: unknown): Buffer {
  return Buffer.from(`${canonical(value)}\n`);
}

/** A longer value is told by how it begins; the commit that wrote it holds all of it. */
const longest = 500;

/** What a merge has decided about beads that both sides have changed, or that could not keep their ids; sorted by id. */
async function changesOf(repository: Repository, reader: ObjectReader, { ours, theirs }: Divergence, records: { readonly ours: Records; readonly theirs: Records; readonly merged: Records }): Promise<MergeChange[]> {
  const [our, their] = [byIdentity(records.ours), byIdentity(records.theirs)];
  const disputed = [...byIdentity(records.merged)].flatMap(([identity, stored]) => {
    const each = [our.get(identity), their.get(identity)].filter((side) => side !== undefined);
    const [first, second] = each.map(lineOf);
    return (second !== undefined && first !== second) || each.every(({ bead }) => bead.id !== stored.bead.id) ? [{ identity, stored, each }] : [];
  });
  if (disputed.length === 0) return [];
  const past = await sharedPast(repository, ours, theirs);
  const shards = new Set(disputed.flatMap(({ each }) => each.map(({ bead }) => shardOf(bead.id))));
  const then = await Promise.all([...shards].map(async (shard) => {
    const body = past === undefined ? undefined : (await reader.contents(`${past}:${shardPath(shard)}`))?.body;
    return [...recordsIn(shard, body, past ?? ours)];
  }));
  const before = byIdentity(new Map(then.flat()));
  const found = disputed.flatMap(({ identity, stored, each }) => [...renamed(stored, each), ...overwritten(stored, each, before.get(identity))]);
  return found.sort((a, b) => (a.id < b.id || (a.id === b.id && a.op > b.op) ? -1 : 1));
}

function byIdentity(records: Records): Map<string, Stored> {
  return new Map([...records.values()].flatMap((stored): [string, Stored][] => (isRedirect(stored) ? [] : [[identityIn(stored), stored]])));
}

function renamed({ bead }: Stored, sides: readonly Stored[]): MergeChange[] {
  const [former] = sides;
  return former === undefined || sides.some((side) => side.bead.id === bead.id) ? [] : [{ op: 'bead.renamed', id: bead.id, from: former.bead.id }];
}

/** What one side has changed since both were one, and what the merged bead says otherwise. */
function overwritten({ bead }: Stored, sides: readonly Stored[], before: Stored | undefined): MergeChange[] {
  if (sides.length < 2 || sides.some((side) => before !== undefined && lineOf(side) === lineOf(before))) return [];
  const lost = sides.flatMap((side) => {
    const differing = new Set(changedParts(side.bead, bead).map(({ part }) => part));
    return changedParts(before?.bead, side.bead).filter(({ part, to }) => differing.has(part) && to !== undefined).map(({ part, to }) => ({ part, value: shortened(to) }));
  });
  return [{ op: 'bead.merged', id: bead.id, lost: lost.sort((a, b) => (canonical(a) < canonical(b) ? -1 : 1)) }];
}

function shortened(value: unknown): unknown {
  const text = typeof value === 'string' ? value : canonical(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : value;
}

/** The newest commit that both histories hold, the same one whoever asks; undefined where they have nothing in common. */
async function sharedPast(repository: Repository, ours: string, theirs: string): Promise<string | undefined> {
  const { stdout } = await runGit(repository, ['merge-base', '--all', ours, theirs], { accept: [0, 1] });
  return stdout.toString('utf8').split('\n').filter((oid) => oid !== '').sort()[0];
}
