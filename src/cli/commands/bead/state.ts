import { showBeads } from '../../../actions/bead-show.ts';
import { statesOf } from '../../../domain/dimension.ts';
import { defineCommand } from '../../command.ts';
import { pastOptions, townThen } from '../../past.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'bead state',
  summary: 'Show what a bead is in one regard, or in every one',
  args: [{ name: 'bead', describe: 'its id, or how it begins', required: true }, { name: 'dimension', describe: 'the regard' }],
  options: pastOptions,
  async run({ bead, dimension, at }, context) {
    const [found] = await showBeads(await townThen(context, at), context.cwd, [bead]);
    if (found === undefined) throw new Error(`nothing is shown of ${bead}`);
    const states = statesOf(found.bead);
    return { id: found.bead.id, dimension, states: dimension === undefined ? states : states.filter((each) => each.dimension === dimension) };
  },
  *render({ id, dimension, states }) {
    if (states.length === 0) yield dimension === undefined ? `nothing is said of ${id} in any regard: gt set-state ${id} <dimension>=<value>` : `(no ${dimension} is set)`;
    else if (dimension === undefined) yield table(states, [{ title: 'DIMENSION', cell: (each) => each.dimension }, { title: 'VALUE', cell: ({ value }) => value }]);
    else yield* states.map(({ value }) => value);
  },
  json: ({ id, dimension, states }) => (dimension === undefined ? { issue_id: id, states: Object.fromEntries(states.map((each) => [each.dimension, each.value])) } : { issue_id: id, dimension, value: states[0]?.value ?? null }),
});
