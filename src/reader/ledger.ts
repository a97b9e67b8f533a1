import { Errors, readBlob, readTree, resolveRef, type PromiseFsClient } from 'isomorphic-git';
import { Broken } from '../base/errors.ts';
import { shardOf } from '../base/ids.ts';
import { isObject } from '../base/jsonl.ts';
import { indexed, isDone, type Bead, type Beads } from '../domain/bead.ts';
import { isReady, readyOrder } from '../domain/ready.ts';
import { categoriesBy, customStatuses } from '../domain/status.ts';

/** Where a ledger is: `dir` is a clone, a worktree of one, or a bare repository. */
export interface LedgerPlace {
  /** node:fs, or what stands for it elsewhere. */
  readonly fs: { readonly promises: object };
  readonly dir: string;
  /** `refs/beads/main` where it is not said; or the full id of a commit. */
  readonly ref?: string;
}

/** One file of a ledger as it stands there. */
export interface LedgerFile {
  /** In the ledger's tree. */
  readonly path: string;
  readonly text: string;
}

/** One commit of a ledger, read without git. */
export interface ReadLedger {
  readonly commit: string;
  /** The prefixes of the ids that live in it, the one for new beads first. */
  readonly prefixes: readonly string[];
  /** The bead of an id; undefined where there is none, or it was deleted. */
  bead(id: string): Promise<Bead | undefined>;
  /** Every bead that was not deleted, by its id. */
  all(): Promise<Beads>;
  /** The beads that are not done, by id. */
  open(): Promise<Bead[]>;
  /** The beads that can be started at a time (milliseconds since 1970), most urgent first. */
  ready(now: number): Promise<Bead[]>;
  /** A settings file by its name: its values, `{}` where there is none. */
  settings(name: string): Promise<Readonly<Record<string, unknown>>>;
  /** Every file of the ledger, deleted beads and stamps included. */
  files(): AsyncGenerator<LedgerFile>;
}

const mainRef = 'refs/beads/main';

/** Opens the newest commit of a ledger with isomorphic-git alone: no git has to be installed. Throws NoLedgerHere and UnreadableLedger. */
export async function openLedger({ fs: given, dir, ref = mainRef }: LedgerPlace): Promise<ReadLedger> {
  const fs = given as PromiseFsClient;
  const gitdir = await gitFolder(fs, dir);
  return LedgerCommit.open(new Objects(fs, gitdir, await commitAt(fs, { dir, gitdir, ref })));
}

async function commitAt(fs: PromiseFsClient, { dir, gitdir, ref }: { readonly dir: string; readonly gitdir: string; readonly ref: string }): Promise<string> {
  try {
    return await resolveRef({ fs, gitdir, ref });
  } catch (error) {
    if (!(error instanceof Errors.NotFoundError)) throw new UnreadableLedger(ref, messageOf(error));
    const config = (await textAt(fs, `${gitdir}/config`)) ?? '';
    const strange = /^\s*refstorage\s*=\s*reftable\s*$/im.test(config) ? 'its refs in a reftable' : /^\s*objectformat\s*=\s*sha256\s*$/im.test(config) ? 'its objects by SHA-256' : undefined;
    if (strange === undefined) throw new NoLedgerHere(dir, ref);
    throw new UnreadableLedger(ref, `${dir} keeps ${strange}, which only git itself can read`, 'gt list (where git is installed)');
  }
}

/** Names in a folder of a tree, with the object that each is. */
type Folder = ReadonlyMap<string, { readonly oid: string; readonly type: string }>;

/** The objects of one commit of a ledger. */
class Objects {
  // isomorphic-git keeps the indexes of packs here, and would read them for every object without it.
  readonly #at: { readonly fs: PromiseFsClient; readonly gitdir: string; readonly cache: object };

  constructor(
    fs: PromiseFsClient,
    gitdir: string,
    readonly commit: string,
  ) {
    this.#at = { fs, gitdir, cache: {} };
  }

  /** The folder that an object is; an empty one where there is no object. */
  async folder(oid: string | undefined): Promise<Folder> {
    if (oid === undefined) return new Map();
    try {
      return new Map((await readTree({ ...this.#at, oid })).tree.map((entry) => [entry.path, entry]));
    } catch (error) {
      throw new UnreadableLedger(this.commit, `the tree ${oid} cannot be read: ${messageOf(error)}`);
    }
  }

  /** The text that an object is; undefined where there is no object. `path` is for messages. */
  async text(path: string, oid: string | undefined): Promise<string | undefined> {
    if (oid === undefined) return undefined;
    try {
      return new TextDecoder().decode((await readBlob({ ...this.#at, oid })).blob);
    } catch (error) {
      throw new UnreadableLedger(this.commit, `${path} cannot be read: ${messageOf(error)}`);
    }
  }

  /** Every file below a folder. */
  async *files(folder: Folder, above: string): AsyncGenerator<LedgerFile> {
    for (const [name, { oid, type }] of folder) {
      const path = `${above}${name}`;
      if (type === 'tree') yield* this.files(await this.folder(oid), `${path}/`);
      else yield { path, text: (await this.text(path, oid)) ?? '' };
    }
  }
}

class LedgerCommit implements ReadLedger {
  readonly #objects: Objects;
  readonly #root: Folder;
  readonly prefixes: readonly string[];

  private constructor(objects: Objects, root: Folder, prefixes: readonly string[]) {
    this.#objects = objects;
    this.#root = root;
    this.prefixes = prefixes;
  }

  static async open(objects: Objects): Promise<LedgerCommit> {
    const root = await objects.folder(objects.commit);
    return new LedgerCommit(objects, root, prefixesIn(objects.commit, await objects.text('format.json', root.get('format.json')?.oid)));
  }

  get commit(): string {
    return this.#objects.commit;
  }

  async bead(id: string): Promise<Bead | undefined> {
    const path = `beads/${shardOf(id)}.jsonl`;
    return this.#beadsIn(path, (await this.#at(path)) ?? '').find((bead) => bead.id === id && bead.status !== 'tombstone');
  }

  async all(): Promise<Beads> {
    const found = new Map<string, Bead>();
    for await (const { path, text } of this.#objects.files(await this.#objects.folder(this.#root.get('beads')?.oid), 'beads/')) {
      for (const bead of this.#beadsIn(path, text)) if (bead.status !== 'tombstone') found.set(bead.id, bead);
    }
    return indexed(found);
  }

  async open(): Promise<Bead[]> {
    return [...(await this.all()).all()].filter((bead) => !isDone(bead)).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async ready(now: number): Promise<Bead[]> {
    const beads = await this.all();
    const categoryOf = categoriesBy(customStatuses(await this.settings('config')));
    return [...beads.all()].filter((bead) => isReady(beads, bead, now, categoryOf)).sort(readyOrder);
  }

  async settings(name: string): Promise<Readonly<Record<string, unknown>>> {
    const path = `settings/${name}.json`;
    const text = await this.#at(path);
    if (text === undefined) return {};
    const value = parsed(text);
    if (!isObject(value)) throw new UnreadableLedger(this.commit, `${path} is no JSON object`);
    const { clock: _clock, ...settings } = value;
    return settings;
  }

  files(): AsyncGenerator<LedgerFile> {
    return this.#objects.files(this.#root, '');
  }

  /** What a file holds; undefined where there is none. */
  async #at(path: string): Promise<string | undefined> {
    const names = path.split('/');
    const last = names.pop() ?? '';
    let folder = this.#root;
    for (const name of names) folder = await this.#objects.folder(folder.get(name)?.oid);
    return this.#objects.text(path, folder.get(last)?.oid);
  }

  #beadsIn(path: string, text: string): Bead[] {
    return text.split('\n').flatMap((line, index): Bead[] => {
      if (line === '') return [];
      const value = parsed(line);
      if (!isObject(value) || typeof value['id'] !== 'string' || !isObject(value['clock'])) throw new UnreadableLedger(this.commit, `${path}, line ${index + 1}, is no bead`);
      const { clock: _clock, ...bead } = value;
      return [bead as unknown as Bead];
    });
  }
}

/** The folder that holds the refs and objects of a clone: a worktree names it in a file, and what it shares with others in another. */
async function gitFolder(fs: PromiseFsClient, dir: string): Promise<string> {
  const named = /^gitdir: (.+)$/m.exec((await textAt(fs, `${dir}/.git`)) ?? '')?.[1];
  const own = named !== undefined ? against(dir, named) : (await textAt(fs, `${dir}/.git/HEAD`)) === undefined ? dir : `${dir}/.git`;
  const shared = (await textAt(fs, `${own}/commondir`))?.trim();
  return shared === undefined ? own : against(own, shared);
}

/** What a file holds; undefined where there is none. */
async function textAt(fs: PromiseFsClient, path: string): Promise<string | undefined> {
  try {
    return String(await fs.promises.readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function against(folder: string, path: string): string {
  return /^([/\\]|[A-Za-z]:)/.test(path) ? path : `${folder}/${path}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function prefixesIn(commit: string, text: string | undefined): readonly string[] {
  const value = text === undefined ? undefined : parsed(text);
  if (!isObject(value) || !Array.isArray(value['prefixes'])) throw new UnreadableLedger(commit, 'there is no format.json that names its prefixes');
  if (value['format'] !== 1) throw new UnreadableLedger(commit, `its format is ${JSON.stringify(value['format'])}, and this reader knows format 1`);
  return value['prefixes'].map(String);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The clone has no such ref, perhaps because clones do not fetch it by themselves. */
export class NoLedgerHere extends Broken {
  readonly code = 'ledger.missing';
  constructor(dir: string, ref: string) {
    super(`there is no ledger at ${ref} in ${dir}`, { dir, ref }, `git fetch origin '${ref}:${ref}'`);
  }
}

/** Something in the ledger is damaged, missing, or of a format that is not known. */
export class UnreadableLedger extends Broken {
  readonly code = 'ledger.unreadable';
  constructor(at: string, why: string, hint = 'gt doctor') {
    super(`the ledger at ${/^[0-9a-f]{40,64}$/.test(at) ? at.slice(0, 12) : at} cannot be read: ${why}`, { at, why }, hint);
  }
}
