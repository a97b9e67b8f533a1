import { isObject } from '../base/jsonl.ts';
import type { Link, Order } from './filing.ts';

/** Beads to be filed together from a plan, parents before their parts, and what it names that it does not file itself. */
export interface FilingPlan {
  /** What the ledger's commit says. */
  readonly message: string | undefined;
  /** Each has as its id, by which the others name it, a word that no id of a ledger can be. */
  readonly orders: readonly Order[];
  /** The keys of the orders, in their order. */
  readonly keys: readonly string[];
  /** The ids of beads that are there already. */
  readonly others: readonly string[];
}

const plain: Readonly<Record<string, string>> = {
  title: 'title', description: 'description', type: 'issue_type', priority: 'priority', assignee: 'assignee', assign_after_create: 'assignee', labels: 'labels', metadata: 'metadata', design: 'design', acceptance: 'acceptance_criteria', notes: 'notes',
};
const ties: readonly string[] = ['key', 'parent_key', 'parent_id'];

/** Reads a plan: `nodes` with a `key` and a `title` each, a `parent_key` or `parent_id`, and the fields of beads; `edges` from what waits (`from_key`, `from_id`) to what it waits for. Answers what is wrong with it as a text. */
export function readPlan(value: unknown): FilingPlan | string {
  if (!isObject(value) || !Array.isArray(value['nodes']) || !Array.isArray(value['edges'] ?? [])) return 'a plan is an object with a list of nodes and a list of edges';
  const nodes = new Map<string, Readonly<Record<string, unknown>>>();
  for (const [index, node] of (value['nodes'] as unknown[]).entries()) {
    const fault = faultOf(node, nodes);
    if (fault !== undefined) return `node ${index + 1}: ${fault}`;
    nodes.set((node as { key: string }).key, node as Record<string, unknown>);
  }
  const lost = [...nodes].findIndex(([, { parent_key: parent }]) => typeof parent === 'string' && !nodes.has(parent));
  if (lost !== -1) return `node ${lost + 1}: its parent_key is the key of no node; a bead that is there already is its parent_id`;
  const links = linksOf((value['edges'] ?? []) as unknown[], nodes);
  if (typeof links === 'string') return links;
  const keys = parentsFirst(nodes);
  if (keys === undefined) return 'a node is below itself';
  const orders = keys.map((key) => orderOf(key, nodes.get(key) ?? {}, links.get(key) ?? []));
  const others = orders.flatMap(({ parent, links: own }) => [parent, ...own.map(({ other }) => other)]).filter((name): name is string => name !== undefined && !isOwn(name));
  const { commit_message: message } = value;
  return { message: typeof message === 'string' ? message : undefined, orders, keys, others: [...new Set(others)] };
}

const mark = 'key:';

/** How beads of a plan name one of it: no id is spelled so, and a key that looks like one is not taken for it. */
function nameOf(key: string): string {
  return `${mark}${key}`;
}

function isOwn(name: string): boolean {
  return name.startsWith(mark);
}

function faultOf(node: unknown, known: ReadonlyMap<string, unknown>): string | undefined {
  if (!isObject(node)) return 'it is no object';
  const { key, title } = node;
  if (typeof key !== 'string' || key === '') return 'it has no key';
  if (known.has(key)) return `${JSON.stringify(key)} is the key of another one`;
  if (typeof title !== 'string') return 'it has no title';
  const lost = ['parent_key', 'parent_id'].find((name) => (node[name] ?? undefined) !== undefined && typeof node[name] !== 'string');
  if (lost !== undefined) return `its ${lost} is no text`;
  if (isOwn(String(node['parent_id']))) return 'its parent_id is no id';
  const strange = Object.keys(node).find((name) => !Object.hasOwn(plain, name) && !ties.includes(name));
  return strange === undefined ? undefined : `a plan knows no ${JSON.stringify(strange)}`;
}

function linksOf(edges: readonly unknown[], nodes: ReadonlyMap<string, unknown>): Map<string, Link[]> | string {
  const links = new Map<string, Link[]>();
  for (const [index, edge] of edges.entries()) {
    const [from, to] = isObject(edge) ? [endOf(edge['from_key'], edge['from_id']), endOf(edge['to_key'], edge['to_id'])] : [];
    const type = isObject(edge) ? (edge['type'] ?? 'blocks') : undefined;
    if (from === undefined || to === undefined || typeof type !== 'string') return `edge ${index + 1}: it does not say from where, and to where`;
    const strange = [from, to].find(({ key }) => key !== undefined && !nodes.has(key));
    if (strange !== undefined) return `edge ${index + 1}: ${JSON.stringify(strange.key)} is the key of no node; a bead that is there already is named by from_id or to_id`;
    const owner = from.key ?? to.key;
    if (owner === undefined) return `edge ${index + 1}: neither of its ends is in the plan`;
    if (from.key === undefined && type !== 'blocks') return `edge ${index + 1}: it begins at a bead that the plan does not file, and so has to be of type blocks`;
    links.set(owner, [...(links.get(owner) ?? []), from.key === undefined ? { type, other: from.name, blocks: true } : { type, other: to.name, blocks: false }]);
  }
  return links;
}

/** One end of an edge: a bead of the plan by its key, or one that is there already. */
interface End {
  readonly key: string | undefined;
  readonly name: string;
}

function endOf(key: unknown, id: unknown): End | undefined {
  if (typeof key === 'string') return { key, name: nameOf(key) };
  return typeof id === 'string' && (key ?? undefined) === undefined && !isOwn(id) ? { key: undefined, name: id } : undefined;
}

/** The keys, level by level, in the order of the plan; undefined where a node is below itself. */
function parentsFirst(nodes: ReadonlyMap<string, Readonly<Record<string, unknown>>>): string[] | undefined {
  const sorted = new Set<string>();
  while (sorted.size < nodes.size) {
    const next = [...nodes].filter(([key, { parent_key: parent }]) => !sorted.has(key) && (typeof parent !== 'string' || sorted.has(parent)));
    if (next.length === 0) return undefined;
    for (const [key] of next) sorted.add(key);
  }
  return [...sorted];
}

function orderOf(key: string, node: Readonly<Record<string, unknown>>, links: readonly Link[]): Order {
  const { parent_key: above, parent_id: there } = node;
  const parent = typeof above === 'string' ? nameOf(above) : there;
  const fields = Object.fromEntries(Object.entries(node).flatMap(([name, value]): [string, unknown][] => (Object.hasOwn(plain, name) ? [[plain[name] ?? name, value]] : [])));
  return { id: nameOf(key), parent: typeof parent === 'string' ? parent : undefined, links, inheritLabels: true, fields: { ...fields, title: String(node['title']) } };
}
