import { shardOf } from '../base/ids.ts';
import type { Bead } from '../domain/bead.ts';
import { MissingObject, readObjects } from '../git/object.ts';
import { runGitNow } from '../git/run.ts';
import { joined, keepDifference, keptSince, mostChanges, type Difference } from './kept-difference.ts';
import type { Ledger } from './ledger.ts';
import { BadShard, formatPath, parseShard } from './shards.ts';

/** A difference of more shards is dearer than working everything out again. */
const mostShards = 256;

/** What differs between two commits of a ledger, kept for who asks next; undefined where that is too much, or the older commit is no longer there. Throws BadShard and MissingObject. */
export async function differenceSince(ledger: Ledger, from: string, to: string): Promise<Difference | undefined> {
  const known = keptSince(ledger, from);
  if (known?.to === to) return isSmall(known.difference) ? known.difference : undefined;
  const since = known === undefined || known.to === from ? undefined : await differenceOf(ledger, known.to, to);
  const whole = known === undefined || since === undefined ? await differenceOf(ledger, from, to) : joined(known.difference, since);
  if (whole === undefined || !isSmall(whole)) return undefined;
  keepDifference(ledger, from, to, whole);
  return whole;
}

function isSmall({ before, after }: Difference): boolean {
  return Math.max(before.size, after.size) <= mostChanges;
}

async function differenceOf({ repository }: Ledger, from: string, to: string): Promise<Difference | undefined> {
  const { code, stdout } = await runGitNow(repository, ['diff-tree', '-r', '-z', '--no-renames', from, to, '--', 'beads', formatPath], { accept: [0, 128] });
  if (code !== 0) return undefined;
  const fields = stdout.toString('utf8').split('\0');
  const changed: { readonly shard: string; readonly old: string; readonly now: string }[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    // A commit that is no ledger's would look like one that everything was deleted from.
    if (fields[at + 1] === formatPath && fields[at]?.endsWith(' D') === true) return undefined;
    const [, old, now] = /^:\d+ \d+ ([0-9a-f]+) ([0-9a-f]+) /.exec(fields[at] ?? '') ?? [];
    const shard = /^beads\/(\d\d\/\d\d)\.jsonl$/.exec(fields[at + 1] ?? '')?.[1];
    if (old !== undefined && now !== undefined && shard !== undefined) changed.push({ shard, old, now });
  }
  if (changed.length > mostShards) return undefined;
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
      if (body === undefined) throw new MissingObject(oid);
      return [oid, body.toString('utf8')];
    }),
  );
}

/** Notes the beads whose lines are not the same in both texts. Throws BadShard for a new one that belongs elsewhere: by its id nobody would find it. */
function collect(shard: string, old: string, now: string, commit: string, before: Map<string, Bead>, after: Map<string, Bead>): void {
  const [was, is] = [parseShard(shard, old, commit), parseShard(shard, now, commit)];
  const lines = new Set(old.split('\n'));
  const same = new Set(now.split('\n').filter((line) => line !== '' && lines.has(line)).map((line) => (JSON.parse(line) as Bead).id));
  for (const [id, { bead }] of was) if (!same.has(id)) before.set(id, bead);
  for (const [index, [id, { bead }]] of [...is].entries()) {
    if (same.has(id)) continue;
    if (shardOf(id) !== shard) throw new BadShard(commit, shard, index + 1, `${id} belongs into another shard`);
    after.set(id, bead);
  }
}
