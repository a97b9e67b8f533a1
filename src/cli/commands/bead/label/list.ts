import { showBeads } from '../../../../actions/bead-show.ts';
import { defineCommand } from '../../../command.ts';
import { pastOptions, townThen } from '../../../past.ts';

export const command = defineCommand({
  name: 'bead label list',
  summary: 'List the labels of a bead',
  args: [{ name: 'bead', describe: 'its id, or how it begins', required: true }],
  options: pastOptions,
  async run({ bead, at }, context) {
    const [found] = await showBeads(await townThen(context, at), context.cwd, [bead]);
    return found?.bead.labels ?? [];
  },
  *render(labels, { bead }) {
    if (labels.length === 0) yield `${bead} has no label: gt label add ${bead} <label>`;
    yield* labels;
  },
});
