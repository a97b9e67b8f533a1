import { replaceBead } from '../../../actions/bead-replace.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead supersede',
  summary: 'Close a bead that another one takes the place of',
  args: [{ name: 'bead', describe: 'the old one', required: true }],
  options: { with: { type: 'string', describe: 'the new one; what waited for the old one waits for it', placeholder: '<bead>', required: true } },
  run: async ({ bead, with: by }, context) => replaceBead(await asWriter(context), bead, by, 'supersedes'),
  *render({ bead, by }) {
    yield `closed ${bead.id}: ${by} takes its place`;
  },
  json: ({ bead, by }) => ({ superseded: bead.id, replacement: by, status: bead.status }),
});
