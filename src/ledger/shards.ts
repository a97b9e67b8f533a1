import type { Stamp } from '../base/clock.ts';
import { Broken } from '../base/errors.ts';
import { rootOf, shardOf } from '../base/ids.ts';
import { isObject } from '../base/jsonl.ts';
import type { Bead, Beads } from '../domain/bead.ts';
import { keepLine, lineOf, storedOf, type Stored } from './stored.ts';

/** A shard's beads, sorted by id. */
export type Shard = ReadonlyMap<string, Stored>;

/** The file of a ledger's tree that says what it is. */
export const formatPath = 'format.json';

const settingsFolder = 'settings';

/** Where a shard lies in a ledger's tree. */
export function shardPath(shard: string): string {
  return `beads/${shard}.jsonl`;
}

/** Where a settings file lies in a ledger's tree. */
export function settingsPath(name: string): string {
  return `${settingsFolder}/${name}.json`;
}

/** Reads a shard. Throws BadShard at the first line that is no bead. */
export function parseShard(shard: string, text: string, where: string): Map<string, Stored> {
  const found = new Map<string, Stored>();
  const all = text.split('\n');
  if (all.pop() !== '') throw new BadShard(where, shard, all.length + 1, 'the last line has no end');
  all.forEach((line, index) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new BadShard(where, shard, index + 1, 'the line is not JSON');
    }
    const stored = isObject(value) ? storedOf(value) : undefined;
    if (stored === undefined) throw new BadShard(where, shard, index + 1, 'the line is no bead');
    if (found.has(stored.bead.id)) throw new BadShard(where, shard, index + 1, `${stored.bead.id} stands there twice`);
    found.set(stored.bead.id, stored);
    keepLine(stored, line);
  });
  return found;
}

/** Holds the beads of a shard against it: in another one nobody would find them. Throws BadShard. */
export function checkPlaces(shard: string, beads: Shard, where: string): void {
  [...beads.keys()].forEach((id, index) => {
    if (shardOf(id) !== shard) throw new BadShard(where, shard, index + 1, `${id} belongs into another shard`);
  });
}

/** Reads a settings file, `{}` where there is none. Throws BadSettings. */
export function parseSettings(name: string, body: Buffer | undefined, commit: string): Record<string, unknown> {
  if (body === undefined) return {};
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (isObject(value)) return value;
  } catch {
    // Told below, like a value that is no object.
  }
  throw new BadSettings(commit, name);
}

/** Writes a shard: one bead a line, sorted by id. */
export function formatShard(shard: Shard): string {
  return [...shard.values()].sort((a, b) => (a.bead.id < b.bead.id ? -1 : 1)).map((stored) => `${lineOf(stored)}\n`).join('');
}

/** What a pure decision may read: the beads and settings of one ledger commit. */
export interface View extends Beads {
  /** The record of an id, with its stamps. */
  stored(id: string): Stored | undefined;
  referrers(id: string): readonly Bead[];
  /** The ids of the beads with an edge to this one. */
  referrerIds(id: string): readonly string[];
  /** Makes the beads of these ids ready to be asked for, all at once. */
  load(ids: Iterable<string>): void;
  /** A settings file by name: its values, `{}` where there is none. */
  settings(name: string): Readonly<Record<string, unknown>>;
}

/**
 * A view that holds what was loaded so far. Asking for more throws NeedsMore, which names it: the reader loads it and asks the decision again,
 * which it may because decisions are pure.
 */
export class PartialView implements View {
  readonly #shards = new Map<string, Map<string, Stored>>();
  readonly #settings = new Map<string, Readonly<Record<string, unknown>>>();
  #edges: ((id: string) => readonly string[]) | undefined;
  #complete = false;

  addEdges(edges: (id: string) => readonly string[]): void {
    this.#edges = edges;
  }

  addShard(shard: string, content: Map<string, Stored>): void {
    this.#shards.set(shard, content);
  }

  addSettings(name: string, content: Readonly<Record<string, unknown>>): void {
    this.#settings.set(name, content);
  }

  complete(): void {
    this.#complete = true;
  }

  /** The loaded record of an id. */
  stored(id: string): Stored | undefined {
    return this.#shard(shardOf(id)).get(id);
  }

  /** Replaces a record in the loaded shard of its id. */
  put(stored: Stored): string {
    const shard = shardOf(stored.bead.id);
    this.#shard(shard).set(stored.bead.id, stored);
    return shard;
  }

  /** Takes a record out of the loaded shard of its id. */
  drop(id: string): string {
    const shard = shardOf(id);
    this.#shard(shard).delete(id);
    return shard;
  }

  /** Whether a shard is loaded. */
  has(shard: string): boolean {
    return this.#shards.has(shard);
  }

  shard(shard: string): Map<string, Stored> {
    return this.#shard(shard);
  }

  get(id: string): Bead | undefined {
    return this.stored(id)?.bead;
  }

  family(id: string): readonly Bead[] {
    const root = rootOf(id);
    return [...this.#shard(shardOf(root)).values()].map(({ bead }) => bead).filter((bead) => rootOf(bead.id) === root);
  }

  load(ids: Iterable<string>): void {
    const shards = new Set([...ids].map(shardOf).filter((shard) => !this.#complete && !this.#shards.has(shard)));
    if (shards.size > 0) throw new NeedsMore({ kind: 'shards', shards: [...shards] });
  }

  referrerIds(id: string): readonly string[] {
    if (this.#edges === undefined) throw new NeedsMore({ kind: 'edges' });
    return this.#edges(id);
  }

  referrers(id: string): readonly Bead[] {
    const found = this.referrerIds(id);
    this.load(found);
    return found.map((from) => this.get(from)).filter((bead) => bead !== undefined);
  }

  *all(): Iterable<Bead> {
    if (!this.#complete) throw new NeedsMore({ kind: 'all' });
    for (const shard of this.#shards.values()) for (const { bead } of shard.values()) yield bead;
  }

  /** Every record, with its stamps. */
  records(): Map<string, Stored> {
    if (!this.#complete) throw new NeedsMore({ kind: 'all' });
    const found = new Map<string, Stored>();
    for (const shard of this.#shards.values()) for (const [id, stored] of shard) found.set(id, stored);
    return found;
  }

  settings(name: string): Readonly<Record<string, unknown>> {
    const found = this.#settings.get(name);
    if (found === undefined) throw new NeedsMore({ kind: 'settings', name });
    return found;
  }

  birth(id: string): Stamp | undefined {
    return this.#shards.get(shardOf(id))?.get(id)?.clock.born;
  }

  #shard(shard: string): Map<string, Stored> {
    const found = this.#shards.get(shard);
    if (found !== undefined) return found;
    if (!this.#complete) throw new NeedsMore({ kind: 'shards', shards: [shard] });
    const empty = new Map<string, Stored>();
    this.#shards.set(shard, empty);
    return empty;
  }
}

export type Wanted =
  | { readonly kind: 'shards'; readonly shards: readonly string[] }
  | { readonly kind: 'settings'; readonly name: string }
  | { readonly kind: 'edges' }
  | { readonly kind: 'all' };

/** Thrown inside a reader, never seen outside: the decision needs something that is not loaded yet. */
export class NeedsMore extends Error {
  constructor(readonly wanted: Wanted) {
    super('not loaded');
  }
}

/** Runs a pure question against a view, loading what it turns out to need. */
export async function ask<T>(view: PartialView, load: (wanted: Wanted) => Promise<void>, question: (view: PartialView) => T): Promise<T> {
  for (;;) {
    try {
      return question(view);
    } catch (error) {
      if (!(error instanceof NeedsMore)) throw error;
      await load(error.wanted);
    }
  }
}

/** A shard holds something that is not a bead of its own. */
export class BadShard extends Broken {
  readonly code = 'ledger.bad-line';
  constructor(commit: string, shard: string, line: number, why: string) {
    super(`the ledger cannot be read at ${commit.slice(0, 12)}:${shardPath(shard)}, line ${line}: ${why}`, { commit, path: shardPath(shard), line, why }, `git log -p ${commit.slice(0, 12)} -- ${shardPath(shard)} (shows who wrote it)`);
  }
}

/** A settings file of the ledger is no JSON object. */
export class BadSettings extends Broken {
  readonly code = 'ledger.bad-settings';
  constructor(commit: string, name: string) {
    super(`the settings cannot be read at ${commit.slice(0, 12)}:${settingsPath(name)}: they are no JSON object`, { commit, path: settingsPath(name) }, `git log -p ${commit.slice(0, 12)} -- ${settingsPath(name)} (shows who wrote it)`);
  }
}
