import { finish } from '../../actions/finish.ts';
import { defineCommand } from '../command.ts';
import { enter } from '../entry.ts';

export const command = defineCommand({
  name: 'done',
  summary: 'Finish the work on your hook: commit what is left over, submit the branch, free the hook',
  options: { message: { type: 'string', alias: 'm', describe: 'message of the commit that takes in left-overs', placeholder: '<text>' } },
  async run({ message }, context) {
    const { town, me } = await enter(context);
    return finish(town, me.agent, message, context.env);
  },
  *render({ bead, request, head, leftovers, unpublished }) {
    if (leftovers !== undefined) yield `what was not committed yet is in ${leftovers.slice(0, 12)}`;
    yield `${bead} is submitted as ${request} at ${head.slice(0, 12)}; the refinery takes it from here`;
    if (unpublished !== undefined) yield `the hub does not know of it yet: ${unpublished}; the queue brings it there (gt mq run)`;
  },
});
