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
  const lines = beads.slice(0, length).map(({ id, title, status, priority, issue_type, assignee }) => `${JSON.stringify({ id, title, status, priority, issue_type, assignee })}\n`);
  writeCache(ledger, name, header, lines.join(''));
}

/** The first `limit` of the page that is kept for the newest commit; undefined where there is none, where it does not reach so far, or where other ledgers or the settings have a say in what is ready. */
export async function briefPage(ledger: Ledger, limit: number): Promise<BriefPage | undefined> {
  if (ledger.at !== undefined) return undefined;
  const commit = await readRef(ledger.repository, ledger.ref);
  const page = commit === undefined ? undefined : readPage<Brief>(ledger, name, commit, limit);
  if (page === undefined || page.header.commit !== commit || page.header.foreign) return undefined;
  return page.lines.length < Math.min(limit, page.header.ready) ? undefined : { total: page.header.ready, beads: page.lines };
}
