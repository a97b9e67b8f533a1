import { setTimeout as sleep } from 'node:timers/promises';
import { Busy } from '../base/errors.ts';
import { find, type Bead } from '../domain/bead.ts';
import { isSubmitted } from '../domain/submission.ts';
import { consult } from '../ledger/read.ts';
import { ledgerOf, type Town } from '../town.ts';

/** How a bead that was waited for stands in the end. */
export interface Awaited {
  readonly id: string;
  readonly status: string;
  readonly reached: boolean;
  /** Why it came back, where it did. */
  readonly why: string | undefined;
  /** Nobody has ever worked on it. */
  readonly untouched: boolean;
}

export type Goal = 'submitted' | 'closed';

const pollMilliseconds = 150;
const quietMilliseconds = 3_000;

/** Waits until every bead has reached the goal or has come back to open. Throws WaitedTooLong. */
export async function waitFor(town: Town, ids: readonly string[], goal: Goal, timeout: number, signal: AbortSignal, progress: (line: string) => void): Promise<Awaited[]> {
  const began = performance.now();
  let said = '';
  for (;;) {
    const beads = await Promise.all(ids.map((id) => consult(ledgerOf(town, id), (view) => find(view, id))));
    const open = beads.filter((bead) => !hasReached(bead, goal) && !hasComeBack(bead));
    if (open.length === 0) return beads.map((bead) => ({ id: bead.id, status: bead.status, reached: hasReached(bead, goal), why: hasReached(bead, goal) ? undefined : bead.attempts?.at(-1)?.outcome, untouched: bead.metadata?.['runtime'] === undefined }));
    const line = `${ids.length - open.length} of ${ids.length} ${goal}; waiting for ${open.map(({ id }) => id).join(', ')}`;
    if (line !== said && performance.now() - began > quietMilliseconds) {
      progress(line);
      said = line;
    }
    if (performance.now() - began > timeout) throw new WaitedTooLong(open.map(({ id }) => id), goal);
    await sleep(pollMilliseconds, undefined, { signal });
  }
}

function hasReached(bead: Bead, goal: Goal): boolean {
  return bead.status === 'closed' || (goal === 'submitted' && isSubmitted(bead));
}

function hasComeBack(bead: Bead): boolean {
  return bead.status === 'open' && bead.metadata?.['queued'] === undefined;
}

/** The time is up, and beads are still under way. */
export class WaitedTooLong extends Busy {
  readonly code = 'wait.timeout';
  constructor(ids: readonly string[], goal: Goal) {
    super(`${ids.join(', ')} ${ids.length === 1 ? 'is' : 'are'} not ${goal} yet`, { ids, goal }, 'gt status');
  }
}
