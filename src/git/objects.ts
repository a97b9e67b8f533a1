import type { ByteReader } from './byte-reader.ts';
import { Conversation } from './conversation.ts';
import { BadRevision, MissingObject, parseInfo, refuseLost, wayTo, type ObjectContents, type ObjectInfo } from './object.ts';
import type { Repository } from './repository.ts';
import { runGit, type GitOptions } from './run.ts';

/** Reads objects through one `git cat-file` that starts with the first question and lives until `close`; it keeps no process from ending. */
export class ObjectReader {
  readonly #repository: Repository;
  readonly #options: GitOptions;
  #conversation: Promise<Conversation> | undefined;
  #asked = false;

  private constructor(repository: Repository, options: GitOptions) {
    this.#repository = repository;
    this.#options = options;
  }

  /** Starts nothing yet. A git hook that must see what a push has brought gives git's own `GIT_QUARANTINE_PATH` and object folders as `env`. */
  static open(repository: Repository, options: { env?: Readonly<Record<string, string>> } = {}): ObjectReader {
    return new ObjectReader(repository, options);
  }

  /** The object that a revision such as an object id or `commit:path` names, or undefined where there is none; throws GitFailed, and MissingObject where the commit has such a path. */
  async contents(rev: string): Promise<ObjectContents | undefined> {
    const found = await this.#contents(rev);
    if (found === undefined && rev.includes(':')) refuseLost(rev, await Promise.all(wayTo(rev).map((each) => this.#contents(each))));
    return found;
  }

  #contents(rev: string): Promise<ObjectContents | undefined> {
    return this.#ask('contents', rev, async (reader) => {
      const found = parseInfo(await reader.line());
      if (found === undefined) return undefined;
      const body = await reader.bytes(found.size + 1);
      return { oid: found.oid, type: found.type, body: body.subarray(0, found.size) };
    });
  }

  /** What an object holds that must be there: nothing is not the same as empty. Throws MissingObject. */
  async body(oid: string): Promise<Buffer> {
    const found = await this.contents(oid);
    if (found === undefined) throw new MissingObject(oid);
    return found.body;
  }

  /** The same as `contents` without the body. */
  info(rev: string): Promise<ObjectInfo | undefined> {
    return this.#ask('info', rev, async (reader) => parseInfo(await reader.line()));
  }

  async close(): Promise<void> {
    const conversation = await this.#conversation;
    this.#conversation = undefined;
    await conversation?.end();
  }

  async #ask<T>(command: string, rev: string, answer: (reader: ByteReader) => Promise<T>): Promise<T> {
    if (rev === '' || /[\n\0]/.test(rev)) throw new BadRevision(rev);
    const conversation = await this.#talk();
    this.#flushSoon(conversation);
    return conversation.ask(`${command} ${rev}\n`, answer);
  }

  /** One that has died is replaced: every question stands for itself. */
  async #talk(): Promise<Conversation> {
    const current = await this.#conversation;
    if (current?.open === true) return current;
    if (current !== undefined) this.#conversation = undefined;
    this.#conversation ??= Conversation.start(this.#repository, ['cat-file', '--batch-command', '--buffer'], this.#options);
    return this.#conversation;
  }

  /** Questions that are asked in one go are answered in one go. */
  #flushSoon(conversation: Conversation): void {
    if (this.#asked) return;
    this.#asked = true;
    setImmediate(() => {
      this.#asked = false;
      conversation.tell('flush\n');
    });
  }
}

/** Whether a commit and all that it holds is there, beyond what is known to be: somebody's pruning may have taken what no ref held yet. */
export async function isWhole(repository: Repository, commit: string, known: readonly string[] = []): Promise<boolean> {
  const args = ['rev-list', '--objects', '--quiet', '--end-of-options', commit, ...known.map((oid) => `^${oid}`)];
  return (await runGit(repository, args, { accept: [0, 128], timeoutMs: 900_000 })).code === 0;
}
