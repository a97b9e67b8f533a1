import { updateBead } from '../../../actions/bead-change.ts';
import { told } from '../../beads.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead note',
  summary: 'Add a line to the notes of a bead',
  args: [{ name: 'bead', describe: 'its id, or how it begins', required: true }, { name: 'text', describe: 'the line; several words are one', required: true, many: true }],
  async run({ bead, text }, context) {
    return updateBead(await asWriter(context), bead, { fields: {}, addLabels: [], removeLabels: [], appendNotes: text.join(' '), parent: undefined, claim: false });
  },
  *render(bead) {
    yield told('noted on', bead);
  },
  json: (bead) => [bead],
});
