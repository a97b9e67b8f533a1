import { changeBead } from '../../../actions/bead-change.ts';
import { parseState, setState } from '../../../domain/dimension.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead set-state',
  summary: 'Say what a bead is in one regard, by a label <dimension>:<value>',
  args: [{ name: 'bead', describe: 'its id, or how it begins', required: true }, { name: 'state', describe: '<dimension>=<value>', required: true }],
  options: { reason: { type: 'string', alias: 'r', describe: 'why, kept as a comment', placeholder: '<text>' } },
  examples: [['bead set-state gt-x1y2z health=failing --reason "the pod leaks"', 'gt list -l health:failing lists all of them']],
  async run({ bead, state, reason }, context) {
    const chosen = parseState(state);
    const why = reason === undefined ? undefined : { reason, commentId: Buffer.from(context.random(8)).toString('hex') };
    return { ...chosen, bead: await changeBead(await asWriter(context), bead, (id) => `Set ${state} on ${id}`, (view, id, act) => setState(view, id, chosen, why, act)) };
  },
  *render({ bead, dimension, value }) {
    yield `${dimension} of ${bead.id} is ${value}`;
  },
  json: ({ bead, dimension, value }) => ({ issue_id: bead.id, dimension, new_value: value }),
});
