import type { Bead } from '../domain/bead.ts';
import { readObjects } from '../git/object.ts';
import { GitFailed, runGitNow } from '../git/run.ts';
import { readCacheStart, version, writeCache, type Header } from './cache-file.ts';
import type { Ledger } from './ledger.ts';
import { parseShard } from './shards.ts';

/** The beads that differ between two commits of a ledger: as they were, and as they are. */
export interface Difference {
  readonly before: ReadonlyMap<string, Bead>;
  readonly after: ReadonlyMap<string, Bead>;
}

/** A difference of more shards, or in all of more beads, is dearer than working everything out again. */
const few = { shards: 256, beads: 1024 };

interface KeptHeader extends Header {
  /** The commit that the difference begins at; the one of the header is where it ends. */
  readonly from: string;
}

type Change = readonly [before: Bead | null, after: Bead | null];

/** What differs between two commits of a ledger, kept for who asks next; undefined where that is too much, or the older commit is no longer there. Throws BadShard. */
export async function differenceSince(ledger: Ledger, from: string, to: string): Promise<Difference | undefined> {
  const kept = readCacheStart<KeptHeader, Change>(ledger, 'difference', few.beads);
  const known = kept?.header.from === from ? { to: kept.header.commit, difference: differenceIn(kept.lines) } : undefined;
  if (known?.to === to) return known.difference;
  const since = known === undefined ? undefined : await differenceOf(ledger, known.to, to);
  const whole = known === undefined || since === undefined ? await differenceOf(ledger, from, to) : joined(known.difference, since);
  if (whole === undefined) return undefined;
  const changes = [...new Set([...whole.before.keys(), ...whole.after.keys()])].map((id): Change => [whole.before.get(id) ?? null, whole.after.get(id) ?? null]);
  if (changes.length > few.beads) return undefined;
  const header: KeptHeader = { version, commit: to, from };
  writeCache(ledger, 'difference', header, changes.map((change) => `${JSON.stringify(change)}\n`).join(''));
  return whole;
}

/** What differs between two commits, where that is kept. */
export function keptDifference(ledger: Ledger, from: string, to: string): Difference | undefined {
  const kept = readCacheStart<KeptHeader, Change>(ledger, 'difference', few.beads);
  return kept?.header.from === from && kept.header.commit === to ? differenceIn(kept.lines) : undefined;
}

function differenceIn(changes: readonly Change[]): Difference {
  const pairs = (at: 0 | 1): [string, Bead][] => changes.flatMap((change) => (change[at] === null ? [] : [[change[at].id, change[at]] as [string, Bead]]));
  return { before: new Map(pairs(0)), after: new Map(pairs(1)) };
}

/** One difference and the one that follows it. */
function joined(first: Difference, second: Difference): Difference {
  const before = new Map(first.before);
  const after = new Map(first.after);
  for (const [id, bead] of second.before) if (!first.before.has(id) && !first.after.has(id)) before.set(id, bead);
  for (const id of second.before.keys()) after.delete(id);
  for (const [id, bead] of second.after) after.set(id, bead);
  return { before, after };
}

async function differenceOf({ repository }: Ledger, from: string, to: string): Promise<Difference | undefined> {
  const { code, stdout } = await runGitNow(repository, ['diff-tree', '-r', '-z', '--no-renames', from, to, '--', 'beads'], { accept: [0, 128] });
  if (code !== 0) return undefined;
  const fields = stdout.toString('utf8').split('\0');
  const changed: { readonly shard: string; readonly old: string; readonly now: string }[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, old, now] = /^:\d+ \d+ ([0-9a-f]+) ([0-9a-f]+) /.exec(fields[at] ?? '') ?? [];
    const shard = /^beads\/(\d\d\/\d\d)\.jsonl$/.exec(fields[at + 1] ?? '')?.[1];
    if (old !== undefined && now !== undefined && shard !== undefined) changed.push({ shard, old, now });
  }
  if (changed.length > few.shards) return undefined;
  const texts = await textsOf(repository, changed.flatMap(({ old, now }) => [old, now]));
  const [before, after] = [new Map<string, Bead>(), new Map<string, Bead>()];
  for (const { shard, old, now } of changed) collect(shard, texts.get(old) ?? '', texts.get(now) ?? '', to, before, after);
  return { before, after };
}

async function textsOf(repository: Ledger['repository'], oids: readonly string[]): Promise<Map<string, string>> {
  const wanted = [...new Set(oids)].filter((oid) => !/^0+$/.test(oid));
  const found = await readObjects(repository, wanted);
  return new Map(
    wanted.map((oid, index) => {
      const body = found[index]?.body;
      if (body === undefined) throw new GitFailed(['cat-file'], 1, `the object ${oid} is missing`);
      return [oid, body.toString('utf8')];
    }),
  );
}

/** Notes the beads whose lines are not the same in both texts. */
function collect(shard: string, old: string, now: string, commit: string, before: Map<string, Bead>, after: Map<string, Bead>): void {
  const [was, is] = [parseShard(shard, old, commit), parseShard(shard, now, commit)];
  const lines = new Set(old.split('\n'));
  const same = new Set(now.split('\n').filter((line) => line !== '' && lines.has(line)).map((line) => (JSON.parse(line) as Bead).id));
  for (const [id, { bead }] of was) if (!same.has(id)) before.set(id, bead);
  for (const [id, { bead }] of is) if (!same.has(id)) after.set(id, bead);
}
