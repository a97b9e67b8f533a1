import { findCycles } from '../../../../actions/bead-dependency.ts';
import { defineCommand } from '../../../command.ts';
import { pastOptions, townThen } from '../../../past.ts';

export const command = defineCommand({
  name: 'bead dep cycles',
  summary: 'Find beads that wait for one another',
  options: pastOptions,
  run: async ({ at }, context) => findCycles(await townThen(context, at)),
  *render(cycles) {
    if (cycles.length === 0) yield 'no beads wait for one another';
    for (const beads of cycles) yield `${beads.map(({ id }) => id).join(' → ')}: gt dep remove opens the circle`;
  },
});
