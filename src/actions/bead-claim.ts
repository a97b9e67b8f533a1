import type { Bead } from '../domain/bead.ts';
import { claimFirst } from './bead-change.ts';
import type { Writer } from './bead-write.ts';

/** The best of what can be started, and how much of it there is. */
interface Page {
  readonly total: number;
  readonly beads: readonly Bead[];
}

/** Claims the best of what can be started that nobody else has. Where all of a page is lost, `page` is asked for a longer one, until it has no more. */
export async function claimReady(writer: Writer, page: (limit: number) => Promise<Page>, limit: number): Promise<{ readonly total: number; readonly claimed: Bead | undefined }> {
  const tried = new Set<string>();
  for (let asked = limit; ; asked *= 2) {
    const { total, beads } = await page(asked);
    const untried = beads.map(({ id }) => id).filter((id) => !tried.has(id));
    const claimed = await claimFirst(writer, untried);
    if (claimed !== undefined || beads.length < asked || beads.length >= total) return { total, claimed };
    for (const id of untried) tried.add(id);
  }
}
