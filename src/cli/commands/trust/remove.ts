import { distrustWriter } from '../../../actions/trust.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';

export const command = defineCommand({
  name: 'trust remove',
  summary: "Let another clone's commands run here no longer",
  args: [{ name: 'writer', describe: 'the replica or remote', required: true }],
  options: { rig: { type: 'string', describe: 'only for the ledger of this rig', placeholder: '<rig>' } },
  async run({ writer, rig }, context) {
    const { town } = await enter(context);
    distrustWriter(town, writer, rig);
    return { writer };
  },
  *render({ writer }) {
    yield `${writer} is trusted no longer: what it writes waits`;
  },
});
