import { peekAt } from '../../actions/workers.ts';
import { defineCommand } from '../command.ts';
import { enter } from '../entry.ts';

export const command = defineCommand({
  name: 'peek',
  summary: 'Show the last lines that an agent printed, in this session or its last one',
  args: [{ name: 'agent', describe: 'a worker: its name, <rig>/<name> or its address', required: true }],
  options: { lines: { type: 'number', alias: 'n', describe: 'how many lines', default: 40 } },
  async run({ agent, lines }, context) {
    const { town } = await enter(context);
    return { text: await peekAt(town, agent, lines) };
  },
  *render({ text }) {
    yield text === '' ? 'it has printed nothing yet' : text;
  },
});
