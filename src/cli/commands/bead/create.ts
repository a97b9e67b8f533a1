import { createBead, createFromLines, createFromPlan, type Filing } from '../../../actions/bead-create.ts';
import { BadOption, told } from '../../beads.ts';
import { fieldOptions, readFields } from '../../bead-fields.ts';
import { camel, defineCommand } from '../../command.ts';
import { readText } from '../../files.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead create',
  summary: 'Write down a piece of work',
  args: [{ name: 'what', describe: 'what is to be done, in one line' }],
  options: {
    ...fieldOptions,
    labels: { type: 'array', alias: 'l', describe: 'labels' },
    deps: { type: 'array', describe: 'what it waits for: an id, or type:id; blocks:id for what waits for it' },
    'waits-for': { type: 'array', describe: 'beads whose parts it waits for', placeholder: '<bead>' },
    parent: { type: 'string', describe: 'the bead that it is a part of', placeholder: '<bead>' },
    'no-inherit-labels': { type: 'boolean', describe: "leave the parent's labels out" },
    id: { type: 'string', describe: 'an id of your own', placeholder: '<id>' },
    rig: { type: 'string', describe: "the rig whose ledger keeps it; hq for the town's", placeholder: '<name>' },
    ephemeral: { type: 'boolean', describe: 'keep it in this clone only' },
    'wisp-type': { type: 'string', describe: 'what kind of ephemeral bead it is', choices: ['heartbeat', 'ping', 'patrol', 'gc_report', 'recovery', 'error', 'escalation'] },
    'mol-type': { type: 'string', describe: 'what kind of molecule it is', choices: ['swarm', 'patrol', 'work'] },
    validate: { type: 'boolean', describe: 'refuse it where its text lacks a section that its type should have (gt lint)' },
    file: { type: 'string', alias: 'f', describe: 'JSON Lines, one bead a line, all in one transaction; - for standard input', placeholder: '<path>' },
    graph: { type: 'string', describe: 'a plan as JSON, nodes and edges between them, all in one transaction; - for standard input', placeholder: '<path>' },
    silent: { type: 'boolean', describe: 'print the id alone' },
    'dry-run': { type: 'boolean', describe: 'decide and show, and write nothing' },
  },
  examples: [
    ['bead create "Oil the hinges" -p 1 -l gate', 'one bead'],
    ['bead create "Paint the gate" --deps gt-x1y2z', 'that waits for another one'],
    ['bead create -f chores.jsonl', 'many, which may name one another'],
  ],
  async run({ what, labels, deps, waitsFor, parent, noInheritLabels, id, rig, ephemeral, wispType, molType, validate, file, graph, silent, dryRun, ...typed }, context) {
    const writer = await asWriter(context);
    const filing: Filing = { rig, ephemeral, dryRun, validate, seed: Buffer.from(context.random(8)).toString('hex') };
    if (file !== undefined || graph !== undefined) refuseOfOne({ what, labels, deps, waitsFor, parent, noInheritLabels, id, wispType, molType, ...typed, ...(file === undefined ? {} : { graph }) }, file === undefined ? 'graph' : 'file');
    if (file !== undefined) return { beads: await createFromLines(writer, await readText(file, context), file === '-' ? 'standard input' : file, filing), many: true, ids: undefined };
    if (graph !== undefined) {
      const planned = await createFromPlan(writer, await readText(graph, context), graph === '-' ? 'standard input' : graph, filing);
      return { beads: [...planned.values()], many: true, ids: Object.fromEntries([...planned].map(([key, bead]) => [key, bead.id])) };
    }
    const title = what ?? typed.title;
    if (title === undefined) throw new BadOption('a bead needs a title', 'gt create "Oil the hinges"');
    const kinds = { ...(wispType === undefined ? {} : { wisp_type: wispType }), ...(molType === undefined ? {} : { mol_type: molType }) };
    const { title: _title, ...read } = await readFields(typed, context);
    const links = [...deps, ...waitsFor.map((bead) => `waits-for:${bead}`)];
    const bead = await createBead(writer, { fields: { ...read, ...kinds, ...(labels.length > 0 ? { labels } : {}), title }, id, parent, deps: links, inheritLabels: !noInheritLabels }, filing);
    return { beads: [bead], many: false, ids: undefined };
  },
  *render({ beads }, { silent, dryRun }) {
    if (beads.length === 0) yield 'the file holds no bead';
    for (const bead of beads) yield silent ? bead.id : told(dryRun ? 'would create' : 'created', bead);
  },
  json: ({ beads, many, ids }): unknown => (ids !== undefined ? { ids } : many ? beads : beads[0]),
});

/** What describes one bead says nothing about those of a file: none of it is dropped unsaid. Throws BadOption. */
function refuseOfOne(given: Readonly<Record<string, unknown>>, where: 'file' | 'graph'): void {
  const isSaid = (value: unknown): boolean => value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
  const flag = Object.keys(command.options ?? {}).find((name) => isSaid(given[camel(name)]));
  const first = isSaid(given['what']) ? 'a title' : flag && `--${flag}`;
  if (first !== undefined) throw new BadOption(`${first} does not go with --${where}, which says everything about each of its beads`, `gt create --${where} <path>`);
}
