import { allIds } from '../ledger/projection.ts';
import { ledgerAt, type Town } from '../town.ts';

/** Where the beads of a place are kept. */
export interface Place {
  /** The checkout, or the git directory where there is none. */
  readonly path: string;
  /** The git directory that the ledger lies in. */
  readonly database_path: string;
  readonly ref: string;
  /** What new ids begin with. */
  readonly prefix: string;
  readonly prefixes: readonly string[];
}

/** Where the beads of the folder are kept that one stands in. */
export function placeAt(town: Town, cwd: string): Place {
  const { repository, ref, prefixes } = ledgerAt(town, cwd);
  return { path: repository.worktree ?? repository.gitDir, database_path: repository.commonDir, ref, prefix: prefixes[0] ?? '', prefixes };
}

/** The same, with the town around it, and how many beads there are. */
export async function infoAt(town: Town, cwd: string): Promise<Place & { readonly mode: 'direct'; readonly issue_count: number; readonly town: string; readonly kind: Town['kind']; readonly root: string; readonly rigs: readonly string[] }> {
  const ids = await allIds(ledgerAt(town, cwd));
  return { ...placeAt(town, cwd), mode: 'direct', issue_count: ids.length, town: town.name, kind: town.kind, root: town.root, rigs: town.rigs.map(({ name }) => name) };
}
