import { showRequest } from '../../../actions/queue-view.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';

export const command = defineCommand({
  name: 'mq explain',
  summary: 'Say why a merge request is where it is, and what would move it',
  args: [{ name: 'request', describe: 'its id', required: true }],
  async run({ request }, context) {
    const { town } = await enter(context);
    const { id, state, why } = await showRequest(town, request);
    return { id, state, why };
  },
  *render({ id, state, why }) {
    yield `${id} is ${state}: ${why}`;
  },
});
