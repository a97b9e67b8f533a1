import { edgesOf, isDone, type Bead } from './bead.ts';

/** A bead with how many others it points at, point at it, and how many comments it has. */
export type Counted = Bead & { readonly dependency_count: number; readonly dependent_count: number; readonly comment_count: number; readonly parent?: string };

/** What a list shows of a bead. */
export type Brief = Pick<Bead, 'id' | 'title' | 'status' | 'priority' | 'issue_type' | 'assignee'>;

/** A bead at the other end of an edge. */
export type Neighbour = Bead & { readonly dependency_type: string };

/** Everything that there is to show of one bead: itself, and the beads at the other ends of its edges. */
export interface Details {
  readonly bead: Counted;
  readonly dependencies: readonly Neighbour[];
  readonly dependents: readonly Neighbour[];
}

/** A bead with what is counted of it. */
export function counted(bead: Bead, dependents: number): Counted {
  return { ...bead, ...counts(bead, dependents) };
}

/** What is counted of a bead. */
export function counts(bead: Bead, dependents: number): Pick<Counted, 'dependency_count' | 'dependent_count' | 'comment_count' | 'parent'> {
  const [parent] = edgesOf(bead, ['parent-child']);
  return { dependency_count: bead.dependencies?.length ?? 0, dependent_count: dependents, comment_count: bead.comments?.length ?? 0, ...(parent === undefined ? {} : { parent }) };
}

/** The details of a bead from the beads at the other ends of its edges; a target that is gone is shown by its id. */
export function detailsOf(bead: Bead, target: (id: string) => Bead | undefined, referrers: readonly Bead[]): Details {
  const dependencies = (bead.dependencies ?? []).map((edge): Neighbour => ({ ...(target(edge.depends_on_id) ?? missing(edge.depends_on_id)), dependency_type: edge.type }));
  const dependents = referrers.flatMap((other): Neighbour[] => {
    const edge = other.dependencies?.find((each) => each.depends_on_id === bead.id);
    return edge === undefined || other.status === 'tombstone' ? [] : [{ ...other, dependency_type: edge.type }];
  });
  return { bead: counted(bead, dependents.length), dependencies, dependents };
}

/** The details in the one object that readers of JSON expect. */
export function detailRecord({ bead, dependencies, dependents }: Details): Record<string, unknown> {
  return { ...bead, labels: bead.labels ?? [], comments: bead.comments ?? [], dependencies, dependents, ...(bead.issue_type === 'epic' ? epic(dependents) : {}) };
}

function missing(id: string): Bead {
  return { id, title: '', status: id.startsWith('external:') ? 'external' : 'missing', priority: 2, issue_type: '', created_at: '', updated_at: '' };
}

function epic(dependents: readonly Neighbour[]): Record<string, unknown> {
  const children = dependents.filter(({ dependency_type: type }) => type === 'parent-child');
  const closed = children.filter(isDone).length;
  return { epic_total_children: children.length, epic_closed_children: closed, epic_closeable: children.length > 0 && closed === children.length };
}
