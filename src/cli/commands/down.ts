import { stopEngine } from '../../supervisors/launch.ts';
import { defineCommand } from '../command.ts';
import { enter } from '../entry.ts';

export const command = defineCommand({
  name: 'down',
  summary: 'Stop the engine; sessions go on unless told otherwise',
  options: { all: { type: 'boolean', alias: 'a', describe: 'end the sessions too; their work stays on its hooks' } },
  async run({ all }, context) {
    const { town } = await enter(context);
    return stopEngine(town, all);
  },
  *render({ pid, sessions }) {
    yield pid === undefined ? 'no engine was running' : `the engine (process ${pid}) has stopped`;
    for (const { agent, bead } of sessions) yield `${agent}: its session has ended; ${bead} stays on its hook`;
  },
});
