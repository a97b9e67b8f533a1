import { runningAgents } from '../../actions/workers.ts';
import { defineCommand } from '../command.ts';
import { enter } from '../entry.ts';
import { table } from '../table.ts';

export const command = defineCommand({
  name: 'agents',
  summary: 'List the sessions that run on this machine',
  async run(_args, context) {
    const { town } = await enter(context);
    return runningAgents(town);
  },
  *render(agents) {
    if (agents.length === 0) yield 'no session runs; gt sling <bead> starts one';
    yield table(agents, [
      { title: 'AGENT', cell: ({ agent }) => agent },
      { title: 'SESSION', cell: ({ session }) => session },
      { title: 'RUNTIME', cell: ({ runtime }) => runtime },
      { title: 'BEAD', cell: ({ bead }) => bead },
      { title: 'ALIVE', cell: ({ alive }) => (alive === 'unknown' ? 'unknown' : alive ? 'yes' : 'no') },
      { title: 'SINCE', cell: ({ since }) => since },
    ]);
  },
});
