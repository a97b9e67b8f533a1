import type { Bead } from '../domain/bead.ts';
import { counted, type Counted } from '../domain/detail.ts';
import { matches } from '../domain/matching.ts';
import { openWork } from '../domain/query.ts';
import { readyOrder } from '../domain/ready.ts';
import { readRef } from '../git/refs.ts';
import { readCacheStart, writeCache, type Header } from './cache-file.ts';
import { countCustom, type CustomCounts } from './custom-counts.ts';
import type { Ledger } from './ledger.ts';
import { referrersAt } from './projection.ts';

/** Work that is not done, most urgent first, and how much there is in all. */
export interface OpenPage {
  readonly total: number;
  readonly beads: readonly Counted[];
  /** Which of all of it have a status that the settings add: they say whether such beads belong there. */
  readonly custom: CustomCounts;
}

/** The first line of the file `open`, behind which the first of all open work stand. */
interface OpenHeader extends Header {
  readonly open: number;
  readonly custom: CustomCounts;
}

const name = 'open';
const length = 200;

/** Keeps the page of a commit from all of its beads that are not done, in the order of ready work. */
export function writeOpenPage(ledger: Ledger, header: Header, beads: readonly Bead[], dependents: (id: string) => number): void {
  const open = beads.filter((bead) => matches(openWork, bead));
  const lines = open.slice(0, length).map((bead) => `${JSON.stringify(counted(bead, dependents(bead.id)))}\n`);
  const own: OpenHeader = { ...header, open: open.length, custom: countCustom(undefined, [], open) };
  writeCache(ledger, name, own, lines.join(''));
}

/** The first `limit` beads that are open work, from what is kept and what has changed since; undefined where that does not reach so far. */
export async function openPage(ledger: Ledger, limit: number): Promise<OpenPage | undefined> {
  if (ledger.at !== undefined || limit > length) return undefined;
  const [commit, page] = [await readRef(ledger.repository, ledger.ref), readCacheStart<OpenHeader, Counted>(ledger, name, length)];
  if (commit === undefined || page === undefined) return undefined;
  const { header, lines } = page;
  if (header.commit === commit) return { total: header.open, beads: lines.slice(0, limit), custom: header.custom };
  const { differenceSince } = await import('./difference.ts');
  const difference = await differenceSince(ledger, header.commit, commit);
  if (difference === undefined) return undefined;
  const { before, after } = difference;
  const known = lines.filter(({ id }) => !before.has(id) && !after.has(id));
  // Behind the last line of a page that is not all, others may stand that are not known here.
  if (limit > known.length && lines.length < header.open) return undefined;
  const referrers = await referrersAt(ledger, commit);
  const fresh = [...after.values()].filter((bead) => matches(openWork, bead));
  const gone = [...before.values()].filter((bead) => matches(openWork, bead));
  const beads = [...known, ...fresh].sort(readyOrder).slice(0, limit).map((bead) => counted(bead, referrers(bead.id).length));
  return { total: header.open - gone.length + fresh.length, beads, custom: countCustom(header.custom, gone, fresh) };
}
