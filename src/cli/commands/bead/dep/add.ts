import { addDependency } from '../../../../actions/bead-dependency.ts';
import { defineCommand } from '../../../command.ts';
import { asWriter } from '../../../writer.ts';

export const command = defineCommand({
  name: 'bead dep add',
  summary: 'Make one bead wait for another',
  args: [{ name: 'bead', describe: 'the one that waits', required: true }, { name: 'on', describe: 'the one that it waits for', required: true }],
  options: { type: { type: 'string', alias: 't', describe: 'blocks, parent-child, related, discovered-from, tracks, waits-for …', placeholder: '<type>', default: 'blocks' } },
  run: async ({ bead, on, type }, context) => addDependency(await asWriter(context), bead, on, type),
  *render({ status, issue_id: id, depends_on_id: on, type }) {
    yield status === 'unchanged' ? `${id} depends on ${on} already (${type})` : `${id} depends on ${on} (${type})`;
  },
});
