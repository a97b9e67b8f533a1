import { edgesOf, evolving, find, isDone, type Act, type Bead, type BeadChange, type Beads, type EvolvingBeads } from './bead.ts';
import { close } from './closing.ts';
import { BadDependency, dependents, depend, undepend } from './dependency.ts';
import { matches } from './matching.ts';
import { openWork } from './query.ts';

/** How one bead stands for another: it says the same, or takes its place. */
export type Standing = 'duplicates' | 'supersedes';

/** The edges that go over to the bead that stays, so that nothing becomes ready only because a bead was one too many. */
const handedOn: readonly string[] = ['blocks', 'conditional-blocks', 'waits-for', 'parent-child', 'tracks'];

/**
 * Closes a bead that another one stands for, with an edge that says so. What waited for it, was a part of it or tracked it does so with the other one from now on, as far as
 * the rules allow. What is so already changes nothing. Throws UnknownBead and BadDependency.
 */
export function standIn(beads: Beads, id: string, other: string, standing: Standing, act: Act): BeadChange[] {
  const known = evolving(beads);
  const bead = find(known, id);
  const changes: BeadChange[] = [];
  const does = (decided: readonly BeadChange[]): void => void changes.push(...known.take(decided));
  const edge = bead.dependencies?.find((each) => each.depends_on_id === other);
  if (edge !== undefined && edge.type !== standing && id !== other) does(undepend(known, id, other, act));
  does(depend(known, id, other, standing, act));
  for (const waiting of dependents(known, id)) if (waiting.id !== other && !isDone(waiting)) changes.push(...handOn(known, waiting, id, other, act));
  does(close(known, id, { reason: `${standing === 'duplicates' ? 'Duplicate of' : 'Superseded by'} ${other}`, force: true }, act));
  return changes;
}

function handOn(known: EvolvingBeads, waiting: Bead, from: string, to: string, act: Act): readonly BeadChange[] {
  const edge = waiting.dependencies?.find((each) => each.depends_on_id === from);
  if (edge === undefined || !handedOn.includes(edge.type)) return [];
  try {
    return [...known.take(depend(known, waiting.id, to, edge.type, act)), ...known.take(undepend(known, waiting.id, from, act))];
  } catch (error) {
    // The rules forbid the new edge, such as one that closes a cycle: the old one stays.
    if (error instanceof BadDependency) return [];
    throw error;
  }
}

/** Beads that say the same, and the one of them that should stay. */
export interface DuplicateGroup {
  /** The one that should stay first. */
  readonly beads: readonly Bead[];
  /** How many beads have an edge to each, by id. */
  readonly references: ReadonlyMap<string, number>;
}

/** The groups of beads that are work, not done, and say the same with the same status, by id; the one that most others point at should stay, of several the one whose id is the smallest. */
export function duplicateGroups(beads: Beads, asked: Iterable<Bead>): DuplicateGroup[] {
  const bySaying = new Map<string, Bead[]>();
  for (const bead of asked) {
    if (!matches(openWork, bead)) continue;
    const key = sayingOf(bead);
    const group = bySaying.get(key);
    if (group === undefined) bySaying.set(key, [bead]);
    else group.push(bead);
  }
  const groups = [...bySaying.values()].filter((group) => group.length > 1).map((group): DuplicateGroup => {
    const references = new Map(group.map(({ id }) => [id, dependents(beads, id).length]));
    const byWorth = (a: Bead, b: Bead): number => (references.get(b.id) ?? 0) - (references.get(a.id) ?? 0) || (a.id < b.id ? -1 : 1);
    return { beads: group.sort(byWorth), references };
  });
  return groups.sort((a, b) => ((a.beads[0]?.id ?? '') < (b.beads[0]?.id ?? '') ? -1 : 1));
}

/** What a bead says, in a form that is the same for those that say the same in the same place. */
function sayingOf(bead: Bead): string {
  const texts = ['title', 'description', 'design', 'acceptance_criteria', 'notes'].map((field) => (typeof bead[field] === 'string' ? bead[field].trim() : ''));
  return JSON.stringify([...texts, bead.status, bead.issue_type, edgesOf(bead, ['parent-child']).sort()]);
}
