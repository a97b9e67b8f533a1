import type { Bead } from '../domain/bead.ts';
import { readRef } from '../git/refs.ts';
import { readCache } from './cache-file.ts';
import type { Ledger } from './ledger.ts';
import { beadIn } from './projection.ts';

/** The beads that are not done whose record holds a text, whatever its case, and maybe others: only their lines are parsed. Undefined where the projection alone cannot tell. */
export async function liveHolding(ledger: Ledger, text: string): Promise<Bead[] | undefined> {
  const commit = ledger.at === undefined ? await readRef(ledger.repository, ledger.ref) : undefined;
  const kept = commit === undefined ? undefined : readCache(ledger, 'live');
  if (commit === undefined || kept === undefined || !/^[\x20-\x7e]+$/.test(text)) return undefined;
  const { differenceSince } = await import('./difference.ts');
  const difference = kept.header.commit === commit ? undefined : await differenceSince(ledger, kept.header.commit, commit);
  if (difference === undefined && kept.header.commit !== commit) return undefined;
  const changed = (id: string): boolean => difference !== undefined && (difference.before.has(id) || difference.after.has(id));
  const found = linesHolding(kept.body, text).flatMap((line) => beadIn(line) ?? []).filter((bead) => typeof bead.id === 'string' && !changed(bead.id));
  return [...found, ...(difference?.after.values() ?? [])];
}

/** The lines in which printable ASCII occurs: bytes stand for themselves then, whatever else a line holds. */
function linesHolding(body: Buffer, text: string): string[] {
  const lower = body.toString('latin1').toLowerCase();
  const wanted = JSON.stringify(text).slice(1, -1).toLowerCase();
  const lines: string[] = [];
  for (let at = lower.indexOf(wanted); at >= 0; ) {
    const end = lower.indexOf('\n', at);
    lines.push(body.toString('utf8', lower.lastIndexOf('\n', at) + 1, end < 0 ? lower.length : end));
    at = end < 0 ? -1 : lower.indexOf(wanted, end);
  }
  return lines;
}
