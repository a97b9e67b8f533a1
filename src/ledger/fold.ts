import { canonical } from '../base/jsonl.ts';
import type { CommitDraft, FileDraft } from '../git/draft.ts';
import { isAncestor } from '../git/merging.ts';
import { ObjectReader } from '../git/objects.ts';
import { listRefs, readRef, updateRefs } from '../git/refs.ts';
import type { Repository } from '../git/repository.ts';
import { formatAt } from './init.ts';
import type { Ledger } from './ledger.ts';
import { lockedWrite } from './locked.ts';
import { mergeTrees, readDivergence, type Divergence, type MergeChange } from './merge-trees.ts';

/** What became of a commit of another replica that was to be folded into the ledger. */
export interface Folded {
  /** `kept`: nothing was to be done; `forwarded`: the ledger is at that commit now; `merged`: it is at a commit that joins both. */
  readonly how: 'kept' | 'forwarded' | 'merged';
  /** Where the ledger stands now. */
  readonly commit: string;
  readonly before: string | undefined;
  /** The ref that keeps what was here before a merge. */
  readonly backup?: string;
}

/** Where clones keep what their ledger was before merges; never pushed, nor fetched by `refs/beads/*`. */
export const backupFolder = 'refs/beads-backup/';
const keptBackups = 20;

/**
 * Folds the ledger at a commit into this clone's. Where both have changed, the merge is the same commit whoever makes it. The commit and all that it holds must be in the repository.
 * May be repeated after any interruption. Throws BadFormat, BadShard, BadSettings and MissingObject where one of both cannot be read, and then nothing was changed; and Busy.
 */
export async function fold(ledger: Ledger, theirs: string): Promise<Folded> {
  return lockedWrite(ledger, async () => {
    const { repository, ref } = ledger;
    const ours = await readRef(repository, ref);
    if (ours !== undefined && (ours === theirs || (await isAncestor(repository, theirs, ours)))) return { how: 'kept', commit: ours, before: ours };
    const reader = ObjectReader.open(repository);
    try {
      if (ours === undefined) {
        await formatAt(reader, theirs);
        await updateRefs(repository, [{ ref, from: null, to: theirs }]);
        return { how: 'forwarded', commit: theirs, before: undefined };
      }
      const divergence = await readDivergence(repository, reader, ours, theirs);
      if (!(await isAncestor(repository, ours, theirs))) return await merge(ledger, reader, divergence);
      await formatAt(reader, theirs);
      await updateRefs(repository, [{ ref, from: ours, to: theirs }]);
      return { how: 'forwarded', commit: theirs, before: ours };
    } finally {
      await reader.close();
    }
  });
}

async function merge(ledger: Ledger, reader: ObjectReader, divergence: Divergence): Promise<Folded> {
  const { repository, ref } = ledger;
  const { ours } = divergence;
  const plan = await planOf(repository, reader, divergence);
  if (plan.parent === ours && plan.draft === undefined) return { how: 'kept', commit: ours, before: ours };
  const backup = await backUp(ledger, ours);
  if (plan.draft === undefined) {
    await updateRefs(repository, [{ ref, from: ours, to: plan.parent }]);
    return { how: 'forwarded', commit: plan.parent, before: ours, backup };
  }
  const { parent, draft } = plan;
  const { importCommit } = await import('../git/import.ts');
  const commit = (await importCommit(repository, ref, parent, async () => draft, { expected: ours })) ?? ours;
  return { how: 'merged', commit, before: ours, backup };
}

/** What two commits come to: a commit that follows one of them, or that one itself. */
async function planOf(repository: Repository, reader: ObjectReader, divergence: Divergence): Promise<{ readonly parent: string; readonly draft?: CommitDraft }> {
  const { ours, theirs } = divergence;
  const [our, their] = await Promise.all([formatAt(reader, ours), formatAt(reader, theirs)]);
  // Where history was cut, only what came after the newer cut stays, or the old history would come back.
  const newer = our.cut === their.cut ? undefined : our.cut > their.cut ? ours : theirs;
  const [parent = ours, other = theirs] = newer === undefined ? [ours, theirs].sort() : [newer, newer === ours ? theirs : ours];
  const { files, changes } = await mergeTrees(repository, reader, divergence, parent);
  if (newer !== undefined && files.size === 0) return { parent };
  return { parent, draft: await draftOf(reader, { parent, other, joins: newer === undefined }, files, changes) };
}

/** What commits of a ledger come to together: the one that there is, or the merge that anybody would make of them, which no ref holds. Throws what `fold` throws where one of them cannot be read. */
export async function joined(repository: Repository, [first = '', ...others]: readonly string[]): Promise<string> {
  const reader = ObjectReader.open(repository);
  try {
    let commit = first;
    for (const other of others) {
      const { parent, draft } = await planOf(repository, reader, await readDivergence(repository, reader, commit, other));
      commit = draft === undefined ? parent : await (await import('../git/import.ts')).importApart(repository, parent, draft);
    }
    return commit;
  } finally {
    await reader.close();
  }
}

/** Keeps a commit under a ref of its own, and lets go of the oldest ones. */
async function backUp({ repository, now }: Ledger, commit: string): Promise<string> {
  const known = await listRefs(repository, backupFolder);
  const found = known.find(({ oid }) => oid === commit);
  if (found !== undefined) return found.ref;
  const backup = `${backupFolder}${String(Math.floor(now() / 1000)).padStart(11, '0')}-${commit.slice(0, 12)}`;
  const old = known.sort((a, b) => (a.ref < b.ref ? -1 : 1)).slice(0, Math.max(0, known.length + 1 - keptBackups));
  await updateRefs(repository, [{ ref: backup, from: null, to: commit }, ...old.map(({ ref, oid }) => ({ ref, from: oid, to: null }))]);
  return backup;
}

const listedChanges = 200;

/** A commit that is made of nothing but what it joins. */
async function draftOf(reader: ObjectReader, { parent, other, joins }: { readonly parent: string; readonly other: string; readonly joins: boolean }, files: ReadonlyMap<string, FileDraft>, changes: readonly MergeChange[]): Promise<CommitDraft> {
  const seconds = await Promise.all([parent, other].map((commit) => secondsOf(reader, commit)));
  const person = { name: 'gastown', email: '', epochSeconds: Math.max(...seconds), zone: '+0000' };
  const listed = changes.slice(0, listedChanges);
  const body = listed.map((change) => `${canonical(change)}\n`).join('') + (changes.length > listed.length ? `${canonical({ op: 'more', changes: changes.length - listed.length })}\n` : '');
  const trailers = [...new Set(listed.map(({ id }) => id))].map((id) => `Bead: ${id}\n`).join('');
  const subject = joins ? `Merge ${parent.slice(0, 12)} and ${other.slice(0, 12)}` : `Take in ${other.slice(0, 12)}, from before history was cut`;
  return { message: `${subject}\n\n${body}${body === '' ? '' : '\n'}${trailers}Actor: gastown\n`, author: person, committer: person, files, extraParents: joins ? [other] : [] };
}

async function secondsOf(reader: ObjectReader, commit: string): Promise<number> {
  return Number(/^committer .*> (\d+) [+-]\d{4}$/m.exec((await reader.body(commit)).toString('utf8'))?.[1] ?? 0);
}
