import { searchBeads } from '../../../actions/bead-search.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { sortFields } from '../../../domain/matching.ts';
import { beadTable } from '../../bead-table.ts';
import { queryOptions, readQuery } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { pastOptions, townThen } from '../../past.ts';

const { id: _id, ...options } = queryOptions;

export const command = defineCommand({
  name: 'bead search',
  summary: 'Find beads by id, or by what title and description say',
  args: [{ name: 'text', describe: 'an id, how one begins, or a part of the text', required: true, many: true }],
  options: {
    ...options,
    limit: { type: 'number', alias: 'n', describe: 'at most so many, 0 for all', default: 50 },
    sort: { type: 'string', describe: 'order by this', choices: sortFields, default: 'priority' },
    reverse: { type: 'boolean', alias: 'r', describe: 'the other way round' },
    ...pastOptions,
  },
  async run({ text, rig, parent, limit, sort, reverse, at, ...typed }, context) {
    const town = await townThen(context, at);
    const whole = parent === undefined ? undefined : await (await import('../../../actions/resolve.ts')).resolveId(town, parent, context.cwd);
    const query = await readQuery(typed, whole, context);
    return searchBeads(town, ledgersAt(town, context.cwd, context.program, rig), text.join(' '), query, { sort, reverse, limit: limit > 0 ? limit : Infinity });
  },
  *render({ total, whole, beads }, { text }) {
    if (beads.length === 0) yield `no open bead says ${JSON.stringify(text.join(' '))}: --status all looks at closed ones too`;
    yield beadTable(beads);
    if (!whole) yield `(more: at least ${total - beads.length} are not shown; --limit 0 shows all)`;
    else if (total > beads.length) yield `(more: ${total - beads.length} of ${total} are not shown; --limit 0 shows all)`;
  },
  json: ({ beads }) => beads,
});
