import { noUpdate, updateBead } from '../../../actions/bead-change.ts';
import { parsePriority, told } from '../../beads.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead priority',
  summary: 'Say how urgent a bead is',
  args: [{ name: 'bead', describe: 'its id, or how it begins', required: true }, { name: 'priority', describe: '0 or P0 (most urgent) to 4', required: true }],
  async run({ bead, priority }, context) {
    return updateBead(await asWriter(context), bead, { ...noUpdate, fields: { priority: parsePriority(priority, `gt priority ${bead} 2`) } });
  },
  *render(bead) {
    yield told(`P${bead.priority}`, bead);
  },
  json: (bead) => [bead],
});
