import { Refused } from '../base/errors.ts';
import { reaches } from '../base/graph.ts';
import { edgesOf, find, isDone, evolving, type Act, type Bead, type BeadChange, type Beads, type Dependency } from './bead.ts';

/** The types of edges along which no circle may close, those together that make one with each other. */
export const acyclic: readonly (readonly string[])[] = [['blocks', 'conditional-blocks'], ['parent-child']];

/** Adds an edge. One type per pair; refuses an unknown target, itself, and a cycle among blocking edges or parents. */
export function depend(beads: Beads, id: string, on: string, type: string, act: Act): BeadChange[] {
  const bead = find(beads, id);
  if (id === on) throw new BadDependency(id, on, 'a bead cannot depend on itself');
  const existing = bead.dependencies?.find((edge) => edge.depends_on_id === on);
  if (existing) {
    if (existing.type === type) return [];
    throw new BadDependency(id, on, `it depends on it already, as ${existing.type}`, `gt dep remove ${id} ${on}`);
  }
  if (!/^\S{1,50}$/.test(type)) throw new BadDependency(id, on, `${JSON.stringify(type)} is no dependency type`);
  if (!on.startsWith('external:')) refuseBadEdge(beads, bead, find(beads, on), type);
  return [{ op: 'dependency.added', id, dependency: { issue_id: id, depends_on_id: on, type, created_at: act.at, created_by: act.by } }];
}

function refuseBadEdge(beads: Beads, bead: Bead, target: Bead, type: string): void {
  if (type === 'blocks' && (bead.issue_type === 'epic') !== (target.issue_type === 'epic')) {
    throw new BadDependency(bead.id, target.id, 'epics block only epics, and tasks only tasks', `gt dep add ${bead.id} ${target.id} --type parent-child`);
  }
  const guarded = acyclic.find((types) => types.includes(type));
  if (guarded !== undefined && reaches(target.id, bead.id, (node) => edgesOf(beads.get(node), guarded))) {
    throw new BadDependency(bead.id, target.id, 'that would close a cycle', `gt dep tree ${target.id}`);
  }
}

/** Removes an edge; one that is not there changes nothing. */
export function undepend(beads: Beads, id: string, on: string, act: Act): BeadChange[] {
  return find(beads, id).dependencies?.some((edge) => edge.depends_on_id === on) ? [{ op: 'dependency.removed', id, at: act.at, on }] : [];
}

/** Puts a bead below another one instead of its parent so far; below none where `parent` is undefined. */
export function adopt(beads: Beads, id: string, parent: string | undefined, act: Act): BeadChange[] {
  const former = edgesOf(find(beads, id), ['parent-child']).filter((on) => on !== parent);
  const known = evolving(beads);
  const removed = former.flatMap((on) => known.take(undepend(known, id, on, act)));
  return parent === undefined ? removed : [...removed, ...depend(known, id, parent, 'parent-child', act)];
}

/** What a live bead still waits for, by id: open blockers, a blocked parent's blockers, children of what it waits for. Asked of every bead there is, so by plain loops. */
export function unmet(beads: Beads, bead: Bead): string[] {
  const waiting: string[] = [];
  // Each of those above it is looked at once, however many ways lead there, and though one may stand above itself.
  const above = new Map<string, Bead>();
  above.set(bead.id, bead);
  for (const each of above.values()) collectUnmet(beads, each, above, waiting);
  return waiting.length < 2 ? waiting : [...new Set(waiting)];
}

function collectUnmet(beads: Beads, bead: Bead, above: Map<string, Bead>, waiting: string[]): void {
  for (const edge of bead.dependencies ?? []) {
    const target = edge.depends_on_id.startsWith('external:') ? undefined : beads.get(edge.depends_on_id);
    if (target === undefined || target.status === 'tombstone') continue;
    if ((edge.type === 'blocks' || edge.type === 'conditional-blocks') && !isDone(target)) waiting.push(target.id);
    if (edge.type === 'parent-child' && !above.has(target.id) && !isDone(target)) above.set(target.id, target);
    if (edge.type === 'waits-for') waiting.push(...openChildren(beads, target, edge));
  }
}

function openChildren(beads: Beads, target: Bead, edge: Dependency): string[] {
  const found = children(beads, target.id);
  const any = JSON.stringify(edge['metadata'] ?? '').includes('any-children');
  if (any && found.some((child) => child.status === 'closed')) return [];
  return found.filter((child) => !isDone(child)).map((child) => child.id);
}

/** The live beads whose parent is this one. */
export function children(beads: Beads, id: string): Bead[] {
  return dependents(beads, id).filter((bead) => edgesOf(bead, ['parent-child']).includes(id));
}

/** The live beads that have an edge to this one. */
export function dependents(beads: Beads, id: string): Bead[] {
  return [...(beads.referrers?.(id) ?? beads.all())].filter((bead) => bead.status !== 'tombstone' && bead.dependencies?.some((edge) => edge.depends_on_id === id));
}

/** An edge that the rules do not allow. */
export class BadDependency extends Refused {
  readonly code = 'dependency.bad';
  constructor(id: string, on: string, why: string, hint?: string) {
    super(`${id} cannot depend on ${on}: ${why}`, { id, on, why }, hint);
  }
}
