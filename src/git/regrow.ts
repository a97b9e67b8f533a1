import { ObjectReader } from './objects.ts';
import { readRef, updateRefs, type RefChange } from './refs.ts';
import type { Repository } from './repository.ts';
import { runGit } from './run.ts';
import { signatureLine, type Signature } from './signature.ts';

/** One commit as it is kept: who wrote it when, and what it says, word for word. */
interface Kept {
  readonly oid: string;
  readonly tree: string;
  readonly parents: readonly string[];
  /** `Name <e-mail> seconds zone` each. */
  readonly author: string;
  readonly committer: string;
  readonly message: Buffer;
}

/** What the new history ends with. */
export interface LastCommit {
  readonly message: string;
  readonly author: Signature;
  /** Texts by path. */
  readonly files: ReadonlyMap<string, string>;
}

/** Holds the new commits until they are published. Whoever was killed meanwhile leaves it to the next, who puts its own in that place. */
const unpublished = 'refs/gastown/regrow';

/**
 * Grows the history behind `root` anew on a commit without parents that has the tree of `root`: every commit from there to `head` again, with its own words and times, and
 * a last one on top. Moves `ref` from `head` to it, together with `others`, and answers it. One at a time in a repository. Throws RefMoved, MissingObject and GitFailed; nothing has been moved then.
 */
export async function regrow(repository: Repository, ref: string, { root, head, rootMessage, last, others }: { readonly root: string; readonly head: string; readonly rootMessage: string; readonly last: LastCommit; readonly others: readonly RefChange[] }): Promise<string> {
  const { stdout } = await runGit(repository, ['rev-list', '--topo-order', '--reverse', head, `^${root}`, '--'], { timeoutMs: 600_000 });
  const [first, ...kept] = await read(repository, [root, ...stdout.toString('utf8').split('\n').filter((oid) => oid !== '')]);
  if (first === undefined) throw new Error('the root was not read');
  const pieces: (string | Buffer)[] = [];
  const marks = new Map<string, number>();
  const commit = (mark: number, author: string, committer: string, message: Buffer, parents: readonly number[]): void => {
    pieces.push(`commit ${unpublished}\nmark :${mark}\nauthor ${author}\ncommitter ${committer}\ndata ${message.length}\n`, message, '\n', ...parents.map((parent, index) => `${index === 0 ? 'from' : 'merge'} :${parent}\n`));
  };
  commit(1, first.author, first.committer, Buffer.from(rootMessage), []);
  pieces.push(`M 040000 ${first.tree} ""\n`);
  for (const { oid, tree, parents, author, committer, message } of kept) {
    marks.set(oid, marks.size + 2);
    // What lies further back is the root now, once.
    commit(marks.get(oid) ?? 0, author, committer, message, [...new Set(parents.map((parent) => marks.get(parent) ?? 1))]);
    pieces.push(`M 040000 ${tree} ""\n`);
  }
  const end = marks.size + 2;
  const person = signatureLine(last.author);
  commit(end, person, person, Buffer.from(last.message), [end - 1]);
  for (const [path, content] of last.files) pieces.push(`M 100644 inline ${path}\ndata ${Buffer.byteLength(content)}\n${content}\n`);
  pieces.push(`get-mark :${end}\ndone\n`);
  const input = Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)));
  const args = ['fast-import', '--quiet', '--done', '--force', '--date-format=raw-permissive'];
  const { stdout: marked } = await runGit(repository, args, { input, config: { 'fastimport.unpackLimit': '1' }, timeoutMs: 600_000 });
  const tip = marked.toString('utf8').trim();
  // Until then the ref of our own keeps the new commits from anybody's pruning.
  await updateRefs(repository, [{ ref, from: head, to: tip }, ...others, { ref: unpublished, from: (await readRef(repository, unpublished)) ?? null, to: null }]);
  return tip;
}

async function read(repository: Repository, oids: readonly string[]): Promise<Kept[]> {
  const reader = ObjectReader.open(repository);
  try {
    return await Promise.all(oids.map(async (oid) => parse(oid, await reader.body(oid))));
  } finally {
    await reader.close();
  }
}

function parse(oid: string, body: Buffer): Kept {
  const split = body.indexOf('\n\n');
  const headers = body.toString('utf8', 0, split).split('\n');
  const all = (name: string): string[] => headers.flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : []));
  return { oid, tree: all('tree')[0] ?? '', parents: all('parent'), author: all('author')[0] ?? '', committer: all('committer')[0] ?? '', message: body.subarray(split + 2) };
}
