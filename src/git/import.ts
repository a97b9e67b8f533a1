import { Conversation } from './conversation.ts';
import { importConfiguration, importing } from './import-now.ts';
import { BadPath, checkPath, quoted, streamOf, type CommitDraft } from './draft.ts';
import { consolidateAside, sweepPacks, takeAwayReport } from './packs.ts';
import { checkRefName, explainRefusal, isOid, readRef, RefMoved, updateRefs, type RefOptions } from './refs.ts';
import type { Repository } from './repository.ts';
import { gitText } from './run.ts';

export interface TreeEntry {
  readonly name: string;
  /** As in git: `100644`, `040000` … */
  readonly mode: string;
  readonly oid: string;
}

/** The tree of the commit that a new one follows. */
export interface ImportTree {
  /** What a file holds, or undefined where there is none. */
  read(path: string): Promise<Buffer | undefined>;
  /** What a folder holds, the root for an empty path; nothing where there is none. Recursive: all files below it, by their paths from there. */
  list(path: string, recursive?: boolean): Promise<TreeEntry[]>;
}

export interface ImportOptions extends RefOptions {
  /** What the ref must be when the commit is published, where that is not the parent; so history may be cut. */
  readonly expected?: string | null;
}

/**
 * Writes one commit with one `git fast-import` and moves a ref to it, if the ref still is what it is expected to be: the parent, unless told.
 * `build` reads the parent's tree and drafts the commit; an undefined draft writes nothing and answers undefined.
 * Throws RefMoved, LockHeld or GitFailed, and then the ref has not been moved by this call. (Two calls that write the very same commit, byte for byte, may both succeed.)
 */
export async function importCommit(repository: Repository, ref: string, parent: string | null, build: (tree: ImportTree) => Promise<CommitDraft | undefined>, options: ImportOptions = {}): Promise<string | undefined> {
  checkRefName(ref);
  if (parent !== null && !isOid(parent)) throw new BadPath(parent);
  const git = await Conversation.start(repository, importing, { config: importConfiguration });
  try {
    const draft = await build(treeOf(repository, git, parent));
    if (draft === undefined) {
      git.tell('done\n');
      await git.end();
      return undefined;
    }
    const expected = options.expected === undefined ? parent : options.expected;
    // fast-import moves a ref only forward, but to whatever contains it: where that is more or less than "unchanged", the ref is swapped by itself.
    const plain = expected === parent && (draft.extraParents ?? []).length === 0 && !repository.reftable;
    const commit = await (plain ? publish : publishApart)(repository, git, ref, parent, expected, draft, options);
    await consolidateAside(repository).catch(() => undefined); // the commit stands; the next one tries again
    return commit;
  } catch (error) {
    if (await abandon(repository, git)) return importCommit(repository, ref, parent, build, options);
    throw error;
  }
}

function treeOf(repository: Repository, git: Conversation, parent: string | null): ImportTree {
  const find = async (path: string): Promise<{ mode: string; type: string; oid: string } | undefined> => {
    if (parent === null) return undefined;
    const line = await git.ask(`ls ${parent} ${quoted(path)}\n`, (reader) => reader.line());
    const [, mode, type, oid] = /^(\d{6}) (\w+) ([0-9a-f]+)\t/.exec(line) ?? [];
    return mode === undefined || type === undefined || oid === undefined ? undefined : { mode, type, oid };
  };
  return {
    read: async (path) => {
      checkPath(path);
      const found = await find(path);
      if (found?.type !== 'blob') return undefined;
      return git.ask(`cat-blob ${found.oid}\n`, async (reader) => {
        const size = Number((await reader.line()).split(' ')[2]);
        return (await reader.bytes(size + 1)).subarray(0, size);
      });
    },
    list: async (path, recursive = false) => {
      if (path !== '') checkPath(path);
      const oid = path === '' ? parent : (await find(path))?.oid;
      if (oid === undefined || oid === null) return [];
      const text = await gitText(repository, ['ls-tree', '-z', ...(recursive ? ['-r'] : []), oid]);
      return text.split('\0').flatMap((entry) => {
        const [, mode, oid, name] = /^(\d{6}) \w+ ([0-9a-f]+)\t(.+)$/s.exec(entry) ?? [];
        return mode === undefined || oid === undefined || name === undefined ? [] : [{ name, mode, oid }];
      });
    },
  };
}

/** Writes one commit that follows another, as `importCommit` does, and moves no ref to it: whatever of it is new lies loose until git takes it away. */
export async function importApart(repository: Repository, parent: string, draft: CommitDraft): Promise<string> {
  if (!isOid(parent)) throw new BadPath(parent);
  const git = await Conversation.start(repository, importing, { config: { 'fastimport.unpackLimit': '100000' } });
  try {
    const unpublished = `refs/gastown/import-${process.pid}`;
    const commit = await send(git, unpublished, parent, draft);
    git.tell(`reset ${unpublished}\nfrom ${'0'.repeat(commit.length)}\n\ndone\n`);
    const { code, failure } = await git.end();
    if (code !== 0) throw failure;
    return commit;
  } catch (error) {
    await abandon(repository, git);
    throw error;
  }
}

/** Lets fast-import itself move the ref, when all of the commit has arrived. */
async function publish(repository: Repository, git: Conversation, ref: string, parent: string | null, expected: string | null, draft: CommitDraft, options: ImportOptions): Promise<string> {
  const commit = await send(git, ref, parent, draft);
  const found = await readRef(repository, ref);
  if ((found ?? null) !== expected) throw new RefMoved(ref, expected, found);
  git.tell('done\n');
  const { code, failure } = await git.end();
  if (code === 0) return commit;
  if ((await readRef(repository, ref)) === commit) return commit;
  if (code !== 1) throw failure;
  // The commit is written and only the ref was refused: moved, or locked.
  const change = { ref, from: expected, to: commit };
  await explainRefusal(repository, [change], options, undefined);
  await updateRefs(repository, [change], options);
  return commit;
}

/** Swaps the ref apart, while fast-import still protects the new pack from anybody's `git gc`. */
async function publishApart(repository: Repository, git: Conversation, ref: string, parent: string | null, expected: string | null, draft: CommitDraft, options: ImportOptions): Promise<string> {
  const unpublished = `refs/gastown/import-${process.pid}`;
  const commit = await send(git, unpublished, parent, draft);
  await git.ask(`reset ${unpublished}\nfrom ${'0'.repeat(commit.length)}\n\ncheckpoint\nprogress written\n`, (reader) => reader.line());
  await updateRefs(repository, [{ ref, from: expected, to: commit }], options);
  git.tell('done\n');
  await git.end();
  return commit;
}

async function send(git: Conversation, ref: string, parent: string | null, draft: CommitDraft): Promise<string> {
  await git.pour(inLargePieces(streamOf(ref, parent, draft)));
  return git.ask('\nget-mark :1\n', (reader) => reader.line());
}

/** So many bytes are told at once: telling costs more than what is told. */
const mouthful = 1 << 17;

function* inLargePieces(pieces: Iterable<string | Buffer>): Iterable<Buffer> {
  let [gathered, bytes]: [Buffer[], number] = [[], 0];
  for (const piece of pieces) {
    const next = typeof piece === 'string' ? Buffer.from(piece) : piece;
    gathered.push(next);
    bytes += next.length;
    if (bytes < mouthful) continue;
    yield Buffer.concat(gathered);
    [gathered, bytes] = [[], 0];
  }
  yield Buffer.concat(gathered);
}

/** Ends a fast-import without its `done`, so that it publishes nothing, and takes away the report that it writes about that. Answers whether something was in its way that is not there any more. */
async function abandon(repository: Repository, git: Conversation): Promise<boolean> {
  const { code } = await git.end();
  takeAwayReport(repository, git.pid);
  return code !== 0 && sweepPacks(repository);
}
