import { timeOf } from '../base/time.ts';
import { isBuiltIn, isDone, type Bead, type Beads } from './bead.ts';
import { unmet } from './dependency.ts';
import { townTypes } from './kind.ts';
import type { CategoryOf } from './status.ts';

/** Whether a bead can be started now (milliseconds since 1970): open, or active by a status of the settings' own, not ephemeral, not deferred (nor a parent that is not done), with nothing unmet. */
export function isReady(beads: Beads, bead: Bead, now: number, categoryOf?: CategoryOf): boolean {
  return (
    (bead.status === 'open' || categoryOf?.(bead) === 'active') &&
    bead['pinned'] !== true &&
    bead['ephemeral'] !== true &&
    bead['is_template'] !== true &&
    !townTypes.includes(bead.issue_type) &&
    !isDeferred(bead, now) &&
    (bead.dependencies === undefined || (!hasDeferredParent(beads, bead, now) && unmet(beads, bead).length === 0))
  );
}

/** Takes every status that the settings may add for an active one. */
export const perhapsActive: CategoryOf = ({ status }) => (isBuiltIn(status) ? undefined : 'active');

function isDeferred(bead: Bead, now: number): boolean {
  return (timeOf(bead.defer_until) ?? 0) > now;
}

function hasDeferredParent(beads: Beads, bead: Bead, now: number): boolean {
  for (const { type, depends_on_id: id } of bead.dependencies ?? []) {
    const parent = type === 'parent-child' ? beads.get(id) : undefined;
    if (parent !== undefined && !isDone(parent) && isDeferred(parent, now)) return true;
  }
  return false;
}

/** Orders ready work: most urgent first, newest first among equals, then by id. */
export function readyOrder(a: Bead, b: Bead): number {
  return compare(ranked(a), ranked(b));
}

/** Many beads in that order; each time is read once. */
export function inReadyOrder(beads: readonly Bead[]): Bead[] {
  return beads.map(ranked).sort(compare).map(({ bead }) => bead);
}

/** The first of many beads in that order: only those are put in order that can be among them. */
export function firstInReadyOrder(beads: readonly Bead[], limit: number): Bead[] {
  const byPriority = new Map<number, Bead[]>();
  for (const bead of beads) {
    const same = byPriority.get(bead.priority);
    if (same === undefined) byPriority.set(bead.priority, [bead]);
    else same.push(bead);
  }
  const found: Bead[] = [];
  for (const priority of [...byPriority.keys()].sort((a, b) => a - b)) {
    if (found.length >= limit) break;
    for (const bead of inReadyOrder(byPriority.get(priority)!)) found.push(bead);
  }
  return found.slice(0, limit);
}

interface Ranked {
  readonly bead: Bead;
  readonly created: number;
}

function ranked(bead: Bead): Ranked {
  return { bead, created: timeOf(bead.created_at) ?? 0 };
}

function compare(a: Ranked, b: Ranked): number {
  return a.bead.priority - b.bead.priority || b.created - a.created || (a.bead.id < b.bead.id ? -1 : 1);
}
