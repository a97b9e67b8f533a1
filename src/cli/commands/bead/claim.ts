import { claimBead, eachBead } from '../../../actions/bead-change.ts';
import { told, warned } from '../../beads.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead claim',
  summary: 'Take a bead that nobody has, before anybody else does',
  args: [{ name: 'bead', describe: 'ids, or how they begin', required: true, many: true }],
  async run({ bead }, context) {
    const writer = await asWriter(context);
    return warned(await eachBead(bead, (text) => claimBead(writer, text)), context);
  },
  *render(beads) {
    for (const bead of beads) yield told('claimed', bead);
  },
});
