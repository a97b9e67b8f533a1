import { runSession } from '../../../actions/run.ts';
import { rigNamed } from '../../../town.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';

export const command = defineCommand({
  name: 'session run',
  summary: "Watch over the client of one session; the town starts this by itself",
  hidden: true,
  args: [
    { name: 'agent', describe: 'the address of the agent', required: true },
    { name: 'id', describe: 'the session', required: true },
  ],
  async run({ agent, id }, context) {
    const { town } = await enter(context);
    return runSession(town, rigNamed(town, agent.split('/')[0] ?? ''), agent, id, context.env, context.signal);
  },
  *render({ message }) {
    yield message;
  },
});
