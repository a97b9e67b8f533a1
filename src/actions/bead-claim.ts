import type { Bead } from '../domain/bead.ts';
import { claimFirst } from './bead-change.ts';
import type { Writer } from './bead-write.ts';

/** The best of what can be started, and how much of it there is. */
interface Page {
  readonly total: number;
  readonly beads: readonly Bead[];
}

/** What was claimed of the ready work; where nothing was, a bead that nobody else has and that only has to be opened first (`unopened`), if there is one. */
export interface Claimed {
  readonly total: number;
  readonly claimed: Bead | undefined;
  readonly unopened?: Bead | undefined;
}

/**
 * Claims the best of what can be started that nobody else has. Where all of a page is lost, `page` is asked for a longer one, until it has no more. What is ready by a status that the settings add is
 * passed over: only open work is claimed.
 */
export async function claimReady(writer: Writer, page: (limit: number) => Promise<Page>, limit: number): Promise<Claimed> {
  const tried = new Set<string>();
  for (let asked = limit; ; asked *= 2) {
    const { total, beads } = await page(asked);
    const untried = beads.filter(({ id, status }) => status === 'open' && !tried.has(id)).map(({ id }) => id);
    const claimed = await claimFirst(writer, untried);
    if (claimed !== undefined) return { total, claimed };
    if (beads.length < asked || beads.length >= total) return { total, claimed, unopened: beads.find(({ status, assignee = '' }) => status !== 'open' && ['', writer.who.actor].includes(assignee)) };
    for (const id of untried) tried.add(id);
  }
}
