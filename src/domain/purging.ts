import { timeOf } from '../base/time.ts';
import type { Bead, Beads } from './bead.ts';
import { likePattern } from './condition.ts';
import { dependents } from './dependency.ts';

/** Which closed beads may go. */
export interface Purge {
  /** Closed before then, in milliseconds since 1970. */
  readonly before: number;
  /** Whose ids are like that, `*` standing for anything; undefined for all. */
  readonly pattern: string | undefined;
}

/** The closed beads that may go, with those that nobody else who stays points at, by id; whatever is pinned stays. */
export function purgeable(beads: Beads, { before, pattern }: Purge): Bead[] {
  const fits = likePattern(pattern ?? '*');
  const chosen = new Map<string, Bead>();
  for (const bead of beads.all()) {
    const closed = timeOf(bead.closed_at);
    if (bead.status === 'closed' && bead['pinned'] !== true && closed !== undefined && closed <= before && fits(bead.id)) chosen.set(bead.id, bead);
  }
  // What stays keeps what it points at, over any number of steps.
  const waiting = [...chosen.keys()].filter((id) => dependents(beads, id).some((other) => !chosen.has(other.id)));
  for (const id of waiting) {
    const bead = chosen.get(id);
    if (!chosen.delete(id) || bead === undefined) continue;
    for (const edge of bead.dependencies ?? []) if (chosen.has(edge.depends_on_id)) waiting.push(edge.depends_on_id);
  }
  return [...chosen.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
