import { timeOf } from '../base/time.ts';
import { edgesOf, isDone, type Bead, type Beads } from './bead.ts';
import { unmet } from './dependency.ts';
import { townTypes } from './kind.ts';

/** Whether a bead can be started now (milliseconds since 1970): open, not ephemeral, not deferred (nor a parent that is not done), with nothing unmet. */
export function isReady(beads: Beads, bead: Bead, now: number): boolean {
  return (
    bead.status === 'open' &&
    bead['pinned'] !== true &&
    bead['ephemeral'] !== true &&
    bead['is_template'] !== true &&
    !townTypes.includes(bead.issue_type) &&
    !isDeferred(bead, now) &&
    !parents(beads, bead).some((parent) => isDeferred(parent, now)) &&
    unmet(beads, bead).length === 0
  );
}

function isDeferred(bead: Bead, now: number): boolean {
  return (timeOf(bead.defer_until) ?? 0) > now;
}

function parents(beads: Beads, bead: Bead): Bead[] {
  return edgesOf(bead, ['parent-child']).map((id) => beads.get(id)).filter((parent): parent is Bead => parent !== undefined && !isDone(parent));
}

/** Orders ready work: most urgent first, newest first among equals, then by id. */
export function readyOrder(a: Bead, b: Bead): number {
  if (a.priority !== b.priority) return a.priority - b.priority;
  const [first, second] = [timeOf(a.created_at) ?? 0, timeOf(b.created_at) ?? 0];
  if (first !== second) return second - first;
  return a.id < b.id ? -1 : 1;
}
