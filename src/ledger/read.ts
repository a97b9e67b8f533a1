import { Refused } from '../base/errors.ts';
import { ObjectReader } from '../git/objects.ts';
import { readRef } from '../git/refs.ts';
import { runGit } from '../git/run.ts';
import { NoLedger, type Ledger } from './ledger.ts';
import { ask, BadShard, parseSettings, parseShard, PartialView, settingsPath, shardPath, type View, type Wanted } from './shards.ts';
import type { Stored } from './stamps.ts';

/** One commit of a ledger, open for reading; what is asked for is loaded once. */
export interface Snapshot {
  readonly ledger: Ledger;
  readonly commit: string;
  /** Answers a pure question. */
  ask<T>(question: (view: View) => T): Promise<T>;
  /** The records of these ids that exist, tombstones included. */
  records(ids: Iterable<string>): Promise<Map<string, Stored>>;
  close(): Promise<void>;
}

/** Whether the repository has this ledger. */
export async function hasLedger(ledger: Pick<Ledger, 'repository' | 'ref'>): Promise<boolean> {
  return (await readRef(ledger.repository, ledger.ref)) !== undefined;
}

/** Opens the newest commit of a ledger. Throws NoLedger. */
export async function openSnapshot(ledger: Ledger, at?: string): Promise<Snapshot> {
  const commit = at ?? (await readRef(ledger.repository, ledger.ref));
  if (commit === undefined) throw new NoLedger(ledger);
  const reader = ObjectReader.open(ledger.repository);
  const view = new PartialView();
  const load = (wanted: Wanted): Promise<void> => loadInto(view, wanted, reader, ledger, commit);
  return {
    ledger,
    commit,
    ask: (question) => ask(view, load, question),
    records: async (ids) => {
      const found = new Map<string, Stored>();
      for (const id of ids) {
        const stored = await ask(view, load, (loaded) => loaded.stored(id));
        if (stored !== undefined) found.set(id, stored);
      }
      return found;
    },
    close: () => reader.close(),
  };
}

/** Answers a pure question about the newest commit of a ledger. */
export async function consult<T>(ledger: Ledger, question: (view: View) => T): Promise<T> {
  const snapshot = await openSnapshot(ledger);
  try {
    return await snapshot.ask(question);
  } finally {
    await snapshot.close();
  }
}

async function loadInto(view: PartialView, wanted: Wanted, reader: ObjectReader, ledger: Ledger, commit: string): Promise<void> {
  switch (wanted.kind) {
    case 'settings': return view.addSettings(wanted.name, parseSettings(wanted.name, (await reader.contents(`${commit}:${settingsPath(wanted.name)}`))?.body, commit));
    case 'edges': return view.addEdges(await (await import('./projection.ts')).referrersAt(ledger, commit));
    case 'shards': {
      await Promise.all(
        wanted.shards.map(async (shard) => {
          const found = await reader.contents(`${commit}:${shardPath(shard)}`);
          view.addShard(shard, found === undefined ? new Map() : parseShard(shard, found.body.toString('utf8'), commit));
        }),
      );
      return;
    }
    case 'all': {
      const shards = [...(await listShards(ledger, commit))].filter(([shard]) => !view.has(shard));
      await Promise.all(shards.map(async ([shard, oid]) => view.addShard(shard, await readShard(reader, shard, oid, commit))));
      view.complete();
    }
  }
}

/** The shards of a ledger commit with the object that each is. */
export async function listShards({ repository }: Pick<Ledger, 'repository'>, commit: string): Promise<Map<string, string>> {
  const { stdout } = await runGit(repository, ['ls-tree', '-r', '-z', commit, '--', 'beads']);
  const shards = new Map<string, string>();
  for (const entry of stdout.toString('utf8').split('\0')) {
    const [, oid, shard] = /^\d+ blob ([0-9a-f]+)\tbeads\/(\d\d\/\d\d)\.jsonl$/.exec(entry) ?? [];
    if (oid !== undefined && shard !== undefined) shards.set(shard, oid);
  }
  return shards;
}

/** Reads one shard by its object. Throws MissingObject where the repository has lost it. */
export async function readShard(reader: ObjectReader, shard: string, oid: string, commit: string): Promise<Map<string, Stored>> {
  const found = await reader.contents(oid);
  if (found === undefined) throw new BadShard(commit, shard, 0, `the object ${oid} is missing`);
  return parseShard(shard, found.body.toString('utf8'), commit);
}

/** An id that fits several beads, or none. */
export class AmbiguousId extends Refused {
  readonly code = 'bead.ambiguous';
  constructor(id: string, fitting: readonly string[]) {
    super(`${id} may be ${fitting.slice(0, 5).join(', ')}${fitting.length > 5 ? ' …' : ''}`, { id, fitting: fitting.slice(0, 50) }, `bd show ${fitting[0]}`);
  }
}
