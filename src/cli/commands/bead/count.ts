import { countBeads } from '../../../actions/bead-list.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { resolveId } from '../../../actions/resolve.ts';
import { queryOptions, readQuery } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { pastOptions, townThen } from '../../past.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'bead count',
  summary: 'Count beads, closed ones too',
  options: {
    ...queryOptions,
    'by-status': { type: 'boolean', describe: 'for each status' },
    'by-type': { type: 'boolean', describe: 'for each type' },
    'by-priority': { type: 'boolean', describe: 'for each priority' },
    'by-assignee': { type: 'boolean', describe: 'for each assignee' },
    'by-label': { type: 'boolean', describe: 'for each label' },
    ...pastOptions,
  },
  async run({ rig, parent, byStatus, byType, byPriority, byAssignee, byLabel, at, ...typed }, context) {
    const town = await townThen(context, at);
    const query = await readQuery({ ...typed, status: typed.status.length === 0 ? ['all'] : typed.status }, parent === undefined ? undefined : await resolveId(town, parent, context.cwd), context);
    const by = byStatus ? 'status' : byType ? 'type' : byPriority ? 'priority' : byAssignee ? 'assignee' : byLabel ? 'label' : undefined;
    return countBeads(town, ledgersAt(town, context.cwd, context.program, rig), query, by);
  },
  *render({ total, groups }) {
    if (groups === undefined) yield String(total);
    else yield table(groups, [{ title: 'GROUP', cell: ({ group }) => group }, { title: 'COUNT', cell: ({ count }) => count, align: 'right' }]);
  },
  json: ({ total, groups }) => (groups === undefined ? { count: total } : { total, groups }),
});
