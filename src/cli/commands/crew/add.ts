import { addCrew } from '../../../actions/crew.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { theRig } from '../../setup.ts';

export const command = defineCommand({
  name: 'crew add',
  summary: 'Give a person a checkout of their own in a rig',
  args: [{ name: 'name', describe: 'whose it is', required: true }],
  options: { rig: { type: 'string', describe: 'the rig; otherwise the one that you stand in', placeholder: '<rig>' } },
  examples: [['crew add ada --rig shop', 'a worktree at shop/crew/ada, on branch crew/ada']],
  async run({ name, rig }, context) {
    const { town, who } = await enter(context);
    return addCrew(town, theRig(town, rig, context.cwd), who, name);
  },
  *render({ made, address, folder, branch }) {
    yield made ? `${address} works in ${folder}, on branch ${branch}` : `${address} has ${folder} already`;
  },
});
