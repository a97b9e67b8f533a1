import { showBeads } from '../../../../actions/bead-show.ts';
import { beadTable } from '../../../bead-table.ts';
import { defineCommand } from '../../../command.ts';
import { pastOptions, townThen } from '../../../past.ts';

export const command = defineCommand({
  name: 'bead dep list',
  summary: 'List what a bead depends on, or what depends on it',
  args: [{ name: 'bead', describe: 'its id, or how it begins', required: true }],
  options: {
    direction: { type: 'string', describe: 'down: what it depends on; up: what depends on it', choices: ['down', 'up'], default: 'down' },
    type: { type: 'array', alias: 't', describe: 'edges of these types' },
    ...pastOptions,
  },
  async run({ bead, direction, type, at }, context) {
    const [found] = await showBeads(await townThen(context, at), context.cwd, [bead]);
    const beads = direction === 'up' ? found?.dependents : found?.dependencies;
    return (beads ?? []).filter(({ dependency_type: kind }) => type.length === 0 || type.includes(kind));
  },
  *render(beads, { bead, direction }) {
    if (beads.length === 0) yield direction === 'up' ? `nothing depends on ${bead}` : `${bead} depends on nothing: gt dep add ${bead} <bead>`;
    yield beadTable(beads, [{ title: 'EDGE', cell: ({ dependency_type: kind }) => kind }]);
  },
});
