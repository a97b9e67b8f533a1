import { eachBead } from '../../../actions/bead-change.ts';
import { undeferBead } from '../../../actions/bead-defer.ts';
import { told, warned } from '../../beads.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead undefer',
  summary: 'Bring back beads that were put off',
  args: [{ name: 'bead', describe: 'ids, or how they begin', required: true, many: true }],
  async run({ bead }, context) {
    const writer = await asWriter(context);
    return warned(await eachBead(bead, (text) => undeferBead(writer, text)), context);
  },
  *render(beads) {
    for (const bead of beads) yield told('brought back', bead);
  },
});
