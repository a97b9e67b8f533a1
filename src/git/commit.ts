import { streamOf, type CommitDraft } from './draft.ts';
import { importConfiguration, importing, thenTellCommit, type ImportNow } from './import-now.ts';
import { consolidateAside, sweepPacks, takeAwayReport } from './packs.ts';
import { checkRefName, explainRefusal, isHeld, readRef, RefMoved, updateRefs } from './refs.ts';
import type { Repository } from './repository.ts';
import { GitFailed, runGitNow } from './run.ts';

/**
 * Writes one commit on top of the one that a ref names, and moves the ref to it, by `git` where that still runs. Only for small ones, since nothing else happens meanwhile.
 * Throws RefMoved, LockHeld or GitFailed, and then the ref has not been moved by this call.
 */
export async function commitOn(repository: Repository, ref: string, parent: string, draft: CommitDraft, git?: ImportNow): Promise<string> {
  checkRefName(ref);
  const found = await readRef(repository, ref);
  if (found !== parent) throw new RefMoved(ref, parent, found);
  const stream = Buffer.concat([...streamOf(ref, parent, draft)].map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)));
  const written = git?.commit(stream);
  if (written !== undefined && (await holds(repository, ref, written))) return settled(repository, written);
  return writeApart(repository, ref, parent, stream);
}

async function writeApart(repository: Repository, ref: string, parent: string, stream: Buffer): Promise<string> {
  const { code, stdout, stderr, pid } = await runGitNow(repository, importing, { input: Buffer.concat([stream, Buffer.from(thenTellCommit)]), config: importConfiguration, accept: [0, 1, 128] });
  const commit = stdout.toString('utf8').split('\n', 1)[0] ?? '';
  if (code === 0 || (commit !== '' && (await readRef(repository, ref)) === commit)) return settled(repository, commit);
  if (code !== 1) {
    takeAwayReport(repository, pid);
    if (await sweepPacks(repository)) return writeApart(repository, ref, parent, stream);
    throw new GitFailed(importing, code, stderr);
  }
  // The commit is written and only the ref was refused: moved, or locked.
  const change = { ref, from: parent, to: commit };
  await explainRefusal(repository, [change], {}, undefined);
  await updateRefs(repository, [change]);
  return commit;
}

/** Whether a commit is part of what a ref names: somebody may have gone on from it already. */
async function holds(repository: Repository, ref: string, commit: string): Promise<boolean> {
  return (await readRef(repository, ref)) === commit || isHeld(repository, commit, [ref]).catch(() => false); // there is no such commit
}

async function settled(repository: Repository, commit: string): Promise<string> {
  await consolidateAside(repository).catch(() => undefined); // the commit stands; the next one tries again
  return commit;
}
