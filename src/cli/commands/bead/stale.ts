import { listBeads } from '../../../actions/bead-list.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { countOf } from '../../../base/text.ts';
import { openWork } from '../../../domain/query.ts';
import { beadTable } from '../../bead-table.ts';
import { BadOption } from '../../beads.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { pastOptions, townThen } from '../../past.ts';

const day = 86_400_000;

export const command = defineCommand({
  name: 'bead stale',
  summary: 'List work that nobody has touched for long, the longest first',
  options: {
    days: { type: 'number', alias: 'd', describe: 'not changed for so many days', default: 30 },
    status: { type: 'array', alias: 's', describe: 'of these statuses' },
    rig: queryOptions.rig,
    limit: { type: 'number', alias: 'n', describe: 'at most so many, 0 for all', default: 50 },
    ...pastOptions,
  },
  async run({ days, status, rig, limit, at }, context) {
    if (days < 0) throw new BadOption('the number of days is not below zero', 'gt stale --days 14');
    const town = await townThen(context, at);
    const query = { ...openWork, statuses: status, updated: { after: undefined, before: town.now() - days * day } };
    return listBeads(town, ledgersAt(town, context.cwd, context.program, rig), query, { sort: 'updated', reverse: true, limit: limit > 0 ? limit : Infinity, wisps: false });
  },
  *render({ total, beads }, { days }) {
    if (beads.length === 0) yield `no work has lain still for ${countOf(days, 'day')}: gt stale --days 7`;
    yield beadTable(beads, [{ title: 'CHANGED', cell: ({ updated_at: at }) => at.slice(0, 10) }]);
    if (total > beads.length) yield `(more: ${total - beads.length} of ${total} are not shown; --limit 0 shows all)`;
  },
  json: ({ beads }) => beads,
});
