import { quoted } from './draft.ts';
import { PipedGit } from './piped.ts';
import type { Repository } from './repository.ts';

/** No deltas: they would be made between shards that have nothing in common, and reading one would mean reading fifty. */
export const importing: readonly string[] = ['fast-import', '--quiet', '--done', '--depth=0', '--date-format=raw-permissive'];
/** Packs alone: what lies loose may be taken away before a ref holds it. */
export const importConfiguration = { 'fastimport.unpackLimit': '1' };

const blob = '100644 blob ';
const mouthful = 1 << 13;

/** Starts one; undefined where there is no way to talk to it. `patience`: how long git may take for one answer, in milliseconds. */
export async function startImport(repository: Repository, patience = 60_000): Promise<ImportNow | undefined> {
  const git = repository.reftable ? undefined : await PipedGit.start(repository, importing, { config: importConfiguration }, patience);
  return git && new ImportNow(git);
}

/**
 * A fast-import that reads files of a commit and writes the next one while this process does nothing else: one process where reading and writing by themselves take two. Whatever goes wrong
 * with it is answered by undefined, after which it has ended: then the slower ways say what it was. Throws GitTimedOut.
 */
export class ImportNow {
  readonly #git: PipedGit;
  #heard = Buffer.alloc(0);

  constructor(git: PipedGit) {
    this.#git = git;
  }

  get pid(): number | undefined {
    return this.#git.pid;
  }

  /** What files of a commit hold, by their paths; undefined for one that is not there. */
  files(commit: string, paths: readonly string[]): readonly (Buffer | undefined)[] | undefined {
    this.#git.tell(paths.map((path) => `ls ${commit} ${quoted(path)}\n`).join(''));
    const found: (string | undefined)[] = [];
    for (const path of paths) {
      const line = this.#line();
      if (line === undefined || !(line.startsWith(blob) || line === `missing ${path}`)) return this.#giveUp();
      found.push(line.startsWith(blob) ? line.slice(blob.length, line.indexOf('\t')) : undefined);
    }
    this.#git.tell(found.map((oid) => (oid === undefined ? '' : `cat-blob ${oid}\n`)).join(''));
    const bodies: (Buffer | undefined)[] = [];
    for (const oid of found) {
      const body = oid === undefined ? undefined : this.#body(oid);
      if (oid !== undefined && body === undefined) return this.#giveUp();
      bodies.push(body);
    }
    return bodies;
  }

  /** Sends a commit that is marked as :1, waits until git has done all of it, and answers the commit. Whether its ref was moved is for who asks to see. */
  commit(stream: Buffer): string | undefined {
    this.#git.tell(stream);
    this.#git.tell('\nget-mark :1\ndone\n');
    const commit = this.#line();
    this.close();
    return commit;
  }

  /** Ends it, without a commit where none was sent. */
  close(): void {
    this.#git.tell('done\n');
    while (this.#hear());
    this.#git.close();
  }

  #giveUp(): undefined {
    this.#git.close();
    return undefined;
  }

  #body(oid: string): Buffer | undefined {
    const head = this.#line();
    if (head === undefined || !head.startsWith(`${oid} blob `)) return undefined;
    const size = Number(head.slice(oid.length + ' blob '.length));
    while (this.#heard.length <= size) if (!this.#hear()) return undefined;
    return this.#take(size + 1).subarray(0, size);
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
    const bytes = Buffer.allocUnsafe(mouthful);
    const size = this.#git.receive(bytes);
    if (size > 0) this.#heard = this.#heard.length === 0 ? bytes.subarray(0, size) : Buffer.concat([this.#heard, bytes.subarray(0, size)]);
    return size > 0;
  }
}
