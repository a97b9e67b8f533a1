import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Busy, Usage } from '../base/errors.ts';
import type { Repository } from './repository.ts';

/** One ref to be moved: from the value that it must have (null: it must not exist) to its new one (null: none). */
export interface RefChange {
  readonly ref: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** A ref no longer had the value that a change was made for. */
export class RefMoved extends Busy {
  readonly code = 'ref.moved';
  constructor(ref: string, expected: string | null, found: string | undefined) {
    super(`${ref} was moved by somebody else`, { ref, expected, found: found ?? null }, 'run the command again');
  }
}

/** A name that git, a file system or a command line could take for something else. */
export class BadRefName extends Usage {
  readonly code = 'ref.bad-name';
  constructor(name: string, reason: string) {
    super(`${JSON.stringify(name.slice(0, 200))} is no name for a ref: ${reason}`, { name, reason }, 'use letters, digits, - and _ between slashes');
  }
}

/** Throws BadRefName unless the name is a full ref name below a folder of `refs/`, by a grammar stricter than git's. */
export function checkRefName(name: string): void {
  const reason = faultOf(name);
  if (reason !== undefined) throw new BadRefName(name, reason);
}

/** Whether checkRefName takes a name. */
export function isRefName(name: string): boolean {
  return faultOf(name) === undefined;
}

/** Throws BadRefName unless the name is the short name of a branch. */
export function checkBranchName(name: string): void {
  const reason = name.startsWith('refs/') || name === 'HEAD' ? 'a branch is named without its folder' : faultOf(`refs/heads/${name}`);
  if (reason !== undefined) throw new BadRefName(name, reason);
}

function faultOf(name: string): string | undefined {
  const parts = name.split('/');
  if (parts[0] !== 'refs' || parts.length < 3) return 'it needs a folder, as in refs/beads/main';
  const fault = isPlain(name) ? undefined : faultOfCharacters(name, parts);
  if (fault !== undefined) return fault;
  for (const part of parts) {
    if (part === '') return 'a part of it is empty';
    if (part.startsWith('-') || part.startsWith('.')) return 'a part of it begins with - or .';
    if (part.endsWith('.') || part.toLowerCase().endsWith('.lock')) return 'a part of it ends in . or .lock';
  }
  return undefined;
}

/** Short and of letters, digits, - and _ alone, as the names of our own refs, which every command looks at: then a far dearer look at its characters finds nothing. */
function isPlain(name: string): boolean {
  return name.length <= 200 && /^[\w/-]*$/.test(name);
}

function faultOfCharacters(name: string, parts: readonly string[]): string | undefined {
  if (/[\u0000-\u0020\u007f~^:?*[\\\p{Surrogate}]/u.test(name)) return 'it holds a character that has a meaning to git';
  if (name.includes('..') || name.includes('@{')) return 'it holds .. or @{';
  if (Buffer.byteLength(name) > 1000 || parts.some((part) => Buffer.byteLength(part) > 200)) return 'it is too long';
  return undefined;
}

const oidPattern = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

/** Whether the text is a full object id. */
export function isOid(text: string): boolean {
  return oidPattern.test(text);
}

/** Reads the object id that a ref (or HEAD) names, or undefined where there is no such ref; without a process where refs are files. */
export async function readRef(repository: Repository, ref: string): Promise<string | undefined> {
  if (ref !== 'HEAD') checkRefName(ref);
  if (!repository.reftable) {
    const found = readFiles(repository, ref);
    if (found !== 'ask git') return found;
  }
  const { gitText } = await import('./run.ts');
  const text = await gitText(repository, ['rev-parse', '--quiet', '--verify', '--end-of-options', ref], { accept: [0, 1] });
  return text === '' ? undefined : text;
}

/** Packed refs beyond this size are left to git, which searches them without reading all. */
const searchable = 1 << 20;

function readFiles(repository: Repository, ref: string, depth = 0): string | undefined | 'ask git' {
  const loose = textOf(refPath(repository, ref))?.trim();
  if (loose !== undefined) {
    if (isOid(loose)) return loose;
    const target = /^ref: *(refs\/.+)$/.exec(loose)?.[1];
    return target === undefined || depth > 4 ? 'ask git' : readFiles(repository, target, depth + 1);
  }
  // Git writes a ref into packed-refs before it removes the loose file, so this order misses none.
  const packed = join(repository.commonDir, 'packed-refs');
  if ((statSync(packed, { throwIfNoEntry: false })?.size ?? 0) > searchable) return 'ask git';
  const lines = textOf(packed) ?? '';
  const at = lines.indexOf(` ${ref}\n`);
  return at === -1 ? undefined : lines.slice(lines.lastIndexOf('\n', at) + 1, at);
}

function refPath({ gitDir, commonDir }: Repository, ref: string): string {
  const isOwn = ref === 'HEAD' || ref.startsWith('refs/bisect/') || ref.startsWith('refs/worktree/') || ref.startsWith('refs/rewritten/');
  return join(isOwn ? gitDir : commonDir, ref);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw error;
  }
}

/** The ref that a symbolic ref such as HEAD points to, or undefined where it points to none. */
export async function readSymbolicRef(repository: Repository, name: string): Promise<string | undefined> {
  if (name !== 'HEAD') checkRefName(name);
  if (!repository.reftable) return /^ref: *(refs\/.+)$/m.exec(textOf(refPath(repository, name)) ?? '')?.[1];
  const { gitText } = await import('./run.ts');
  return (await gitText(repository, ['symbolic-ref', '--quiet', name], { accept: [0, 1, 128] })) || undefined;
}

/** Lists the refs below a folder such as `refs/wip/`, or the one ref of that name, sorted by name. */
export async function listRefs(repository: Repository, prefix: string): Promise<{ ref: string; oid: string }[]> {
  checkRefName(prefix.endsWith('/') ? `${prefix}x/x` : `${prefix}/x/x`);
  const { gitText } = await import('./run.ts');
  const text = await gitText(repository, ['for-each-ref', '--format=%(objectname) %(refname)', '--', prefix]);
  return text === '' ? [] : text.split('\n').map((line) => ({ oid: line.slice(0, line.indexOf(' ')), ref: line.slice(line.indexOf(' ') + 1) }));
}

/** Whether a commit is part of what some ref holds, of those that are named or lie below a folder. Throws GitFailed where there is no such commit. */
export async function isHeld(repository: Repository, commit: string, refs: readonly string[]): Promise<boolean> {
  const { gitText } = await import('./run.ts');
  return (await gitText(repository, ['for-each-ref', '--count=1', '--format=%(refname)', `--contains=${commit}`, '--', ...refs])) !== '';
}

export interface RefOptions {
  /** What the reflogs say about it; without it, only refs that have a reflog get an entry. */
  readonly reflog?: string;
  /** Is told, in a sentence, of a lock that a dead process had left and that was removed. */
  readonly note?: (sentence: string) => void;
}

/** Moves refs in one transaction: all of them, or none when one has not the value it is moved from; throws RefMoved or LockHeld. */
export async function updateRefs(repository: Repository, changes: readonly RefChange[], options: RefOptions = {}): Promise<void> {
  for (const { ref } of changes) checkRefName(ref);
  if (changes.length === 0) return;
  const { GitFailed, runGit } = await import('./run.ts');
  const args = ['update-ref', ...(options.reflog === undefined ? [] : ['-m', options.reflog, '--create-reflog']), '--no-deref', '--stdin', '-z'];
  for (let attempt = 1; ; attempt += 1) {
    const { code, stderr } = await runGit(repository, args, { input: changes.map(instruction).join(''), accept: [0, 1, 128] });
    if (code === 0) return;
    await explainRefusal(repository, changes, options, attempt < 3 ? undefined : new GitFailed(args, code, stderr));
  }
}

function instruction({ ref, from, to }: RefChange): string {
  for (const oid of [from, to]) if (oid !== null && !isOid(oid)) throw new BadRefName(ref, `${JSON.stringify(oid)} is no object id`);
  if (from === to) return `verify ${ref}\0${from ?? ''}\0`;
  if (to === null) return `delete ${ref}\0${from ?? ''}\0`;
  return from === null ? `create ${ref}\0${to}\0` : `update ${ref}\0${to}\0${from}\0`;
}

/** Finds out why refs could not be moved: throws RefMoved or LockHeld, and returns when it is worth another try, unless a last failure is given. */
export async function explainRefusal(repository: Repository, changes: readonly RefChange[], options: RefOptions, last: Error | undefined): Promise<void> {
  await throwIfMoved(repository, changes);
  const { freeLocks } = await import('./locks.ts');
  const waited = await freeLocks(repository, lockPaths(repository, changes), options.note);
  if (waited) await throwIfMoved(repository, changes);
  if (last !== undefined) {
    const { requireGit } = await import('./run.ts');
    await requireGit();
    throw last;
  }
}

async function throwIfMoved(repository: Repository, changes: readonly RefChange[]): Promise<void> {
  for (const { ref, from } of changes) {
    const found = await readRef(repository, ref);
    if ((found ?? null) !== from) throw new RefMoved(ref, from, found);
  }
}

function lockPaths(repository: Repository, changes: readonly RefChange[]): string[] {
  if (repository.reftable) return [join(repository.commonDir, 'reftable', 'tables.list.lock')];
  const own = changes.map(({ ref }) => `${refPath(repository, ref)}.lock`);
  return [...own, join(repository.commonDir, 'packed-refs.lock'), join(repository.gitDir, 'HEAD.lock'), join(repository.commonDir, 'HEAD.lock')];
}
