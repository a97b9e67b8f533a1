import { showBeads } from '../../../../actions/bead-show.ts';
import { openTown } from '../../../../town.ts';
import { defineCommand } from '../../../command.ts';

export const command = defineCommand({
  name: 'bead label list',
  summary: 'List the labels of a bead',
  args: [{ name: 'bead', describe: 'its id, or how it begins', required: true }],
  async run({ bead }, context) {
    const [found] = await showBeads(openTown(context.cwd, context.now), context.cwd, [bead]);
    return found?.bead.labels ?? [];
  },
  *render(labels, { bead }) {
    if (labels.length === 0) yield `${bead} has no label: gt label add ${bead} <label>`;
    yield* labels;
  },
});
