import { Refused } from '../base/errors.ts';
import { fewOf } from '../base/text.ts';
import type { ObjectContents } from '../git/object.ts';
import type { ImportNow } from '../git/import-now.ts';
import type { ObjectReader } from '../git/objects.ts';
import { readRef } from '../git/refs.ts';
import { NoLedger, wispRef, type Ledger } from './ledger.ts';
import { ask, formatPath, parseSettings, parseShard, PartialView, settingsPath, shardPath, type View, type Wanted } from './shards.ts';
import type { Stored } from './stored.ts';

/** One commit of a ledger, open for reading; what is asked for is loaded once. */
export interface Snapshot {
  readonly ledger: Ledger;
  readonly commit: string;
  /** Answers a pure question. */
  ask<T>(question: (view: View) => T): Promise<T>;
  /** The records of these ids that exist, tombstones included. */
  records(ids: Iterable<string>): Promise<Map<string, Stored>>;
  /** Ends the conversation with git that a large question began. */
  close(): Promise<void>;
}

/** Whether the repository has this ledger; of the past, ephemeral beads are not known. */
export async function hasLedger(ledger: Pick<Ledger, 'repository' | 'ref' | 'at'>): Promise<boolean> {
  if (ledger.at !== undefined) return ledger.ref !== wispRef;
  return (await readRef(ledger.repository, ledger.ref)) !== undefined;
}

/** Opens the newest commit of a ledger, or the one that is looked at. Throws NoLedger. */
export async function openSnapshot(ledger: Ledger, at = ledger.at): Promise<Snapshot> {
  const commit = at ?? (await readRef(ledger.repository, ledger.ref));
  if (commit === undefined) throw new NoLedger(ledger);
  const view = new PartialView();
  const loader = new Loader(ledger, commit);
  const load = (wanted: Wanted): Promise<void> => loader.load(view, wanted);
  return {
    ledger,
    commit,
    ask: (question) => ask(view, load, question),
    records: async (ids) => {
      const wanted = [...ids];
      const found = await ask(view, load, (loaded) => (loaded.load(wanted), wanted.map((id) => loaded.stored(id))));
      return new Map(found.flatMap((stored): [string, Stored][] => (stored === undefined ? [] : [[stored.bead.id, stored]])));
    },
    close: () => loader.close(),
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

/** So many shards are read by one process that is waited for; more by a conversation. */
const few = 64;

/** Loads what questions turn out to need from one commit of a ledger. */
export class Loader {
  readonly #ledger: Ledger;
  readonly #commit: string;
  readonly #git: ImportNow | undefined;
  #reader: ObjectReader | undefined;

  /** `git`: reads little, as long as it runs. */
  constructor(ledger: Ledger, commit: string, git?: ImportNow) {
    this.#ledger = ledger;
    this.#commit = commit;
    this.#git = git;
  }

  async load(view: PartialView, wanted: Wanted): Promise<void> {
    switch (wanted.kind) {
      case 'settings': {
        const [found] = await this.#read([settingsPath(wanted.name)]);
        return view.addSettings(wanted.name, parseSettings(wanted.name, found, this.#commit));
      }
      case 'edges': {
        const referrers = await (await import('./projection.ts')).referrersAt(this.#ledger, this.#commit);
        return view.addEdges((id) => referrers(id).map((referrer) => referrer.id));
      }
      case 'shards': return this.#addShards(view, wanted.shards);
      case 'all': {
        const there = await listShards(this.#ledger, this.#commit);
        await this.#addShards(view, [...there.keys()].filter((shard) => !view.has(shard)), there);
        view.complete();
      }
    }
  }

  /** Loads shards; of many, those that are not there are found by one look at the folder. */
  async #addShards(view: PartialView, shards: readonly string[], known?: ReadonlyMap<string, string>): Promise<void> {
    const there = known ?? (shards.length > few ? await listShards(this.#ledger, this.#commit) : undefined);
    const wanted = there === undefined ? shards : shards.filter((shard) => there.has(shard));
    const found = await this.#read(wanted.map(shardPath));
    const bodies = new Map(wanted.map((shard, index) => [shard, found[index]]));
    for (const shard of shards) {
      const body = bodies.get(shard);
      view.addShard(shard, body === undefined ? new Map() : parseShard(shard, body.toString('utf8'), this.#commit));
    }
  }

  async #read(paths: readonly string[]): Promise<readonly (Buffer | undefined)[]> {
    if (paths.length === 0) return [];
    const bodies = paths.length <= few ? this.#git?.files(this.#commit, paths) : undefined;
    return bodies ?? (await this.#readApart(paths.map((path) => `${this.#commit}:${path}`))).map((found) => found?.body);
  }

  async #readApart(names: readonly string[]): Promise<readonly (ObjectContents | undefined)[]> {
    if (names.length <= few && this.#reader === undefined) return (await import('../git/object.ts')).readObjects(this.#ledger.repository, names);
    const { ObjectReader } = await import('../git/objects.ts');
    const reader = (this.#reader ??= ObjectReader.open(this.#ledger.repository));
    return Promise.all(names.map((name) => reader.contents(name)));
  }

  async close(): Promise<void> {
    await this.#reader?.close();
    this.#reader = undefined;
  }
}

/** The shards of a ledger commit with the object that each is. Throws BadFormat for a commit that is no ledger's, which would otherwise look like an empty one, and MissingObject. */
export async function listShards(ledger: Pick<Ledger, 'repository'>, commit: string): Promise<Map<string, string>> {
  return new Map((await shardsIn(ledger, commit, [])).map(({ shard, oid }) => [shard, oid]));
}

/** The same with the bytes of each. */
export function measureShards(ledger: Pick<Ledger, 'repository'>, commit: string): Promise<readonly MeasuredShard[]> {
  return shardsIn(ledger, commit, ['--long']);
}

/** A shard as a folder lists it. */
export interface MeasuredShard {
  readonly shard: string;
  readonly oid: string;
  /** 0 where it was not asked for, or the object is lost. */
  readonly bytes: number;
}

async function shardsIn({ repository }: Pick<Ledger, 'repository'>, commit: string, options: readonly string[]): Promise<MeasuredShard[]> {
  const { GitFailed, runGit } = await import('../git/run.ts');
  const args = ['ls-tree', '-r', '-z', ...options, commit, '--', 'beads', formatPath];
  const { code, stdout, stderr } = await runGit(repository, args, { accept: [0, 1, 128] });
  if (code !== 0) {
    const { MissingObject, readObjects } = await import('../git/object.ts');
    // Git says the same of a lost commit as of what is none, and names a lost folder alone.
    await readObjects(repository, [`${commit}:${formatPath}`]);
    const [, folder] = /^error: Could not read ([0-9a-f]{40,64})$/m.exec(stderr) ?? [];
    throw folder === undefined ? new GitFailed(args, code, stderr) : new MissingObject(folder);
  }
  const shards: MeasuredShard[] = [];
  for (const entry of stdout.toString('utf8').split('\0')) {
    const [, oid, bytes, shard] = /^\d+ blob ([0-9a-f]+)(?: +(\d+|BAD))?\tbeads\/(\d\d\/\d\d)\.jsonl$/.exec(entry) ?? [];
    if (oid !== undefined && shard !== undefined) shards.push({ shard, oid, bytes: Number(bytes) || 0 });
  }
  if (shards.length === 0 && !stdout.includes(`\t${formatPath}\0`)) throw new (await import('./init.ts')).BadFormat(commit, `there is no ${formatPath}`);
  return shards;
}

/** An id that fits several beads, or none. */
export class AmbiguousId extends Refused {
  readonly code = 'bead.ambiguous';
  constructor(id: string, fitting: readonly string[]) {
    super(`${id} may be ${fewOf(fitting, 5)}`, { id, fitting: fitting.slice(0, 50) }, `gt show ${fitting[0]}`);
  }
}
