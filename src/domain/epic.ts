import { isDone, type Bead, type Beads } from './bead.ts';
import { children } from './dependency.ts';
import { readyOrder } from './ready.ts';

/** How far an epic has come. */
export interface EpicStatus {
  readonly epic: Bead;
  readonly total: number;
  readonly closed: number;
  /** Whether all of its parts, of which there are some, are closed. */
  readonly closeable: boolean;
}

/** How far the epics among these beads have come that are not done, most urgent first. */
export function epicsAmong(beads: Beads, asked: Iterable<Bead>): EpicStatus[] {
  return [...asked].filter((bead) => bead.issue_type === 'epic' && !isDone(bead)).sort(readyOrder).map((epic) => {
    const parts = children(beads, epic.id);
    const closed = parts.filter(isDone).length;
    return { epic, total: parts.length, closed, closeable: parts.length > 0 && closed === parts.length };
  });
}
