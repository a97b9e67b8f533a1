import { find, type Bead } from '../domain/bead.ts';
import { depend, undepend } from '../domain/dependency.ts';
import { beadTree, dependencyCycles, type TreeNode } from '../domain/tree.ts';
import type { Town } from '../town.ts';
import { wholeTown } from './bead-list.ts';
import { actOf, writeBeads, type Writer } from './bead-write.ts';
import { onBead, resolveId } from './resolve.ts';

/** An edge that was added or removed, or was as wished already. */
export interface EdgeChange {
  readonly status: 'added' | 'removed' | 'unchanged';
  readonly issue_id: string;
  readonly depends_on_id: string;
  readonly type: string;
}

/** Makes one bead depend on another. An edge that is there already, with the same type, changes nothing. */
export async function addDependency(writer: Writer, bead: string, on: string, type: string): Promise<EdgeChange> {
  const target = on.startsWith('external:') ? on : await resolveId(writer.town, on, writer.cwd);
  return onBead(writer.town, writer.cwd, bead, async ({ id, ledger }) => {
    const { commit } = await writeBeads(writer, ledger, `${id} depends on ${target} (${type})`, (view) => depend(view, id, target, type, actOf(writer)));
    return { status: commit === undefined ? 'unchanged' : 'added', issue_id: id, depends_on_id: target, type };
  });
}

/** Removes the edge from one bead to another, which may be gone by now; an edge that is not there changes nothing. */
export async function removeDependency(writer: Writer, bead: string, on: string): Promise<EdgeChange> {
  return onBead(writer.town, writer.cwd, bead, async ({ id, ledger }) => {
    let found: { readonly on: string; readonly type: string } = { on, type: '' };
    const { commit } = await writeBeads(writer, ledger, `${id} no longer depends on ${on}`, (view) => {
      found = targetOf(find(view, id), on);
      return undepend(view, id, found.on, actOf(writer));
    });
    return { status: commit === undefined ? 'unchanged' : 'removed', issue_id: id, depends_on_id: found.on, type: found.type };
  });
}

/** The edge of a bead that a text means: its target's id, that id without its prefix, or the only one that begins so. */
function targetOf(bead: Bead, text: string): { on: string; type: string } {
  const edges = (bead.dependencies ?? []).map(({ depends_on_id: on, type }) => ({ on, type }));
  const beginning = edges.filter(({ on }) => on.startsWith(text) || on.includes(`-${text}`));
  return edges.find(({ on }) => on === text) ?? edges.find(({ on }) => on.endsWith(`-${text}`)) ?? (beginning.length === 1 ? beginning[0] : undefined) ?? { on: text, type: '' };
}

/** The tree of what a bead waits for, or of what waits for it (`up`). */
export async function dependencyTree(town: Town, cwd: string, text: string, how: { readonly up: boolean; readonly depth: number }): Promise<TreeNode[]> {
  const id = await resolveId(town, text, cwd);
  return beadTree(await wholeTown(town), id, how);
}

/** The groups of beads that wait for one another. */
export async function findCycles(town: Town): Promise<Bead[][]> {
  const beads = await wholeTown(town);
  return dependencyCycles(beads).map((ids) => ids.map((id) => find(beads, id)));
}
