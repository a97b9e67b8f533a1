import { noUpdate, updateBead } from '../../../actions/bead-change.ts';
import { told } from '../../beads.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead assign',
  summary: 'Say who does a bead',
  args: [{ name: 'bead', describe: 'its id, or how it begins', required: true }, { name: 'name', describe: 'who does it; an empty text for nobody', required: true }],
  async run({ bead, name }, context) {
    return updateBead(await asWriter(context), bead, { ...noUpdate, fields: { assignee: name.trim() === '' ? null : name } });
  },
  *render(bead) {
    yield told(bead.assignee === undefined ? 'assigned to nobody' : `assigned to ${bead.assignee}`, bead);
  },
  json: (bead) => [bead],
});
