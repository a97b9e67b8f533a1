import { closeBead, eachBead } from '../../../actions/bead-change.ts';
import { told, warned } from '../../beads.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead close',
  summary: 'Close a bead: it is done, or will not be',
  args: [{ name: 'bead', describe: 'ids, or how they begin; each is closed by itself', required: true, many: true }],
  options: {
    reason: { type: 'string', alias: 'r', describe: 'why', placeholder: '<text>', default: 'Closed' },
    force: { type: 'boolean', alias: 'f', describe: 'even when it is blocked, pinned, or has open parts' },
    session: { type: 'string', describe: 'the session that closes it', placeholder: '<id>' },
  },
  async run({ bead, reason, force, session }, context) {
    const writer = await asWriter(context);
    const closing = session === undefined ? writer : { ...writer, who: { ...writer.who, session } };
    return warned(await eachBead(bead, (text) => closeBead(closing, text, { reason, force })), context);
  },
  *render(beads) {
    for (const bead of beads) yield told('closed', bead);
  },
});
