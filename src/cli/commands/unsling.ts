import { resolveId } from '../../actions/resolve.ts';
import { unsling } from '../../actions/unsling.ts';
import { defineCommand } from '../command.ts';
import { enter } from '../entry.ts';

export const command = defineCommand({
  name: 'unsling',
  summary: 'Take a bead off the hook it hangs on, or out of the queue',
  args: [{ name: 'bead', describe: 'the bead', required: true }],
  options: { force: { type: 'boolean', alias: 'f', describe: 'even when it is submitted already' } },
  async run({ bead, force }, context) {
    const { town, who } = await enter(context);
    return unsling(town, who, await resolveId(town, bead), force);
  },
  *render({ bead, agent }) {
    yield agent === undefined ? `${bead} is open and waits for nobody` : `${bead} is off the hook of ${agent}; the worktree stays as it is`;
  },
});
