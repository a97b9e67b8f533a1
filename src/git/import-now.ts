import type { ChildProcess } from 'node:child_process';
import { closeSync, readSync, writeSync } from 'node:fs';
import { quoted } from './draft.ts';
import { openPipes, type Pipes } from './pipes.ts';
import type { Repository } from './repository.ts';
import { GitTimedOut, invocation, startBetween } from './run.ts';

/** No deltas: they would be made between shards that have nothing in common, and reading one would mean reading fifty. */
export const importing: readonly string[] = ['fast-import', '--quiet', '--done', '--depth=0', '--date-format=raw-permissive'];
/** Packs alone: what lies loose may be taken away before a ref holds it. */
export const importConfiguration = { 'fastimport.unpackLimit': '1' };

/** How long to wait before looking again for one, in milliseconds: about as long as waking up takes. */
const pause = 0.1;
const mouthful = 1 << 13;

/**
 * A fast-import that reads files of a commit and writes the next one while this process does nothing else: one process where reading and writing by themselves take two. Whatever goes wrong
 * with it is answered by undefined, after which it has ended: then the slower ways say what it was. Throws GitTimedOut.
 */
export class ImportNow {
  readonly #child: ChildProcess;
  readonly #pipes: Pipes;
  readonly #patience: number;
  #waiting = Buffer.alloc(0);
  #hasEnded = false;
  #isClosed = false;

  constructor(child: ChildProcess, pipes: Pipes, patience: number) {
    this.#child = child;
    this.#pipes = pipes;
    this.#patience = patience;
    closeSync(pipes.input);
    closeSync(pipes.output);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What files of a commit hold, by their paths; undefined for one that is not there. */
  files(commit: string, paths: readonly string[]): readonly (Buffer | undefined)[] | undefined {
    if (!this.#tell(paths.map((path) => `ls ${commit} ${quoted(path)}\n`).join(''))) return undefined;
    const found: (string | undefined)[] = [];
    for (const path of paths) {
      const line = this.#line();
      if (line === undefined || !(line.startsWith(blob) || line === `missing ${path}`)) return this.#giveUp();
      found.push(line.startsWith(blob) ? line.slice(blob.length, line.indexOf('\t')) : undefined);
    }
    if (!this.#tell(found.map((oid) => (oid === undefined ? '' : `cat-blob ${oid}\n`)).join(''))) return undefined;
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
    if (!this.#tell(stream) || !this.#tell('\nget-mark :1\ndone\n')) return undefined;
    const commit = this.#line();
    this.#awaitEnd();
    this.close();
    return commit;
  }

  /** Ends it, without a commit where none was sent. */
  close(): void {
    if (this.#isClosed) return;
    if (!this.#hasEnded && this.#tell('done\n')) this.#awaitEnd();
    this.#leave();
  }

  #giveUp(): undefined {
    this.#child.kill('SIGKILL');
    this.#leave();
    return undefined;
  }

  #leave(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pipes.close(this.#hasEnded);
  }

  #awaitEnd(): void {
    while (this.#more());
  }

  #body(oid: string): Buffer | undefined {
    const head = this.#line();
    if (head === undefined || !head.startsWith(`${oid} blob `)) return undefined;
    const size = Number(head.slice(oid.length + ' blob '.length));
    while (this.#waiting.length <= size) if (!this.#more()) return undefined;
    return this.#take(size + 1).subarray(0, size);
  }

  #line(): string | undefined {
    let end = this.#waiting.indexOf(10);
    while (end === -1) {
      if (!this.#more()) return undefined;
      end = this.#waiting.indexOf(10);
    }
    return this.#take(end + 1).toString('utf8', 0, end);
  }

  #take(size: number): Buffer {
    const taken = this.#waiting.subarray(0, size);
    this.#waiting = this.#waiting.subarray(size);
    return taken;
  }

  /** Waits for more of what git says; false where it has ended. */
  #more(): boolean {
    if (this.#isClosed || this.#hasEnded) return false;
    const bytes = Buffer.allocUnsafe(mouthful);
    const size = this.#patiently(() => readSync(this.#pipes.from, bytes, 0, mouthful, null));
    if (size === 0) this.#hasEnded = true;
    else this.#waiting = this.#waiting.length === 0 ? bytes.subarray(0, size) : Buffer.concat([this.#waiting, bytes.subarray(0, size)]);
    return size > 0;
  }

  /** Says something; false where nobody hears it any more. */
  #tell(said: string | Buffer): boolean {
    if (this.#isClosed) return false;
    const bytes = typeof said === 'string' ? Buffer.from(said) : said;
    try {
      for (let sent = 0; sent < bytes.length; ) sent += this.#patiently(() => writeSync(this.#pipes.to, bytes, sent));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
      this.#giveUp();
      return false;
    }
  }

  #patiently(step: () => number): number {
    const end = performance.now() + this.#patience;
    for (;;) {
      try {
        return step();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      }
      if (performance.now() > end) {
        this.#giveUp();
        throw new GitTimedOut(importing, this.#patience);
      }
      Atomics.wait(bell, 0, 0, pause);
    }
  }
}

/** Starts one; undefined where there is no way to talk to it. `patience`: how long git may take for one answer, in milliseconds. */
export async function startImport(repository: Repository, patience = 60_000): Promise<ImportNow | undefined> {
  if (repository.reftable) return undefined;
  const call = await invocation(repository, importing, { config: importConfiguration });
  const pipes = openPipes(call.env);
  return pipes && new ImportNow(startBetween(call, pipes.input, pipes.output), pipes, patience);
}

const blob = '100644 blob ';
/** Nobody rings it: waiting for it is how to do nothing for a while. */
const bell = new Int32Array(new SharedArrayBuffer(4));
