import { MissingObject, parseInfo, type ObjectInfo } from './object.ts';
import { PipedGit } from './piped.ts';
import type { Repository } from './repository.ts';
import { GitFailed, runGit } from './run.ts';

/** How long git may be silent before the next of many objects, in milliseconds. */
const silence = 120_000;
const asking: readonly string[] = ['cat-file', '--batch', '--buffer'];

/** Is given what an object holds, and the place of its id among those that were asked for. */
type Take = (body: Buffer, index: number) => void;

/**
 * Hands over what each of many objects holds, in their order, as it comes from one git; a body may be looked at only until the next one. Throws MissingObject, GitFailed,
 * GitTimedOut, and what `take` throws.
 */
export async function eachBody(repository: Repository, oids: readonly string[], take: Take): Promise<void> {
  if (oids.length === 0) return;
  const first = new Answers(oids, take);
  const git = await PipedGit.start(repository, asking, {}, silence);
  if (git !== undefined) await hearAll(git, first);
  // What git complained of was not heard: it is asked again for what it did not answer.
  const rest = oids.slice(first.taken);
  if (rest.length === 0) return;
  const others = new Answers(rest, (body, index) => take(body, first.taken + index));
  await runGit(repository, asking, { input: others.questions, timeoutMs: silence }, (chunk) => others.hear(chunk));
  if (others.taken < rest.length) throw new GitFailed(asking, 0, 'it did not answer to the end');
}

/** After so many bytes, others get a turn. */
const stretch = 4 << 20;

async function hearAll(git: PipedGit, answers: Answers): Promise<void> {
  try {
    git.tell(answers.questions);
    git.tellEnd();
    const room = Buffer.allocUnsafe(1 << 17);
    let heard = 0;
    for (let size = git.receive(room); size > 0; size = git.receive(room)) {
      answers.hear(room.subarray(0, size));
      heard += size;
      if (heard < stretch) continue;
      await new Promise((resume) => setImmediate(resume));
      heard = 0;
    }
  } finally {
    git.close();
  }
}

/** What `cat-file` answers about many objects, piece by piece. */
class Answers {
  /** How many bodies were handed over. */
  taken = 0;
  readonly #oids: readonly string[];
  readonly #take: Take;
  /** What has come of an object that is not whole yet, and how much there has to be before it can be. */
  #pieces: Buffer[] = [];
  #held = 0;
  #wanted = 0;
  #next: ObjectInfo | undefined;

  constructor(oids: readonly string[], take: Take) {
    this.#oids = oids;
    this.#take = take;
  }

  get questions(): string {
    return `${this.#oids.join('\n')}\n`;
  }

  /** Hands over the bodies that a piece ends, and keeps a copy of what begins in it. Throws MissingObject. */
  hear(piece: Buffer): void {
    // Of a piece that ends an object, only that end is joined to what has come of it; what follows is read where it lies.
    const lacking = this.#wanted > this.#held ? Math.min(this.#wanted - this.#held, piece.length) : piece.length;
    const end = piece.subarray(0, lacking);
    this.#held += lacking;
    if (this.#held < this.#wanted) return void this.#pieces.push(Buffer.from(end));
    let behind = piece.subarray(lacking);
    let bytes = this.#pieces.length === 0 ? end : Buffer.concat([...this.#pieces, end], this.#held);
    for (;;) {
      if (bytes.length === 0) [bytes, behind] = [behind, bytes];
      if (this.#next === undefined) {
        const line = bytes.indexOf(10);
        if (line < 0) break;
        this.#next = this.#info(bytes.toString('latin1', 0, line));
        bytes = bytes.subarray(line + 1);
      }
      if (bytes.length <= this.#next.size) break;
      this.#take(bytes.subarray(0, this.#next.size), this.taken);
      bytes = bytes.subarray(this.#next.size + 1);
      this.taken += 1;
      this.#next = undefined;
    }
    [this.#pieces, this.#held, this.#wanted] = [bytes.length === 0 ? [] : [Buffer.from(bytes)], bytes.length, (this.#next?.size ?? -1) + 1];
  }

  #info(line: string): ObjectInfo {
    const found = parseInfo(line);
    if (found === undefined) throw new MissingObject(this.#oids[this.taken] ?? '');
    return found;
  }
}
