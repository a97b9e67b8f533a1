import { cycles } from '../base/graph.ts';
import { blockingTypes, edgesOf, type Bead, type Beads } from './bead.ts';
import { dependents } from './dependency.ts';
import { readyOrder } from './ready.ts';

/** One edge of a graph: `issue_id` depends on `depends_on_id`. */
export interface GraphEdge {
  readonly issue_id: string;
  readonly depends_on_id: string;
  readonly type: string;
}

/** Beads and the edges between them, put in layers: what is in a layer waits for nothing in a later one. */
export interface DependencyGraph {
  readonly beads: readonly Bead[];
  readonly edges: readonly GraphEdge[];
  readonly layers: readonly (readonly string[])[];
  /** The groups of beads that wait for one another, and so stand in no layer, nor do those that wait for them. */
  readonly cycles: readonly (readonly string[])[];
}

const shownTypes: readonly string[] = [...blockingTypes, 'parent-child'];

/** The graph of these beads by what they wait for and what they are parts of; edges that lead out of them are left out. */
export function graphOf(asked: Iterable<Bead>): DependencyGraph {
  const beads = [...asked].sort(readyOrder);
  const ids = new Set(beads.map(({ id }) => id));
  const edges = beads.flatMap(({ id, dependencies = [] }) => dependencies.filter(({ type, depends_on_id: on }) => shownTypes.includes(type) && ids.has(on)).map(({ type, depends_on_id: on }): GraphEdge => ({ issue_id: id, depends_on_id: on, type })));
  const waiting = new Map(beads.map((bead) => [bead.id, new Set(edgesOf(bead, blockingTypes).filter((on) => ids.has(on)))]));
  return { beads, edges, layers: layersOf(waiting), cycles: cycles(ids, (id) => waiting.get(id) ?? []) };
}

function layersOf(waiting: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const behind = new Map<string, string[]>();
  const left = new Map<string, number>();
  for (const [id, targets] of waiting) {
    left.set(id, targets.size);
    for (const target of targets) {
      const known = behind.get(target);
      if (known === undefined) behind.set(target, [id]);
      else known.push(id);
    }
  }
  const order = new Map([...waiting.keys()].map((id, index) => [id, index]));
  const layers: string[][] = [];
  let layer = [...waiting.keys()].filter((id) => left.get(id) === 0);
  while (layer.length > 0) {
    layers.push(layer);
    const next: string[] = [];
    for (const id of layer.flatMap((each) => behind.get(each) ?? [])) {
      const count = (left.get(id) ?? 0) - 1;
      left.set(id, count);
      if (count === 0) next.push(id);
    }
    layer = next.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  }
  return layers;
}

/** The beads that can be reached from one along the edges that are shown, either way, itself among them; empty where there is no such bead. */
export function connectedTo(beads: Beads, id: string): Bead[] {
  const found = new Map<string, Bead>();
  const waiting = [id];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const bead = found.has(next) ? undefined : beads.get(next);
    if (bead === undefined || bead.status === 'tombstone') continue;
    found.set(next, bead);
    waiting.push(...edgesOf(bead, shownTypes), ...dependents(beads, bead.id).filter((other) => edgesOf(other, shownTypes).includes(bead.id)).map((other) => other.id));
  }
  return [...found.values()];
}

/** A graph in the language of Graphviz: arrows lead from what has to be done first to what waits for it, dashed ones from the whole to its parts. */
export function dotLines({ beads, edges }: DependencyGraph): string[] {
  return [
    'digraph beads {',
    '  rankdir=LR;',
    '  node [shape=box];',
    ...beads.map(({ id, title, status, priority }) => `  ${dotText(id)} [label=${dotText(`${id}  P${priority}  ${status}\n${title}`)}];`),
    ...edges.map(({ issue_id: id, depends_on_id: on, type }) => `  ${dotText(on)} -> ${dotText(id)}${type === 'blocks' ? '' : ` [${type === 'parent-child' ? 'style=dashed, ' : ''}label=${dotText(type)}]`};`),
    '}',
  ];
}

function dotText(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/\r?\n/g, '\\n')}"`;
}
