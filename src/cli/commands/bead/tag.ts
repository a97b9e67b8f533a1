import { noUpdate, updateBead } from '../../../actions/bead-change.ts';
import { told } from '../../beads.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead tag',
  summary: 'Put labels on a bead',
  args: [{ name: 'bead', describe: 'its id, or how it begins', required: true }, { name: 'label', describe: 'the labels', required: true, many: true }],
  async run({ bead, label }, context) {
    return updateBead(await asWriter(context), bead, { ...noUpdate, addLabels: label });
  },
  *render(bead) {
    yield told(`labelled ${(bead.labels ?? []).join(', ')}`, bead);
  },
  json: (bead) => [bead],
});
