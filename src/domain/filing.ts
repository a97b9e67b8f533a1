import { candidateIds, prefixOf, rootOf } from '../base/ids.ts';
import { isObject } from '../base/jsonl.ts';
import { find, evolving, type Act, type BeadChange, type Beads, type EvolvingBeads } from './bead.ts';
import { create, IdTaken, nextChildId } from './content.ts';
import { BadDependency, depend } from './dependency.ts';
import { checkId } from './field.ts';

/** An edge that a bead is filed with: it depends on `other`, or the other way round where it `blocks` it. */
export interface Link {
  readonly type: string;
  readonly other: string;
  readonly blocks: boolean;
}

/** A bead to be filed. In a file, `id` may be a name that only the file knows. */
export interface Order {
  readonly id: string | undefined;
  readonly parent: string | undefined;
  readonly links: readonly Link[];
  readonly inheritLabels: boolean;
  /** By the field names of beads. */
  readonly fields: Readonly<Record<string, unknown>> & { readonly title: string };
}

/** How ids are made for beads that bring none. */
export interface Numbering {
  /** The prefixes of the ledger, the one for new beads first. */
  readonly prefixes: readonly string[];
  /** Stands between the prefix and the random part. */
  readonly infix: string;
  /** About how many beads there are. */
  readonly count: number;
  /** Makes ids of beads that say the same at the same moment differ. */
  readonly seed: string;
}

/** Reads an edge as it is typed: `id` and `type:id` depend on it, `blocks:id` blocks it. */
export function parseLink(spec: string): Link {
  const [, type, other] = spec.startsWith('external:') ? [] : (/^([^:]+):(.+)$/.exec(spec) ?? []);
  if (type === undefined || other === undefined) return { type: 'blocks', other: spec, blocks: false };
  if (type === 'depends-on' || type === 'blocked-by') return { type: 'blocks', other, blocks: false };
  return { type, other, blocks: type === 'blocks' };
}

/** Reads a bead to be filed from a parsed JSON line: its fields, `parent`, `deps` as they are typed, `dependencies` as beads keep them. Answers what is wrong with it as a text. */
export function orderOf(value: Readonly<Record<string, unknown>>): Order | string {
  const { id, parent, deps = [], dependencies = [], title, type, ...fields } = value;
  if (typeof title !== 'string') return 'it has no title';
  if ((id ?? undefined) !== undefined && typeof id !== 'string') return 'its id is no text';
  if ((parent ?? undefined) !== undefined && typeof parent !== 'string') return 'its parent is no id';
  const typed = typeof deps === 'string' ? deps.split(',') : deps;
  if (!Array.isArray(typed) || !Array.isArray(dependencies)) return 'its dependencies are no list';
  const links = [...typed, ...dependencies].map(linkOf);
  if (links.includes(undefined)) return 'a dependency of it names no bead';
  const named = typeof type === 'string' && fields['issue_type'] === undefined ? { issue_type: type } : {};
  return { id: id as string | undefined, parent: parent as string | undefined, links: links as Link[], inheritLabels: true, fields: { ...fields, ...named, title } };
}

function linkOf(value: unknown): Link | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : parseLink(value.trim());
  if (!isObject(value) || typeof value['depends_on_id'] !== 'string') return undefined;
  return { type: typeof value['type'] === 'string' ? value['type'] : 'blocks', other: value['depends_on_id'], blocks: false };
}

/** Files beads in order, each seeing those before it; edges and parents may name any of them by the id that its order gave. Answers their ids, and the view with them in it. */
export function fileBeads(beads: Beads, orders: readonly Order[], numbering: Numbering, act: Act): { readonly changes: BeadChange[]; readonly ids: string[]; readonly beads: Beads } {
  const known = evolving(beads);
  const given = new Map<string, string>();
  const changes: BeadChange[] = [];
  const ids: string[] = [];
  for (const order of orders) {
    const parent = order.parent === undefined ? undefined : (given.get(order.parent) ?? order.parent);
    const id = idFor(known, order, parent, numbering, act);
    if (order.id !== undefined) given.set(order.id, id);
    ids.push(id);
    changes.push(...known.take(create(known, id, { ...order.fields, labels: labelsFor(known, order, parent) }, act)));
  }
  // Edges come last, so that a line may name one that stands below it.
  orders.forEach((order, index) => changes.push(...link(known, ids[index] ?? '', order, given, numbering, act)));
  return { changes, ids, beads: known };
}

function labelsFor(beads: Beads, { fields, inheritLabels }: Order, parent: string | undefined): unknown {
  const own = fields['labels'];
  const inherited = parent === undefined || !inheritLabels ? [] : (find(beads, parent).labels ?? []);
  // What is no list is held against the field's shape with the others, and not lost here.
  return inherited.length === 0 || !Array.isArray(own ?? []) ? own : [...((own ?? []) as unknown[]), ...inherited];
}

function link(known: EvolvingBeads, id: string, order: Order, given: ReadonlyMap<string, string>, { prefixes }: Numbering, act: Act): BeadChange[] {
  const full = (name: string): string => given.get(name) ?? name;
  const changes: BeadChange[] = [];
  const add = (from: string, on: string, type: string): void => void changes.push(...known.take(depend(known, from, on, type, act)));
  if (order.parent !== undefined) add(id, full(order.parent), 'parent-child');
  for (const { type, other, blocks } of order.links) {
    if (blocks && prefixOf(full(other), prefixes) === undefined) throw new BadDependency(full(other), id, 'it is kept in another ledger', `file the bead, then: gt dep add ${other} <its id>`);
    if (blocks) add(full(other), id, type);
    else add(id, full(other), type);
  }
  return changes;
}

function idFor(known: Beads, { id, fields }: Order, parent: string | undefined, { prefixes, infix, count, seed }: Numbering, act: Act): string {
  if (id !== undefined && prefixOf(rootOf(id), prefixes) !== undefined) {
    if (known.get(checkId(id)) !== undefined) throw new IdTaken(id);
    return id;
  }
  if (parent !== undefined) return nextChildId(known, parent);
  const says = [fields.title, fields['description'] ?? '', act.by, act.at, seed, id ?? ''].join('|');
  for (const candidate of candidateIds(`${prefixes[0]}${infix}`, says, count)) if (known.get(candidate) === undefined) return candidate;
  throw new NoFreeId(prefixes[0] ?? '');
}

/** Every id that was tried is taken, which chance alone does not do. */
class NoFreeId extends Error {
  constructor(prefix: string) {
    super(`no free id was found with the prefix ${prefix}`);
  }
}
