import { dependencyGraph } from '../../../actions/bead-survey.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { dotLines, type DependencyGraph } from '../../../domain/dependency-graph.ts';
import type { Bead } from '../../../domain/bead.ts';
import { shownStatus } from '../../../domain/submission.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import type { Part } from '../../output.ts';
import { pastOptions, townThen } from '../../past.ts';

export const command = defineCommand({
  name: 'bead graph',
  summary: 'Draw what waits for what, layer by layer or for Graphviz',
  args: [{ name: 'bead', describe: 'only what is connected with this bead' }],
  options: {
    dot: { type: 'boolean', describe: 'in the language of Graphviz' },
    all: { type: 'boolean', describe: 'beads that stand alone, too' },
    rig: queryOptions.rig,
    ...pastOptions,
  },
  examples: [['bead graph --dot | dot -Tsvg > work.svg', 'as a picture']],
  async run({ bead, all, rig, at }, context) {
    const town = await townThen(context, at);
    const graph = await dependencyGraph(town, ledgersAt(town, context.cwd, context.program, rig), context.cwd, bead);
    return { graph: all || bead !== undefined ? graph : connected(graph), total: graph.beads.length };
  },
  *render({ graph, total }, { dot }) {
    if (dot) return yield* dotLines(graph);
    yield* layered(graph);
    const alone = total - graph.beads.length;
    if (alone > 0) yield `(${alone} more stand alone; --all shows them)`;
    if (total === 0) yield 'nothing is open: gt create "…" writes work down';
  },
  json: ({ graph: { beads, edges, layers, cycles } }) => ({ issues: beads, dependencies: edges, layers, cycles }),
});

/** The graph without the beads that have no edge. */
function connected({ beads, edges, layers, cycles }: DependencyGraph): DependencyGraph {
  const ids = new Set(edges.flatMap(({ issue_id: id, depends_on_id: on }) => [id, on]));
  return { beads: beads.filter(({ id }) => ids.has(id)), edges, layers: layers.map((layer) => layer.filter((id) => ids.has(id))).filter((layer) => layer.length > 0), cycles };
}

function* layered({ beads, edges, layers, cycles }: DependencyGraph): Iterable<Part> {
  const byId = new Map(beads.map((bead) => [bead.id, bead]));
  const placed = new Set(layers.flat());
  const line = (bead: Bead | undefined): string => (bead === undefined ? '' : `  ${bead.id}  ${shownStatus(bead)}  P${bead.priority}  ${bead.title}${tiesOf(bead.id, edges)}`);
  for (const [index, layer] of layers.entries()) {
    yield { heading: index === 0 ? 'waits for nothing here' : `waits for what stands above (${index})` };
    for (const id of layer) yield line(byId.get(id));
  }
  const held = beads.filter(({ id }) => !placed.has(id));
  if (held.length > 0) yield { heading: `held up by a circle: ${cycles.map((ids) => ids.join(' → ')).join('; ')}` };
  for (const bead of held) yield line(bead);
}

function tiesOf(bead: string, edges: DependencyGraph['edges']): string {
  const own = edges.filter(({ issue_id: id }) => id === bead);
  const names = (of: typeof own): string => of.map(({ depends_on_id: on }) => on).join(' ');
  const [parents, waits] = [own.filter(({ type }) => type === 'parent-child'), own.filter(({ type }) => type !== 'parent-child')];
  return `${waits.length > 0 ? `  ← ${names(waits)}` : ''}${parents.length > 0 ? `  in ${names(parents)}` : ''}`;
}
