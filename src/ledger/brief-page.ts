import type { Brief } from '../domain/detail.ts';
import { readRef } from '../git/refs.ts';
import { writeCache } from './cache-file.ts';
import type { Ledger } from './ledger.ts';
import type { ReadyHeader } from './live.ts';
import { readPage } from './projection.ts';

/** The first ready beads, best first, in the words that a list shows, and how many there are in all. */
export interface BriefPage {
  readonly total: number;
  readonly beads: readonly Brief[];
}

const name = 'ready-brief';
const length = 100;

/** Keeps the page of a commit from its first ready beads. */
export function writeBriefPage(ledger: Ledger, header: ReadyHeader, beads: readonly Brief[]): void {
  const page = beads.slice(0, length).map(({ id, title, status, priority, issue_type, assignee }): Brief => ({ id, title, status, priority, issue_type, ...(assignee === undefined ? {} : { assignee }) }));
  writeCache(ledger, name, header, `${JSON.stringify(page)}\n`);
}

/** The first `limit` of the page that is kept for the newest commit; undefined where there is none, where it does not reach so far, or where other ledgers or the settings have a say in what is ready. */
export async function briefPage(ledger: Ledger, limit: number): Promise<BriefPage | undefined> {
  if (ledger.at !== undefined) return undefined;
  const commit = await readRef(ledger.repository, ledger.ref);
  // All of it is one line, which is read at once.
  const { header, lines: [beads] } = (commit === undefined ? undefined : readPage<readonly Brief[]>(ledger, name, commit, 1)) ?? { lines: [] };
  if (header === undefined || !Array.isArray(beads) || header.foreign || beads.length < Math.min(limit, header.ready)) return undefined;
  return { total: header.ready, beads: beads.slice(0, limit) };
}
