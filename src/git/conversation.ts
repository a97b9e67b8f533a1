import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { ByteReader } from './byte-reader.ts';
import { GitFailed, GitTimedOut, invocation, requireGit, startFailure, startGit, stopGit, type GitOptions } from './run.ts';
import type { Repository } from './repository.ts';

/** How long git may take to answer one question, in milliseconds. */
const answerTime = 120_000;

/** A git process that is asked and told things over its input and answers on its output, in order. */
export class Conversation {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #reader = new ByteReader();
  readonly #args: readonly string[];
  /** How it ended; never rejects. */
  readonly ended: Promise<{ code: number; stderr: string; failure: Error }>;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #open = true;
  #timer: NodeJS.Timeout | undefined;
  #timedOut = false;

  static async start(repository: Repository, args: readonly string[], options: GitOptions = {}): Promise<Conversation> {
    return new Conversation(await invocation(repository, args, options), args);
  }

  private constructor(call: Awaited<ReturnType<typeof invocation>>, args: readonly string[]) {
    this.#args = args;
    this.#child = startGit(call);
    this.#letGo();
    let stderr = '';
    this.#child.stdout.on('data', (chunk: Buffer) => this.#reader.push(chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => (stderr = `${stderr}${chunk.toString('utf8')}`.slice(-8192)));
    this.#child.stdin.on('error', () => {}); // its end says why
    this.ended = new Promise((resolve) => {
      const end = (code: number, failure: Error): void => {
        this.#open = false;
        clearTimeout(this.#timer);
        this.#reader.fail(failure);
        resolve({ code, stderr, failure });
      };
      this.#child.on('error', (error) => end(128, startFailure(error, call)));
      this.#child.on('close', (code, signal) => end(code ?? 128, this.#timedOut ? new GitTimedOut(this.#args, answerTime) : new GitFailed(this.#args, code ?? String(signal), stderr)));
    });
  }

  /** Keeps nobody from ending. (Natively a stream that was held again could not be let go.) */
  #letGo(): void {
    this.#child.unref();
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) {
      if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
    }
  }

  get open(): boolean {
    return this.#open;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  tell(text: string | Buffer): void {
    if (this.#open) this.#child.stdin.write(text);
  }

  /** Tells much, piece by piece, each made while git works on the ones before; breaks off where git has ended, which the next question says. */
  async pour(pieces: Iterable<Buffer>): Promise<void> {
    for (const piece of pieces) {
      if (!this.#open) return;
      if (this.#child.stdin.write(piece)) continue;
      const timer = this.#limit();
      await Promise.race([once(this.#child.stdin, 'drain').catch(() => this.ended), this.ended]);
      clearTimeout(timer);
    }
  }

  /** Says something and takes the answer to it; the answers to several questions that are under way arrive in order. */
  async ask<T>(text: string, answer: (reader: ByteReader) => Promise<T>): Promise<T> {
    this.tell(text);
    const own = this.#tail.then(() => answer(this.#reader));
    this.#tail = own.catch(() => {});
    this.#begin();
    try {
      return await own;
    } catch (error) {
      if (error instanceof GitFailed) await requireGit();
      throw error;
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) clearTimeout(this.#timer);
    }
  }

  #begin(): void {
    this.#waiting += 1;
    clearTimeout(this.#timer);
    if (this.#open) this.#timer = this.#limit();
  }

  /** Stops git when it takes too long; this is also what keeps our process alive while an answer is awaited. */
  #limit(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timedOut = true;
      stopGit(this.#child);
    }, answerTime);
  }

  /** Closes its input and waits for its end. */
  async end(): Promise<{ code: number; stderr: string; failure: Error }> {
    const timer = this.#limit();
    if (this.#open) this.#child.stdin.end();
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }
}
