import { replaceBead } from '../../../actions/bead-replace.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead duplicate',
  summary: 'Close a bead that says the same as another one',
  args: [{ name: 'bead', describe: 'the one that is one too many', required: true }],
  options: { of: { type: 'string', describe: 'the one that stays; what waited for the other one waits for it', placeholder: '<bead>', required: true } },
  run: async ({ bead, of }, context) => replaceBead(await asWriter(context), bead, of, 'duplicates'),
  *render({ bead, by }) {
    yield `closed ${bead.id}: it is a duplicate of ${by}`;
  },
  json: ({ bead, by }) => ({ duplicate: bead.id, canonical: by, status: bead.status }),
});
