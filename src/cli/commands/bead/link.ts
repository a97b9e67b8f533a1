import { addDependency } from '../../../actions/bead-dependency.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead link',
  summary: 'Tie a bead to another one, which it waits for unless told otherwise',
  args: [{ name: 'bead', describe: 'the one that waits', required: true }, { name: 'on', describe: 'the other one', required: true }],
  options: { type: { type: 'string', alias: 't', describe: 'blocks, related, parent-child, discovered-from …', placeholder: '<type>', default: 'blocks' } },
  run: async ({ bead, on, type }, context) => addDependency(await asWriter(context), bead, on, type),
  *render({ status, issue_id: id, depends_on_id: on, type }) {
    yield status === 'unchanged' ? `${id} is tied to ${on} already (${type})` : `${id} is tied to ${on} (${type})`;
  },
});
