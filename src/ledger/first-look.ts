import type { Bead } from '../domain/bead.ts';
import { counted } from '../domain/detail.ts';
import { firstInReadyOrder } from '../domain/ready.ts';
import { eachBody } from '../git/bodies.ts';
import { readCacheStart, version, writeCache } from './cache-file.ts';
import type { Ledger } from './ledger.ts';
import { judge } from './live.ts';
import { beadsIn, matters } from './part.ts';
import type { ReadyList } from './projection.ts';
import { measureShards } from './read.ts';

/** A ledger below this size, in bytes, is worked out whole in no time. */
const large = 16 << 20;

/** Says of which commit there was a first look. */
const name = 'first-look';

/**
 * The first `limit` ready beads of a large ledger of which nothing is worked out yet: it is read once and nothing is kept of it, which takes a third of the time. Undefined
 * for one of fewer bytes than `least`, and for a second look: what the first one has left to others was not done then. Closed beads that point at nobody are not looked at.
 * Throws BadShard and MissingObject.
 */
export async function readyAtFirst(ledger: Ledger, commit: string, limit: number, least = large): Promise<ReadyList | undefined> {
  if (readCacheStart(ledger, name, 0)?.header.commit === commit) return undefined;
  const shards = await measureShards(ledger, commit);
  if (shards.reduce((sum, { bytes }) => sum + bytes, 0) < least) return undefined;
  const live = new Map<string, Bead>();
  const dependents = new Map<string, number>();
  await eachBody(ledger.repository, shards.map(({ oid }) => oid), (body, index) => {
    for (const bead of beadsIn(shards[index]!.shard, body.toString('utf8'), commit, isIdle)) {
      if (matters(bead)) live.set(bead.id, bead);
      if (bead.status === 'tombstone') continue;
      for (const { depends_on_id: target } of bead.dependencies ?? []) dependents.set(target, (dependents.get(target) ?? 0) + 1);
    }
  });
  writeCache(ledger, name, { version, commit }, '');
  const { ready, foreign } = judge(ledger, live, live.values());
  return { total: ready.length, foreign, beads: firstInReadyOrder(ready, limit).map((bead) => counted(bead, dependents.get(bead.id) ?? 0)), unkept: true };
}

/** With the comma, which tells it from a key that only ends so: `x"status`. */
const closed = ',"status":"closed"';

/** Whether a line is that of a closed bead that points at nobody; false where that takes a closer look. */
export function isIdle(line: string): boolean {
  const status = line.lastIndexOf(closed);
  // Of the bead itself: behind a status further inside, more than the bead ends.
  return status > 0 && line.indexOf('}', status) === line.length - 1 && !line.includes('"dependencies":[');
}
