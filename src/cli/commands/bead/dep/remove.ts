import { removeDependency } from '../../../../actions/bead-dependency.ts';
import { defineCommand } from '../../../command.ts';
import { asWriter } from '../../../writer.ts';

export const command = defineCommand({
  name: 'bead dep remove',
  summary: 'Make one bead wait for another no longer',
  args: [{ name: 'bead', describe: 'the one that waits', required: true }, { name: 'on', describe: 'the one that it waits for', required: true }],
  run: async ({ bead, on }, context) => removeDependency(await asWriter(context), bead, on),
  *render({ status, issue_id: id, depends_on_id: on }) {
    yield status === 'unchanged' ? `${id} did not depend on ${on}` : `${id} no longer depends on ${on}`;
  },
});
