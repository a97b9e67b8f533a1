import type { CommitDraft, FileDraft } from '../git/draft.ts';
import type { Repository } from '../git/repository.ts';
import { wispRef, type Ledger } from './ledger.ts';

/** The ledger of ephemeral beads that lies beside a ledger: kept in this clone, never pushed. */
export function wispsOf(ledger: Ledger): Ledger {
  return { ...ledger, ref: wispRef };
}

/** Whether an id was made for an ephemeral bead. */
export function isWispId(id: string): boolean {
  return id.includes('-wisp-');
}

/** Writes a commit of ephemeral beads: what was there and what the draft changes, without the past. */
export async function writeWisps(repository: Repository, ref: string, before: string, draft: CommitDraft): Promise<string | undefined> {
  const [{ importCommit }, { runGit }] = await Promise.all([import('../git/import.ts'), import('../git/run.ts')]);
  // Folders are kept as they are, which would bring back a file in them that goes.
  const gone = [...draft.files].flatMap(([path, content]) => (content === null ? [path] : []));
  const { stdout } = await runGit(repository, ['ls-tree', ...(gone.length > 0 ? ['-r'] : []), '-z', before]);
  const kept = stdout.toString('utf8').split('\0').flatMap((entry): [string, FileDraft][] => {
    const [, mode, oid, name] = /^(\d{6}) \w+ ([0-9a-f]+)\t(.+)$/s.exec(entry) ?? [];
    return mode === undefined || oid === undefined || name === undefined || gone.includes(name) ? [] : [[name, { mode, oid }]];
  });
  return importCommit(repository, ref, null, async () => ({ ...draft, files: new Map([...kept, ...draft.files]) }), { expected: before });
}
