import { listBeads } from '../../../actions/bead-list.ts';
import { readyWork } from '../../../actions/bead-ready.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { resolveId } from '../../../actions/resolve.ts';
import { sortFields } from '../../../domain/matching.ts';
import { beadTable } from '../../bead-table.ts';
import { queryOptions, readQuery } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { pastOptions, townThen } from '../../past.ts';

export const command = defineCommand({
  name: 'bead list',
  summary: 'List beads, open ones unless told otherwise',
  options: {
    ...queryOptions,
    ready: { type: 'boolean', describe: 'only what can be started now' },
    ephemeral: { type: 'boolean', describe: 'those of this clone only, too' },
    limit: { type: 'number', alias: 'n', describe: 'at most so many, 0 for all', default: 50 },
    sort: { type: 'string', describe: 'order by this', choices: sortFields, default: 'priority' },
    reverse: { type: 'boolean', alias: 'r', describe: 'the other way round' },
    ...pastOptions,
  },
  examples: [['bead list --status closed --closed-after 7d', 'what was closed in a week'], ['bead list -a mayor -p 0,1', "the mayor's urgent work"]],
  async run({ parent, rig, ready, ephemeral, limit, sort, reverse, at, ...typed }, context) {
    const town = await townThen(context, at);
    const ledgers = ledgersAt(town, context.cwd, context.program, rig);
    const query = await readQuery(typed, parent === undefined ? undefined : await resolveId(town, parent, context.cwd), context);
    const most = limit > 0 ? limit : Infinity;
    return ready ? readyWork(town, ledgers, most, query) : listBeads(town, ledgers, query, { sort, reverse, limit: most, wisps: ephemeral });
  },
  *render({ total, beads }) {
    if (beads.length === 0) yield 'no bead is like that: gt create "…" writes one down, gt list --all shows closed ones too';
    yield beadTable(beads);
    if (total > beads.length) yield `(more: ${total - beads.length} of ${total} are not shown; --limit 0 shows all)`;
  },
  json: ({ beads }) => beads,
});
