import { reaches } from '../base/graph.ts';
import { same } from '../base/jsonl.ts';
import { edgesOf, evolving, renamedTo, type Act, type Bead, type BeadChange, type Beads } from './bead.ts';
import { acyclic, dependents } from './dependency.ts';
import { changedParts, elementOf, partsOf } from './history.ts';
import type { Move } from './renaming.ts';

/** What a transaction did to one bead. */
export interface Done {
  readonly id: string;
  readonly before: Bead | undefined;
  readonly after: Bead | undefined;
}

/** Why a transaction cannot be taken back: something about a bead that was written since. */
export interface Obstacle {
  readonly id: string;
  /** In words, to go behind the id: `its title was changed`. */
  readonly why: string;
  /** The parts whose later writes stand in the way, as `changedParts` and `groupOf` name them; undefined for any. */
  readonly parts?: readonly string[];
}

/**
 * What takes a transaction back; what it deleted, or brought back, is again as it was kept, and what it created goes for good. A bead that it has renamed is called as
 * before by all who point at it.
 */
export type UndoChange = BeadChange | { readonly op: 'bead.reverted'; readonly id: string } | { readonly op: 'bead.withdrawn'; readonly id: string } | ({ readonly op: 'bead.returned' } & Move);

const state: readonly string[] = ['status', 'assignee', 'started_at', 'closed_at', 'close_reason', 'closed_by_session'];

/** What is only ever put back together: everything about who works on a bead and whether it is done is its `state`. */
export function groupOf(part: string): string {
  return state.includes(part) ? 'state' : part;
}

/** Whether a bead is there to be worked with. */
function isLive(bead: Bead | undefined): bead is Bead {
  return bead !== undefined && bead.status !== 'tombstone';
}

/** The beads that a transaction has renamed, or whose renaming it took back: the ids that they had before, from those that they had after it. */
export function returning(done: readonly Done[]): Move[] {
  const left = new Set(done.flatMap(({ id, before, after }) => (isLive(before) && !isLive(after) ? [id] : [])));
  const taken = new Set(done.flatMap(({ id, before, after }) => (!isLive(before) && isLive(after) ? [id] : [])));
  const ways = done.flatMap(({ id, before, after }): [string | undefined, string | undefined][] => (left.has(id) ? [[id, renamedTo(after)]] : taken.has(id) ? [[renamedTo(before), id]] : []));
  return [...new Map(ways.flatMap(([id, from]): [string, Move][] => (id !== undefined && from !== undefined && left.has(id) && taken.has(from) ? [[id, { id, from }]] : []))).values()];
}

/**
 * Decides what puts back all that a transaction changed, and nothing else. `later` names the groups of parts that were written since, by bead. What others have seen
 * (`shared`) is not withdrawn but deleted, and a deletion that they have seen stays. Obstacles leave everything as it is.
 */
export function undo(beads: Beads, all: readonly Done[], later: ReadonlyMap<string, ReadonlySet<string>>, shared: boolean, act: Act): { readonly changes: readonly UndoChange[]; readonly obstacles: readonly Obstacle[] } {
  const moves = returning(all);
  // All else that a renaming has written only says where the bead is.
  const done = moves.length === 0 ? all : all.filter(({ before, after }) => !isLive(before) || !isLive(after));
  const obstacles = done.flatMap((each) => obstaclesTo(beads.get(each.id), each, later.get(each.id) ?? new Set(), shared));
  if (obstacles.length > 0) return { changes: [], obstacles };
  const changes = [...moves.map((move): UndoChange => ({ op: 'bead.returned', ...move })), ...done.flatMap((each) => putBack(beads.get(each.id), each, shared, act))];
  const then = beadsAfter(beads, done, changes);
  const lost = new Set(moves.map(({ from }) => from));
  const outcome = [...done.flatMap(({ id, before, after }) => (isLive(before) || !isLive(after) || lost.has(id) ? [] : orphans(then, id))), ...done.flatMap((each) => badEdges(then, each, later))];
  return outcome.length > 0 ? { changes: [], obstacles: outcome } : { changes, obstacles: [] };
}

function obstaclesTo(now: Bead | undefined, { id, before, after }: Done, later: ReadonlySet<string>, shared: boolean): Obstacle[] {
  if (!isLive(before) || !isLive(after)) {
    if (later.size > 0 || !same(now, after)) return [{ id, why: isLive(after) ? 'it was changed since' : 'it was written again since' }];
    if (isLive(before) && shared) return [{ id, why: 'others have seen that it was deleted, and what is deleted stays so' }];
    return [];
  }
  const parts = changedParts(before, after).map(({ part }) => part);
  if (!isLive(now)) return [{ id, why: 'it was deleted since' }];
  if (parts.includes('status') && [before.status, after.status].includes('hooked')) return [{ id, why: 'it was handed out or handed in: gt unsling takes work back', parts: [] }];
  const current = partsOf(now);
  const wanted = partsOf(after);
  const groups = [...new Set(parts.map(groupOf))];
  const changed = groups.filter((group) => later.has(group) || parts.some((part) => groupOf(part) === group && !same(current.get(part), wanted.get(part))));
  return changed.map((group) => ({ id, why: `its ${group.replace('.', ' ')} was changed since`, parts: [group] }));
}

function putBack(now: Bead | undefined, { id, before, after }: Done, shared: boolean, act: Act): UndoChange[] {
  if (before === undefined) return !isLive(after) ? [] : shared ? [{ op: 'bead.deleted', id, at: act.at, by: act.by, reason: 'its creation was undone' }] : [{ op: 'bead.withdrawn', id }];
  if (!isLive(before) || !isLive(after)) return [{ op: 'bead.reverted', id }];
  if (now === undefined) return [];
  return [{ op: 'bead.restored', id, bead: same(now, after) ? before : { ...restored(now, before, after), updated_at: act.at } }];
}

/** The bead with the parts that differ between two of its states as they were in the first. */
function restored(now: Bead, before: Bead, after: Bead): Bead {
  const bead: Record<string, unknown> = { ...now };
  for (const { part, from } of changedParts(before, after)) {
    const { field, key } = elementOf(part);
    if (key === undefined) bead[field] = from;
    else if (field === 'metadata') bead[field] = withoutMissing({ ...(bead[field] as object | undefined), [key]: from });
    else bead[field] = withElement(bead[field], field, part, from);
  }
  if (Array.isArray(bead['labels'])) bead['labels'] = [...(bead['labels'] as string[])].sort();
  return withoutMissing(bead) as unknown as Bead;
}

function withoutMissing(record: object): object | undefined {
  return unlessEmpty(Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)));
}

function unlessEmpty<T extends object>(value: T): T | undefined {
  return Object.keys(value).length > 0 ? value : undefined;
}

function withElement(list: unknown, field: string, part: string, element: unknown): unknown[] | undefined {
  const others = (Array.isArray(list) ? (list as unknown[]) : []).filter((each) => !partsOf({ [field]: [each] } as unknown as Bead).has(part));
  return unlessEmpty(element === undefined ? others : [...others, element]);
}

/** The beads as they will be. */
function beadsAfter(beads: Beads, done: readonly Done[], changes: readonly UndoChange[]): Beads {
  const known = evolving(beads);
  known.take(changes.filter((change): change is BeadChange => change.op !== 'bead.reverted' && change.op !== 'bead.withdrawn' && change.op !== 'bead.returned'));
  const gone = new Set(changes.flatMap((change) => (change.op === 'bead.withdrawn' ? [change.id] : [])));
  const back = new Map(changes.flatMap((change): [string, Bead][] => (change.op === 'bead.reverted' ? done.flatMap(({ id, before }): [string, Bead][] => (id === change.id && before !== undefined ? [[id, before]] : [])) : [])));
  const get = (id: string): Bead | undefined => (gone.has(id) ? undefined : (back.get(id) ?? known.get(id)));
  const referrers = (id: string): Bead[] => [...new Set([...(known.referrers?.(id) ?? known.all()), ...back.values()].map((bead) => bead.id))].flatMap((each) => get(each) ?? []).filter((bead) => bead.dependencies?.some((edge) => edge.depends_on_id === id));
  return { get, family: (root) => known.family(root).flatMap(({ id }) => get(id) ?? []), all: () => [...known.all()].flatMap(({ id }) => get(id) ?? []), referrers };
}

/** The beads that would be left with an edge to one that is gone. */
function orphans(then: Beads, id: string): Obstacle[] {
  return dependents(then, id).map((bead) => ({ id: bead.id, why: `it depends on ${id}`, parts: [`dependencies.${id}`] }));
}

/** Those of the beads that were written since whose metadata would name, by one of these keys, one that is gone as if it had never been: its id may be given to another. */
export function naming(written: () => Iterable<Bead>, changes: readonly UndoChange[], keys: readonly string[]): Obstacle[] {
  const gone = new Set(changes.flatMap(({ op, id }) => (op === 'bead.withdrawn' ? [id] : [])));
  for (const change of changes) if (change.op === 'bead.returned') gone.delete(change.from);
  if (gone.size === 0) return [];
  const then = new Map(changes.flatMap((change): [string, Bead][] => (change.op === 'bead.restored' ? [[change.id, change.bead]] : [])));
  return [...written()].filter(({ id }) => !gone.has(id)).flatMap((bead) => {
    const { id, metadata = {} } = then.get(bead.id) ?? bead;
    return keys.flatMap((key) => (gone.has(String(metadata[key])) ? [{ id, why: `its ${key} names ${String(metadata[key])}`, parts: [`metadata.${key}`] }] : []));
  });
}

/** What stands against the edges that come back: their target is gone since, or they would close a circle with newer ones. */
function badEdges(then: Beads, { id, before, after }: Done, later: ReadonlyMap<string, ReadonlySet<string>>): Obstacle[] {
  const back = changedParts(before, after).filter(({ part, from }) => part.startsWith('dependencies.') && from !== undefined).map(({ part }) => part.slice('dependencies.'.length));
  const targets = back.filter((target) => later.has(target) && !isLive(then.get(target))).map((target) => ({ id: target, why: `${id} depended on it, and it is gone since` }));
  const circles = acyclic.flatMap((types) => {
    const own = edgesOf(then.get(id), types).filter((target) => back.includes(target));
    const edges = (node: string): string[] => edgesOf(then.get(node), types);
    return own.filter((target) => target === id || reaches(target, id, edges)).map((target) => circleOf(then, id, target, types));
  });
  return [...targets, ...circles.flat()];
}

function circleOf(then: Beads, id: string, target: string, types: readonly string[]): Obstacle[] {
  const edges = (node: string): string[] => edgesOf(then.get(node), types);
  const within = new Set([target]);
  for (const node of within) for (const next of edges(node)) if (next !== id && reaches(next, id, edges)) within.add(next);
  return [...within].map((node) => ({ id: node, why: `with it ${id} would wait for itself`, parts: edges(node).map((next) => `dependencies.${next}`) }));
}
