import { Broken, Usage } from '../base/errors.ts';
import { isOid } from './refs.ts';
import type { Repository } from './repository.ts';
import { GitFailed, runGitNow } from './run.ts';

export interface ObjectInfo {
  readonly oid: string;
  readonly type: string;
  /** In bytes. */
  readonly size: number;
}

export interface ObjectContents {
  readonly oid: string;
  readonly type: string;
  readonly body: Buffer;
}

/** What was asked for cannot be the name of an object. */
export class BadRevision extends Usage {
  readonly code = 'object.bad-name';
  constructor(rev: string) {
    super(`${JSON.stringify(rev.slice(0, 200))} is no name for an object`, { rev }, 'use an object id, a ref, or commit:path');
  }
}

/** What brings a lost object back, where a remote has it: git by itself would fetch anew neither ledgers nor claims. */
export const refetchHint = "git fetch --refetch <remote> '+refs/beads/*:refs/beads-remotes/<remote>/*' '+refs/claims/*:refs/beads-remotes/<remote>/claims/*' '+refs/heads/*:refs/remotes/<remote>/*' (brings what is there)";

/** The repository does not hold an object that others in it name. */
export class MissingObject extends Broken {
  readonly code = 'object.missing';
  constructor(oid: string) {
    super(`the object ${oid} is missing`, { oid }, refetchHint);
  }
}

/** Reads what `cat-file` says about an object before its body; undefined where there is none. */
export function parseInfo(line: string): ObjectInfo | undefined {
  const [, oid, type, size] = /^([0-9a-f]{40,64}) (blob|tree|commit|tag) (\d+)$/.exec(line) ?? [];
  return oid === undefined || type === undefined ? undefined : { oid, type, size: Number(size) };
}

/** The objects that tell whether there is one at `commit:a/b`: the commit, its tree, `commit:a`. */
export function wayTo(revision: string): string[] {
  const colon = revision.indexOf(':');
  if (colon < 1) return [];
  const commit = revision.slice(0, colon);
  const folders = revision.slice(colon + 1).split('/').slice(0, -1);
  return [commit, `${commit}^{tree}`, ...folders.map((_, index) => `${commit}:${folders.slice(0, index + 1).join('/')}`)];
}

/** Throws MissingObject where the way to a revision names an object and the repository has lost it: git itself answers as if there had never been one. */
export function refuseLost(revision: string, [commit, ...folders]: readonly (ObjectContents | undefined)[]): void {
  const colon = revision.indexOf(':');
  const start = revision.slice(0, colon);
  if (commit === undefined) {
    // Who names a commit by its id knows of it; what is named otherwise may never have been.
    if (isOid(start)) throw new MissingObject(start);
    return;
  }
  const names = revision.slice(colon + 1).split('/');
  for (const [index, folder] of folders.entries()) {
    if (folder !== undefined && (folder.type !== 'tree' || !lists(folder, names[index] ?? ''))) return;
    if (folder === undefined) break;
  }
  throw new MissingObject(revision);
}

/** Whether a tree has an entry of this name. */
function lists({ oid, body }: ObjectContents, name: string): boolean {
  for (let at = 0; at < body.length; ) {
    const start = body.indexOf(' ', at) + 1;
    const end = body.indexOf(0, start);
    if (body.toString('utf8', start, end) === name) return true;
    at = end + 1 + oid.length / 2;
  }
  return false;
}

/**
 * Reads a few objects by the revisions that name them, such as `commit:path`; undefined where there is none. One question, one process, one answer: for commands
 * that read once and end, to which a conversation with a living process costs more than the process. The way to each is asked for with it, since it tells a lost one. Throws MissingObject.
 */
export async function readObjects(repository: Repository, revisions: readonly string[]): Promise<(ObjectContents | undefined)[]> {
  for (const revision of revisions) if (revision === '' || /[\n\0]/.test(revision)) throw new BadRevision(revision);
  const wanted = new Set<string>();
  for (const revision of revisions) for (const each of [revision, ...wayTo(revision)]) wanted.add(each);
  const asked = [...wanted];
  const answers = await ask(repository, asked);
  const known = new Map(asked.map((revision, index) => [revision, answers[index]]));
  for (const revision of revisions) if (known.get(revision) === undefined) refuseLost(revision, wayTo(revision).map((each) => known.get(each)));
  return revisions.map((revision) => known.get(revision));
}

async function ask(repository: Repository, revisions: readonly string[]): Promise<(ObjectContents | undefined)[]> {
  if (revisions.length === 0) return [];
  const args = ['cat-file', '--batch', '--buffer'];
  const { stdout, code, stderr } = await runGitNow(repository, args, { input: `${revisions.join('\n')}\n` });
  let at = 0;
  return revisions.map(() => {
    const end = stdout.indexOf('\n', at);
    // A repository that has lost an object makes git end in the middle.
    if (end === -1) throw new GitFailed(args, code, stderr === '' ? 'it did not answer to the end' : stderr);
    const info = parseInfo(stdout.toString('utf8', at, end));
    at = end + 1;
    if (info === undefined) return undefined;
    const body = stdout.subarray(at, at + info.size);
    at += info.size + 1;
    return { oid: info.oid, type: info.type, body };
  });
}
