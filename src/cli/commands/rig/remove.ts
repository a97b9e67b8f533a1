import { removeRig } from '../../../actions/rig.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';

export const command = defineCommand({
  name: 'rig remove',
  summary: 'Take a repository out of the town; its folder and its beads stay where they are',
  args: [{ name: 'name', describe: 'the rig', required: true }],
  async run({ name }, context) {
    const { town, who } = await enter(context);
    return { name, folder: await removeRig(town, who, name) };
  },
  *render({ name, folder }) {
    yield `rig ${name} is no longer in the town; ${folder} stays, and gt rig add ${name} with the same URL takes it up again`;
  },
});
