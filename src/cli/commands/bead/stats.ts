import { statsOf } from '../../../actions/bead-list.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { pastOptions, townThen } from '../../past.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'bead stats',
  summary: 'Show how much there is of what',
  options: { rig: queryOptions.rig, ...pastOptions },
  async run({ rig, at }, context) {
    const town = await townThen(context, at);
    return statsOf(town, ledgersAt(town, context.cwd, context.program, rig));
  },
  *render({ summary }) {
    yield table(Object.entries(summary), [{ title: '', cell: ([name]) => name.replace(/_issues$/, '').replaceAll('_', ' ') }, { title: '', cell: ([, value]) => value, align: 'right' }], { titles: false });
  },
});
