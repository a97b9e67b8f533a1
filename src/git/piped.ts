import type { ChildProcess } from 'node:child_process';
import { readSync, writeSync } from 'node:fs';
import { pause } from '../base/pause.ts';
import { openPipes, type Pipes } from './pipes.ts';
import type { Repository } from './repository.ts';
import { GitTimedOut, invocation, startBetween, type GitOptions } from './run.ts';

/** How long to wait before looking again for an answer, in milliseconds: about as long as waking up takes. */
const shortPause = 0.1;
/** Who has not answered after so long takes longer. */
const short = 20;
const longPause = 2;

/** A git that is spoken with through named pipes while this process does nothing else, which costs a fraction of what its streams do. */
export class PipedGit {
  readonly #child: ChildProcess;
  readonly #pipes: Pipes;
  readonly #args: readonly string[];
  readonly #patience: number;
  #unsent: Buffer[] = [];
  #saysNoMore = false;
  #hasEnded = false;
  #isClosed = false;

  /** `patience`: how long git may be silent, in milliseconds. Undefined where there are no pipes. */
  static async start(repository: Repository, args: readonly string[], options: Pick<GitOptions, 'config'>, patience: number): Promise<PipedGit | undefined> {
    const call = await invocation(repository, args, options);
    const pipes = openPipes(call.env);
    if (pipes === undefined) return undefined;
    try {
      return new PipedGit(startBetween(call, pipes.input, pipes.output), pipes, args, patience);
    } catch {
      pipes.close(false);
      return undefined; // whoever starts it otherwise says why
    }
  }

  private constructor(child: ChildProcess, pipes: Pipes, args: readonly string[], patience: number) {
    this.#child = child;
    this.#pipes = pipes;
    this.#args = args;
    this.#patience = patience;
    pipes.shut(pipes.input);
    pipes.shut(pipes.output);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Says something, of which git may hear no more than it has room for until it is listened to. */
  tell(said: string | Buffer): void {
    if (this.#isClosed) return;
    this.#unsent.push(typeof said === 'string' ? Buffer.from(said) : said);
    this.#send();
  }

  /** Says that this was all. */
  tellEnd(): void {
    this.#saysNoMore = true;
    this.#send();
  }

  /** Waits for more of what git says and writes it into `room` from `at` on; answers how many bytes, 0 where it has ended or was given up. Throws GitTimedOut. */
  receive(room: Buffer, at = 0): number {
    const begin = performance.now();
    while (!this.#isClosed && !this.#hasEnded) {
      const size = unlessWaiting(() => readSync(this.#pipes.from, room, at, room.length - at, null));
      if (size === 0) this.#hasEnded = true;
      if (size !== undefined) return size;
      if (this.#send()) continue;
      const waited = performance.now() - begin;
      if (waited > this.#patience) {
        this.close();
        throw new GitTimedOut(this.#args, this.#patience, true);
      }
      pause(waited < short ? shortPause : longPause);
    }
    return 0;
  }

  /** Ends the conversation, and git where it has not ended by itself: then nobody uses these pipes again. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // One that could not be started has no number, and Node would then stop whoever belongs to our group.
    if (!this.#hasEnded && this.#child.pid !== undefined) this.#child.kill('SIGKILL');
    this.#pipes.close(this.#hasEnded);
  }

  /** Sends what git has room for, and closes its input behind the last of it; whether anything was there to send and there was room. */
  #send(): boolean {
    const [first] = this.#unsent;
    if (first === undefined) {
      if (this.#saysNoMore) this.#pipes.shut(this.#pipes.to);
      return false;
    }
    const sent = unlessWaiting(() => writeSync(this.#pipes.to, first));
    if (sent === undefined) return false;
    this.#unsent = sent < first.length ? [first.subarray(sent), ...this.#unsent.slice(1)] : this.#unsent.slice(1);
    return true;
  }
}

/** Answers undefined where a step would have to wait; all there was where nobody listens any more, which what git says next will show. */
function unlessWaiting(step: () => number): number | undefined {
  try {
    return step();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN') return undefined;
    if (code === 'EPIPE') return Infinity;
    throw error;
  }
}
