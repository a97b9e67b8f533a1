import { findCycles } from '../../../../actions/bead-dependency.ts';
import { openTown } from '../../../../town.ts';
import { defineCommand } from '../../../command.ts';

export const command = defineCommand({
  name: 'bead dep cycles',
  summary: 'Find beads that wait for one another',
  run: async (_args, context) => findCycles(openTown(context.cwd, context.now)),
  *render(cycles) {
    if (cycles.length === 0) yield 'no beads wait for one another';
    for (const beads of cycles) yield `${beads.map(({ id }) => id).join(' → ')}: gt dep remove opens the circle`;
  },
});
