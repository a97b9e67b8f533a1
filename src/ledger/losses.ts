import { isObject } from '../base/jsonl.ts';
import { runGit } from '../git/run.ts';
import { headOf, transcripts, type Transcript } from './history.ts';
import type { Ledger } from './ledger.ts';

/** What a merge has decided about a bead against one of its sides. */
export interface Loss extends Omit<Transcript, 'beads' | 'changes'> {
  /** Parts of the bead with the values that others have overwritten. */
  readonly lost: readonly { readonly part: string; readonly value: unknown }[];
  /** The id that it had to give up. */
  readonly from?: string;
}

/** The merges that have overwritten something of a bead, or changed its id, oldest first. Throws NoLedger. */
export async function lossesOf(ledger: Ledger, id: string): Promise<Loss[]> {
  const patterns = [`{"id":"${id}","lost":`, `,"id":"${id}","op":"bead.renamed"}`].map((pattern) => `--grep=${pattern}`);
  const { stdout } = await runGit(ledger.repository, ['log', '--reverse', '--topo-order', '--fixed-strings', ...patterns, '--format=%H', await headOf(ledger), '--'], { timeoutMs: 300_000 });
  const commits = stdout.toString('utf8').split('\n').filter((commit) => commit !== '');
  if (commits.length === 0) return [];
  return (await transcripts(ledger, commits)).map(({ beads: _beads, changes, ...entry }) => {
    const own = changes.filter((change) => change['id'] === id);
    const lost = own.flatMap((change) => (Array.isArray(change['lost']) ? change['lost'].filter(isObject) : [])).map(({ part, value }) => ({ part: String(part), value }));
    const from = own.find((change) => change['op'] === 'bead.renamed')?.['from'];
    return { ...entry, lost, ...(typeof from === 'string' ? { from } : {}) };
  });
}
