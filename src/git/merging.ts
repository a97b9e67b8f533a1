import { isOid, checkRefName } from './refs.ts';
import { BadRevision } from './object.ts';
import type { Repository } from './repository.ts';
import { GitFailed, gitText, runGit } from './run.ts';
import { signatureEnvironment, type Signature } from './signature.ts';

export interface Merge {
  /** The merged tree; where there are conflicts, with their markers in the files. */
  readonly tree: string;
  /** The paths that conflict. */
  readonly conflicts: readonly string[];
  /** What git says about them. */
  readonly messages: readonly string[];
}

export interface NewCommit {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly author: Signature;
  readonly committer: Signature;
}

/** A merge comes out the same on every machine. */
const pinned = {
  'merge.directoryRenames': 'false',
  'merge.renames': 'true',
  'merge.renameLimit': '7000',
  'merge.conflictStyle': 'merge',
  'merge.renormalize': 'false',
  'merge.verbosity': '2',
};

const nobody: Signature = { name: 'gastown', email: '', epochSeconds: 0, zone: '+0000' };

/** The best common ancestor of two commits, or undefined where they have none. Throws GitFailed where a commit on the way is missing. */
export async function mergeBase(repository: Repository, one: string, other: string): Promise<string | undefined> {
  checkRevisions(one, other);
  const args = ['merge-base', '--end-of-options', one, other];
  const { code, stdout, stderr } = await runGit(repository, args, { accept: [0, 1] });
  if (code === 1) refuseUnread(args, code, stderr);
  return code === 1 ? undefined : stdout.toString('utf8').trim();
}

/** Git before 2.44 takes a history that it cannot read for one that ends, but says so. Throws GitFailed. */
function refuseUnread(args: readonly string[], code: number, stderr: string): void {
  if (/^error: /m.test(stderr)) throw new GitFailed(args, code, stderr);
}

/** What git says where it cannot read all the commits behind one; undefined where it can. */
export async function lostBehind(repository: Repository, commit: string): Promise<string | undefined> {
  checkRevisions(commit);
  const { code, stderr } = await runGit(repository, ['rev-list', '--count', '--end-of-options', commit], { accept: [0, 128], timeoutMs: 600_000 });
  return code === 0 ? undefined : stderr.split('\n', 1)[0];
}

/** Merges the trees of two commits or trees with a given base (null: nothing in common), without a worktree. */
export async function mergeTree(repository: Repository, { base, ours, theirs }: { base: string | null; ours: string; theirs: string }): Promise<Merge> {
  checkRevisions(ours, theirs, ...(base === null ? [] : [base]));
  // merge-tree takes no base before git 2.40, and a base that is no ancestor in none: so both sides are made children of it.
  const side = (rev: string): Promise<string> => gitText(repository, ['commit-tree', `${rev}^{tree}`, ...(base === null ? [] : ['-p', base])], { input: '', env: signatureEnvironment(nobody, nobody) });
  const [left, right] = await Promise.all([side(ours), side(theirs)]);
  const args = ['merge-tree', '--write-tree', '-z', '--name-only', '--messages', ...(base === null ? ['--allow-unrelated-histories'] : []), left, right];
  const { code, stdout } = await runGit(repository, args, { accept: [0, 1], config: pinned, guarded: true });
  const [tree = '', ...fields] = stdout.toString('utf8').split('\0');
  if (code === 0) return { tree, conflicts: [], messages: [] };
  const end = fields.indexOf('');
  return { tree, conflicts: [...new Set(fields.slice(0, end))], messages: messagesIn(fields.slice(end + 1)) };
}

/** Each message is a count, as many paths, a kind and the text. */
function messagesIn(fields: readonly string[]): string[] {
  const messages: string[] = [];
  for (let at = 0; at + 1 < fields.length; ) {
    const text = at + Number(fields[at]) + 2;
    const kind = fields[text - 1];
    if (kind !== 'Auto-merging') messages.push((fields[text] ?? '').trim());
    at = text + 1;
  }
  return messages;
}

/** Writes a commit of a tree that is there already, and answers its object id. */
export async function commitTree(repository: Repository, { tree, parents, message, author, committer }: NewCommit): Promise<string> {
  checkRevisions(tree, ...parents);
  const args = ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])];
  return gitText(repository, args, { input: message.replaceAll('\0', '\ufffd'), env: signatureEnvironment(author, committer) });
}

/** Whether the history of a commit holds another, or is it. Throws GitFailed where one of both cannot be read, or what lies between them. */
export async function isAncestor(repository: Repository, ancestor: string, descendant: string): Promise<boolean> {
  checkRevisions(ancestor, descendant);
  const args = ['merge-base', '--is-ancestor', '--end-of-options', ancestor, descendant];
  const { code, stderr } = await runGit(repository, args, { accept: [0, 1] });
  if (code === 1) refuseUnread(args, code, stderr);
  return code === 0;
}

/** The paths in which two commits or trees differ, sorted. */
export async function diffNames(repository: Repository, from: string, to: string): Promise<string[]> {
  checkRevisions(from, to);
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--no-ext-diff', '--no-textconv', '--ignore-submodules=none', '--end-of-options', `${from}^{tree}`, `${to}^{tree}`];
  const { stdout } = await runGit(repository, args);
  return stdout.toString('utf8').split('\0').filter((path) => path !== '');
}

/** Throws BadRevision unless each is a full object id, HEAD or a full ref name. */
function checkRevisions(...revs: readonly string[]): void {
  for (const rev of revs) {
    if (isOid(rev) || rev === 'HEAD') continue;
    if (!rev.startsWith('refs/')) throw new BadRevision(rev);
    checkRefName(rev);
  }
}
