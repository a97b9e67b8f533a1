import { shardOf } from '../base/ids.ts';
import type { Bead } from '../domain/bead.ts';
import { ObjectReader } from '../git/objects.ts';
import { readRef } from '../git/refs.ts';
import { runGit } from '../git/run.ts';
import { NoLedger, type Ledger } from './ledger.ts';
import { readShard } from './read.ts';
import { shardPath } from './shards.ts';

/** A bead as one commit left it. */
export interface Version {
  readonly commit: string;
  /** RFC 3339, as the commit says. */
  readonly at: string;
  readonly actor: string;
  /** What the commit says that happened. */
  readonly subject: string;
  readonly before: Bead | undefined;
  readonly after: Bead | undefined;
}

/** Every commit of the ledger that changed a bead, oldest first. Throws NoLedger. */
export async function versionsOf(ledger: Ledger, id: string): Promise<Version[]> {
  const head = await readRef(ledger.repository, ledger.ref);
  if (head === undefined) throw new NoLedger(ledger);
  const shard = shardOf(id);
  const { stdout } = await runGit(ledger.repository, ['log', '--reverse', '--topo-order', '-z', '--format=%H%x01%aI%x01%an%x01%s', head, '--', shardPath(shard)]);
  const reader = ObjectReader.open(ledger.repository);
  try {
    const found: Version[] = [];
    let before: { line: string; bead: Bead | undefined } = { line: '', bead: undefined };
    for (const entry of stdout.toString('utf8').split('\0')) {
      const [commit, at, actor, subject] = entry.split('\x01');
      if (commit === undefined || at === undefined || actor === undefined || subject === undefined) continue;
      const after = await beadAt(reader, commit, shard, id);
      if (after.line !== before.line) found.push({ commit, at: at.replace('+00:00', 'Z'), actor, subject, before: before.bead, after: after.bead });
      before = after;
    }
    return found;
  } finally {
    await reader.close();
  }
}

async function beadAt(reader: ObjectReader, commit: string, shard: string, id: string): Promise<{ line: string; bead: Bead | undefined }> {
  const blob = await reader.info(`${commit}:${shardPath(shard)}`);
  const stored = blob === undefined ? undefined : (await readShard(reader, shard, blob.oid, commit)).get(id);
  return { line: JSON.stringify(stored ?? null), bead: stored?.bead };
}
