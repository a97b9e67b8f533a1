import { eachBead, labelBead } from '../../../../actions/bead-change.ts';
import { warned } from '../../../beads.ts';
import { defineCommand } from '../../../command.ts';
import { asWriter } from '../../../writer.ts';

export const command = defineCommand({
  name: 'bead label remove',
  summary: 'Take a label from beads',
  args: [{ name: 'words', describe: 'ids, or how they begin, and the label last', required: true, many: true }],
  examples: [['bead label remove gt-x1y2z gt-a4b5c urgent', 'one label from two beads']],
  async run({ words }, context) {
    const [label, beads] = [words.at(-1) ?? '', words.slice(0, -1)];
    const writer = await asWriter(context);
    return { label, beads: warned(await eachBead(beads.length > 0 ? beads : [label], (text) => labelBead(writer, text, label, 'remove')), context) };
  },
  *render({ label, beads }) {
    for (const { id } of beads) yield `${id} does not have the label ${label}`;
  },
  json: ({ label, beads }) => beads.map(({ id }) => ({ status: 'removed', issue_id: id, label })),
});
