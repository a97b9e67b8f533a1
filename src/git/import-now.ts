import { quoted } from './draft.ts';
import { takeAwayReport } from './packs.ts';
import { PipedGit } from './piped.ts';
import type { Repository } from './repository.ts';
import { GitTimedOut } from './run.ts';

/** No deltas: they would be made between shards that have nothing in common, and reading one would mean reading fifty. */
export const importing: readonly string[] = ['fast-import', '--quiet', '--done', '--depth=0', '--date-format=raw-permissive'];
/** Packs alone: what lies loose may be taken away before a ref holds it. */
export const importConfiguration = { 'fastimport.unpackLimit': '1' };

/** Behind a commit that is marked as :1, has it done, and has its id told. */
export const thenTellCommit = '\nget-mark :1\ndone\n';

const blob = '100644 blob ';
/** A line is shorter, and so are most shards. */
const little = 1 << 13;

/** Starts one; undefined where there is no way to talk to it. `patience`: how long git may take for one answer, in milliseconds. */
export async function startImport(repository: Repository, patience = 60_000): Promise<ImportNow | undefined> {
  const git = repository.reftable ? undefined : await PipedGit.start(repository, importing, { config: importConfiguration }, patience);
  return git && new ImportNow(repository, git);
}

/**
 * A fast-import that reads files of a commit and writes the next one while this process does nothing else: one process where reading and writing by themselves take two. Whatever goes wrong
 * with it is answered by undefined, after which it has ended: then the slower ways say what it was. Throws GitTimedOut.
 */
export class ImportNow {
  readonly #repository: Repository;
  readonly #git: PipedGit;
  #heard = Buffer.alloc(0);

  constructor(repository: Repository, git: PipedGit) {
    this.#repository = repository;
    this.#git = git;
  }

  get pid(): number | undefined {
    return this.#git.pid;
  }

  /** What files of a commit hold, by their paths; undefined for one that is not there. */
  files(commit: string, paths: readonly string[]): readonly (Buffer | undefined)[] | undefined {
    this.#git.tell(paths.map((path) => `ls ${commit} ${quoted(path)}\n`).join(''));
    const found: (string | undefined)[] = [];
    for (let index = 0; index < paths.length; index += 1) {
      const line = this.#line();
      if (line === undefined || !(line.startsWith(blob) || line.startsWith('missing '))) return this.#end();
      found.push(line.startsWith(blob) ? line.slice(blob.length, line.indexOf('\t')) : undefined);
    }
    this.#git.tell(found.map((oid) => (oid === undefined ? '' : `cat-blob ${oid}\n`)).join(''));
    const bodies: (Buffer | undefined)[] = [];
    for (const oid of found) {
      const body = oid === undefined ? undefined : this.#body(oid);
      if (oid !== undefined && body === undefined) return this.#end();
      bodies.push(body);
    }
    return bodies;
  }

  /** Sends a commit that is marked as :1, waits until git has done all of it, and answers the commit. Whether its ref was moved is for who asks to see. */
  commit(stream: Buffer): string | undefined {
    this.#git.tell(stream);
    this.#git.tell(thenTellCommit);
    const commit = this.#line();
    this.close();
    return commit;
  }

  /** Ends it, without a commit where none was sent; one that does not end by itself is stopped. */
  close(): void {
    this.#git.tell('done\n');
    try {
      while (this.#hear());
    } catch (error) {
      if (!(error instanceof GitTimedOut)) throw error;
    }
    this.#end();
  }

  /** Leaves nothing of it behind, whether it has ended well or not. */
  #end(): undefined {
    this.#git.close();
    takeAwayReport(this.#repository, this.#git.pid);
    return undefined;
  }

  #body(oid: string): Buffer | undefined {
    const head = this.#line();
    if (head === undefined || !head.startsWith(`${oid} blob `)) return undefined;
    const size = Number(head.slice(oid.length + ' blob '.length));
    const body = Buffer.allocUnsafe(size + 1);
    let filled = this.#take(Math.min(size + 1, this.#heard.length)).copy(body);
    while (filled <= size) {
      const more = this.#git.receive(body, filled);
      if (more === 0) return undefined;
      filled += more;
    }
    return body.subarray(0, size);
  }

  #line(): string | undefined {
    for (;;) {
      const end = this.#heard.indexOf(10);
      if (end !== -1) return this.#take(end + 1).toString('utf8', 0, end);
      if (!this.#hear()) return undefined;
    }
  }

  #take(size: number): Buffer {
    const taken = this.#heard.subarray(0, size);
    this.#heard = this.#heard.subarray(size);
    return taken;
  }

  /** Waits for more of what git says; false where it has ended. */
  #hear(): boolean {
    const bytes = Buffer.allocUnsafe(little);
    const size = this.#git.receive(bytes);
    if (size > 0) this.#heard = this.#heard.length === 0 ? bytes.subarray(0, size) : Buffer.concat([this.#heard, bytes.subarray(0, size)]);
    return size > 0;
  }
}
