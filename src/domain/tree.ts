import { cycles } from '../base/graph.ts';
import { edgesOf, find, type Bead, type Beads } from './bead.ts';
import { acyclic, dependents } from './dependency.ts';

/** A bead in a tree of dependencies; `truncated` where it stands above already or the tree goes no deeper. */
export type TreeNode = Bead & { readonly depth: number; readonly parent_id: string; readonly edge_from_parent: string; readonly truncated: boolean };

/** What a bead depends on, or what depends on it (`up`), depth first; a bead that is met again is not followed again. */
export function beadTree(beads: Beads, root: string, { up, depth: deepest }: { readonly up: boolean; readonly depth: number }): TreeNode[] {
  const found: TreeNode[] = [];
  const followed = new Set<string>();
  const waiting: { bead: Bead; depth: number; from: string; type: string }[] = [{ bead: find(beads, root), depth: 0, from: '', type: '' }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { bead, depth, from, type } = next;
    const edges = neighbours(beads, bead, up);
    const truncated = edges.length > 0 && (followed.has(bead.id) || depth >= deepest);
    found.push({ ...bead, depth, parent_id: from, edge_from_parent: type, truncated });
    if (truncated) continue;
    followed.add(bead.id);
    waiting.push(...edges.reverse().map((edge) => ({ ...edge, depth: depth + 1, from: bead.id })));
  }
  return found;
}

function neighbours(beads: Beads, bead: Bead, up: boolean): { bead: Bead; type: string }[] {
  if (!up) {
    return (bead.dependencies ?? []).flatMap(({ depends_on_id: id, type }) => {
      const target = beads.get(id);
      return target === undefined || target.status === 'tombstone' ? [] : [{ bead: target, type }];
    });
  }
  return dependents(beads, bead.id).flatMap((other) => {
    const edge = other.dependencies?.find((each) => each.depends_on_id === bead.id);
    return edge === undefined ? [] : [{ bead: other, type: edge.type }];
  });
}

/** The groups of live beads that wait for one another by blocking edges, or are one another's parents. */
export function dependencyCycles(beads: Beads): string[][] {
  const live = [...beads.all()].filter((bead) => bead.status !== 'tombstone').map(({ id }) => id);
  const over = (types: readonly string[]): string[][] => cycles(live, (id) => edgesOf(beads.get(id), types).filter((target) => beads.get(target) !== undefined));
  return acyclic.flatMap(over);
}
