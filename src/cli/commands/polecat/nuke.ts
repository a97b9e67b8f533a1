import { nuke } from '../../../actions/workers.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';

export const command = defineCommand({
  name: 'polecat nuke',
  summary: 'Remove a worker with its worktree and branch, after a snapshot of everything in it',
  args: [{ name: 'worker', describe: 'its name, <rig>/<name> or its address', required: true }],
  options: { force: { type: 'boolean', alias: 'f', describe: 'end its session and take its work off the hook first' } },
  async run({ worker, force }, context) {
    const { town, who } = await enter(context);
    return nuke(town, who, worker, force);
  },
  *render({ address, snapshot, ref }) {
    yield snapshot === undefined ? `${address} had no worktree` : `${address} is gone; what it held is at ${ref}`;
  },
});
