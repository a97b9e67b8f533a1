import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Usage } from '../base/errors.ts';
import { Conversation } from './conversation.ts';
import { consolidateAside, sweepPacks } from './packs.ts';
import { checkRefName, explainRefusal, isOid, readRef, RefMoved, updateRefs, type RefOptions } from './refs.ts';
import type { Repository } from './repository.ts';
import { gitText } from './run.ts';
import { signatureLine, type Signature } from './signature.ts';

/** What a file holds, itself or worked out when its turn comes; the object that it is; null where it goes. */
export type FileDraft = string | Buffer | (() => string) | { readonly oid: string; readonly mode: string } | null;

export interface CommitDraft {
  /** Subject, an empty line, body. */
  readonly message: string;
  readonly author: Signature;
  readonly committer: Signature;
  /** By path: what the file holds from now on, or the object that it is, or null to remove the file or folder. */
  readonly files: ReadonlyMap<string, FileDraft>;
  /** Parents beside the one that the ref has. */
  readonly extraParents?: readonly string[];
  /** Starts from an empty tree. */
  readonly clear?: boolean;
}

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

/** A path that a tree cannot hold, or that a checkout would take for something else. */
export class BadPath extends Usage {
  readonly code = 'tree.bad-path';
  constructor(path: string) {
    super(`${JSON.stringify(path.slice(0, 200))} is no path for a file in a tree`, { path }, 'use names between slashes');
  }
}

/**
 * Writes one commit with one `git fast-import` and moves a ref to it, if the ref still is what it is expected to be: the parent, unless told.
 * `build` reads the parent's tree and drafts the commit; an undefined draft writes nothing and answers undefined.
 * Throws RefMoved, LockHeld or GitFailed, and then the ref has not been moved by this call. (Two calls that write the very same commit, byte for byte, may both succeed.)
 */
export async function importCommit(repository: Repository, ref: string, parent: string | null, build: (tree: ImportTree) => Promise<CommitDraft | undefined>, options: ImportOptions = {}): Promise<string | undefined> {
  checkRefName(ref);
  if (parent !== null && !isOid(parent)) throw new BadPath(parent);
  // No deltas: they would be made between shards that have nothing in common, and reading one would mean reading fifty.
  const git = await Conversation.start(repository, ['fast-import', '--quiet', '--done', '--depth=0', '--date-format=raw-permissive'], { config: { 'fastimport.unpackLimit': '1' } });
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
    await abandon(repository, git);
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
  const git = await Conversation.start(repository, ['fast-import', '--quiet', '--done', '--depth=0', '--date-format=raw-permissive'], { config: { 'fastimport.unpackLimit': '100000' } });
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

/** A commit as fast-import reads it, marked as :1, without what ends it. */
export function* streamOf(ref: string, parent: string | null, draft: CommitDraft): Iterable<string | Buffer> {
  const parents = [...(parent === null ? [] : [`from ${parent}\n`]), ...(draft.extraParents ?? []).map((oid) => `merge ${oid}\n`)];
  yield [`commit ${ref}\nmark :1\n`, `author ${signatureLine(draft.author)}\n`, `committer ${signatureLine(draft.committer)}\n`].join('');
  yield* dataOf(draft.message.replaceAll('\0', '\ufffd'));
  yield parents.join('') + (draft.clear === true ? 'deleteall\n' : '');
  for (const [path, content] of draft.files) {
    checkPath(path);
    if (content === null) yield `D ${quoted(path)}\n`;
  }
  for (const [path, content] of draft.files) {
    if (content === null) continue;
    if (typeof content === 'object' && 'oid' in content) {
      yield `M ${content.mode} ${content.oid} ${quoted(path)}\n`;
    } else {
      yield `M 100644 inline ${quoted(path)}\n`;
      yield* dataOf(typeof content === 'function' ? content() : content);
    }
  }
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

function* dataOf(content: string | Buffer): Iterable<string | Buffer> {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  yield `data ${bytes.length}\n`;
  yield bytes;
  yield '\n';
}

function checkPath(path: string): void {
  const bad = path.includes('\0') || path.split('/').some((name) => name === '' || name === '.' || name === '..' || /^\.git$/i.test(name));
  if (bad) throw new BadPath(path);
}

/** A path as fast-import reads it whatever is in it. */
function quoted(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/** Ends a fast-import without its `done`, so that it publishes nothing, and takes away the report that it writes about that. */
async function abandon(repository: Repository, git: Conversation): Promise<void> {
  const { code } = await git.end();
  if (code !== 0) await sweepPacks(repository);
  try {
    unlinkSync(join(repository.gitDir, `fast_import_crash_${git.pid}`));
  } catch {
    // It ended without one.
  }
}
