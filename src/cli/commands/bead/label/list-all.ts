import { countBeads } from '../../../../actions/bead-list.ts';
import { ledgersAt } from '../../../../actions/scope.ts';
import { openWork } from '../../../../domain/query.ts';
import { queryOptions } from '../../../bead-query.ts';
import { defineCommand } from '../../../command.ts';
import { pastOptions, townThen } from '../../../past.ts';
import { table } from '../../../table.ts';

export const command = defineCommand({
  name: 'bead label list-all',
  summary: 'List every label, and how many beads have it',
  options: { rig: queryOptions.rig, ...pastOptions },
  async run({ rig, at }, context) {
    const town = await townThen(context, at);
    const { groups = [] } = await countBeads(town, ledgersAt(town, context.cwd, context.program, rig), { ...openWork, all: true }, 'label');
    return groups.map(({ group, count }) => ({ label: group, count }));
  },
  *render(labels) {
    if (labels.length === 0) yield 'no bead has a label: gt label add <bead> <label>';
    yield table(labels, [{ title: 'LABEL', cell: ({ label }) => label }, { title: 'BEADS', cell: ({ count }) => count, align: 'right' }]);
  },
});
