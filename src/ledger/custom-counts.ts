import { isBuiltIn, type Bead } from '../domain/bead.ts';
import { readRef } from '../git/refs.ts';
import { readCacheStart } from './cache-file.ts';
import type { Ledger } from './ledger.ts';
import type { ReadyHeader } from './live.ts';

/** By status, how many beads of a list have one that the settings add: they alone say whether such beads belong there. Undefined where there is none. */
export type CustomCounts = Readonly<Record<string, number>> | undefined;

/** The counts of a list that has lost some beads and got others. */
export function countCustom(before: CustomCounts, lost: Iterable<Bead>, fresh: Iterable<Bead>): CustomCounts {
  let counts: Map<string, number> | undefined;
  const count = (beads: Iterable<Bead>, by: number): void => {
    for (const { status } of beads) {
      if (isBuiltIn(status)) continue;
      counts ??= new Map(Object.entries(before ?? {}));
      counts.set(status, (counts.get(status) ?? 0) + by);
    }
  };
  count(lost, -1);
  count(fresh, 1);
  if (counts === undefined) return before;
  const left = [...counts].filter(([, each]) => each > 0);
  return left.length === 0 ? undefined : Object.fromEntries(left);
}

/** Which of the ready list have a status that the settings add, by what is kept for the newest commit; `unknown` where nothing is, or where more than the settings has to be asked. */
export async function customReady(ledger: Ledger): Promise<CustomCounts | 'unknown'> {
  const commit = ledger.at === undefined ? await readRef(ledger.repository, ledger.ref) : undefined;
  for (const name of commit === undefined ? [] : ['ready', 'ready-page']) {
    const header = readCacheStart<ReadyHeader, unknown>(ledger, name, 0)?.header;
    if (header?.commit === commit && header !== undefined) return header.foreign && header.custom === undefined ? 'unknown' : header.custom;
  }
  return 'unknown';
}
