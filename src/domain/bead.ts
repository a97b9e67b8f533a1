import { Refused } from '../base/errors.ts';
import { rootOf } from '../base/ids.ts';

/** A work item, by the field names of beads' JSONL. Keys that are not named here are kept as they are. */
export interface Bead {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  /** 0 (most urgent) to 4. */
  readonly priority: number;
  readonly issue_type: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly description?: string;
  readonly assignee?: string;
  readonly created_by?: string;
  readonly started_at?: string;
  readonly closed_at?: string;
  readonly close_reason?: string;
  readonly closed_by_session?: string;
  readonly defer_until?: string;
  readonly labels?: readonly string[];
  readonly dependencies?: readonly Dependency[];
  readonly comments?: readonly Comment[];
  readonly attempts?: readonly Attempt[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** An edge that its bead has to another one: `issue_id` depends on `depends_on_id`. */
export interface Dependency {
  readonly issue_id: string;
  readonly depends_on_id: string;
  readonly type: string;
  readonly created_at: string;
  readonly created_by: string;
  readonly [key: string]: unknown;
}

export interface Comment {
  readonly id: string;
  readonly issue_id: string;
  readonly author: string;
  readonly text: string;
  readonly created_at: string;
}

/** One try at a bead that did not land: who, how it ended, and the evidence. */
export interface Attempt {
  readonly id: string;
  readonly agent: string;
  readonly outcome: string;
  readonly evidence: string;
  readonly at: string;
  readonly [key: string]: unknown;
}

/** Beads by id. A view may load what it is asked for; `all` and `family` leave no tombstone out. */
export interface Beads {
  get(id: string): Bead | undefined;
  /** The bead with this root id and its hierarchical children (`id.n`). */
  family(root: string): readonly Bead[];
  all(): Iterable<Bead>;
  /** The beads with an edge to this one, where the view has an index of them. */
  referrers?(id: string): readonly Bead[];
}

/** A view over these beads alone, with the ways back along edges worked out where somebody asks for one. */
export function indexed(byId: ReadonlyMap<string, Bead>): Beads {
  let referrers: ReadonlyMap<string, readonly Bead[]> | undefined;
  return {
    get: (id) => byId.get(id),
    family: (root) => [...byId.values()].filter(({ id }) => rootOf(id) === rootOf(root)),
    all: () => byId.values(),
    referrers: (id) => (referrers ??= referrersIn(byId)).get(id) ?? [],
  };
}

function referrersIn(byId: ReadonlyMap<string, Bead>): Map<string, Bead[]> {
  const referrers = new Map<string, Bead[]>();
  for (const bead of byId.values()) {
    for (const { depends_on_id: target } of bead.dependencies ?? []) {
      const known = referrers.get(target);
      if (known === undefined) referrers.set(target, [bead]);
      else known.push(bead);
    }
  }
  return referrers;
}

/** Who acts and when (RFC 3339): facts of every decision. */
export interface Act {
  readonly by: string;
  readonly at: string;
  readonly session?: string;
  /** The statuses that the settings add, where a decision may be about one of them. */
  readonly statuses?: readonly string[];
}

export type BeadChange =
  | { readonly op: 'bead.created'; readonly id: string; readonly bead: Bead }
  | { readonly op: 'bead.edited'; readonly id: string; readonly at: string; readonly set: Readonly<Record<string, unknown>> }
  | { readonly op: 'bead.claimed'; readonly id: string; readonly at: string; readonly by: string }
  | { readonly op: 'bead.hooked'; readonly id: string; readonly at: string; readonly to: string }
  | { readonly op: 'bead.released'; readonly id: string; readonly at: string }
  | { readonly op: 'bead.closed'; readonly id: string; readonly at: string; readonly reason: string; readonly session?: string }
  | { readonly op: 'bead.reopened'; readonly id: string; readonly at: string }
  | { readonly op: 'bead.deleted'; readonly id: string; readonly at: string; readonly by: string; readonly reason: string }
  | { readonly op: 'bead.labelled' | 'bead.unlabelled'; readonly id: string; readonly at: string; readonly label: string }
  | { readonly op: 'dependency.added'; readonly id: string; readonly dependency: Dependency }
  | { readonly op: 'dependency.removed'; readonly id: string; readonly at: string; readonly on: string }
  | { readonly op: 'comment.added'; readonly id: string; readonly comment: Comment }
  | { readonly op: 'attempt.recorded'; readonly id: string; readonly attempt: Attempt }
  | { readonly op: 'bead.restored'; readonly id: string; readonly bead: Bead };

export const statuses = ['open', 'in_progress', 'blocked', 'hooked', 'deferred', 'pinned', 'closed'] as const;

/** Whether a status is one that everybody has, whatever the settings say; that of a deleted bead is one. */
export function isBuiltIn(status: string): boolean {
  return (statuses as readonly string[]).includes(status) || status === 'tombstone';
}

/** The statuses in which the assignee is the one who works on the bead. */
export const workingStatuses: readonly string[] = ['in_progress', 'hooked'];

export const blockingTypes: readonly string[] = ['blocks', 'conditional-blocks', 'waits-for'];

/** The ids that a bead points at by edges of these types. */
export function edgesOf(bead: Bead | undefined, types: readonly string[]): string[] {
  return (bead?.dependencies ?? []).filter((edge) => types.includes(edge.type)).map((edge) => edge.depends_on_id);
}

/** Whether a bead no longer holds up others. */
export function isDone(bead: Bead): boolean {
  return bead.status === 'closed' || bead.status === 'pinned' || bead.status === 'tombstone';
}

/** The id that a bead has now which was called by this one before; undefined where this is no line of that kind. */
export function renamedTo(bead: Bead | undefined): string | undefined {
  return bead?.status === 'tombstone' && typeof bead['renamed_to'] === 'string' ? bead['renamed_to'] : undefined;
}

/** The live bead of an id. Throws UnknownBead. */
export function find(beads: Beads, id: string): Bead {
  const bead = beads.get(id);
  if (bead === undefined || bead.status === 'tombstone') throw new UnknownBead(id);
  return bead;
}

/** The bead after a change; total, and the same however often it is applied. */
export function evolve(bead: Bead | undefined, change: BeadChange): Bead | undefined {
  if (change.op === 'bead.created') return bead ?? change.bead;
  if (bead === undefined) return undefined;
  switch (change.op) {
    case 'bead.edited': return without({ ...bead, ...change.set, updated_at: change.at });
    case 'bead.claimed': return { ...bead, status: 'in_progress', assignee: change.by, started_at: bead.started_at ?? change.at, updated_at: change.at };
    case 'bead.hooked': return { ...bead, status: 'hooked', assignee: change.to, updated_at: change.at };
    case 'bead.released': return without({ ...bead, status: 'open', assignee: undefined, updated_at: change.at });
    case 'bead.closed': return without({ ...bead, status: 'closed', closed_at: change.at, close_reason: change.reason, closed_by_session: change.session, updated_at: change.at });
    case 'bead.reopened':
      return bead.status === 'closed' ? without({ ...bead, status: 'open', assignee: undefined, closed_at: undefined, close_reason: undefined, closed_by_session: undefined, updated_at: change.at }) : bead;
    case 'bead.deleted':
      return { id: bead.id, title: bead.title, status: 'tombstone', priority: bead.priority, issue_type: bead.issue_type, original_type: bead.issue_type, created_at: bead.created_at, updated_at: change.at, deleted_at: change.at, deleted_by: change.by, delete_reason: change.reason };
    case 'bead.labelled': return { ...bead, labels: [...new Set([...(bead.labels ?? []), change.label])].sort(), updated_at: change.at };
    case 'bead.unlabelled': return without({ ...bead, labels: nonEmpty((bead.labels ?? []).filter((label) => label !== change.label)), updated_at: change.at });
    case 'dependency.added': return { ...bead, dependencies: [...(bead.dependencies ?? []).filter((edge) => edge.depends_on_id !== change.dependency.depends_on_id), change.dependency], updated_at: change.dependency.created_at };
    case 'dependency.removed': return without({ ...bead, dependencies: nonEmpty((bead.dependencies ?? []).filter((edge) => edge.depends_on_id !== change.on)), updated_at: change.at });
    case 'comment.added': return { ...bead, comments: [...(bead.comments ?? []).filter((known) => known.id !== change.comment.id), change.comment], updated_at: change.comment.created_at };
    case 'attempt.recorded': return { ...bead, attempts: [...(bead.attempts ?? []).filter((known) => known.id !== change.attempt.id), change.attempt], updated_at: change.attempt.at };
    case 'bead.restored': return change.bead;
  }
}

/** The bead without the keys that have no value. */
function without(bead: Record<string, unknown>): Bead {
  if (!Object.values(bead).includes(undefined)) return bead as unknown as Bead;
  return Object.fromEntries(Object.entries(bead).filter(([, value]) => value !== undefined)) as unknown as Bead;
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}

/** A view that takes up changes as they are decided, for decisions that are made of several. */
export interface EvolvingBeads extends Beads {
  /** Applies changes to the view, and answers them. */
  take(changes: readonly BeadChange[]): readonly BeadChange[];
}

/** Lets decisions that follow one another see what the earlier ones change. */
export function evolving(beads: Beads): EvolvingBeads {
  const changed = new Map<string, Bead>();
  const current = (list: Iterable<Bead>, fits: (bead: Bead) => boolean): Bead[] => [...[...list].filter(({ id }) => !changed.has(id)), ...[...changed.values()].filter(fits)];
  const { referrers } = beads;
  return {
    get: (id) => changed.get(id) ?? beads.get(id),
    family: (root) => current(beads.family(root), ({ id }) => rootOf(id) === rootOf(root)),
    all: () => current(beads.all(), () => true),
    ...(referrers === undefined ? {} : { referrers: (id: string) => current(referrers.call(beads, id), (bead) => bead.dependencies?.some((edge) => edge.depends_on_id === id) === true) }),
    take(changes) {
      for (const change of changes) {
        const next = evolve(changed.get(change.id) ?? beads.get(change.id), change);
        if (next !== undefined) changed.set(change.id, next);
      }
      return changes;
    },
  };
}

/** No live bead has this id. */
export class UnknownBead extends Refused {
  readonly code = 'bead.unknown';
  constructor(id: string, near?: string) {
    super(`there is no bead ${JSON.stringify(id.slice(0, 80))}`, { id }, near === undefined ? 'gt list' : `gt show ${near}`);
  }
}
