import { blockedWork } from '../../../actions/bead-judging.ts';
import { resolveId } from '../../../actions/resolve.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { beadTable } from '../../bead-table.ts';
import { readQuery } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { pastOptions, townThen } from '../../past.ts';
import { workOptions } from '../../work-options.ts';

export const command = defineCommand({
  name: 'bead blocked',
  summary: 'List what waits for other beads, and for which',
  options: { ...workOptions, ...pastOptions },
  async run({ rig, parent, at, ...typed }, context) {
    const town = await townThen(context, at);
    const query = await readQuery(typed, parent === undefined ? undefined : await resolveId(town, parent, context.cwd), context);
    return blockedWork(town, ledgersAt(town, context.cwd, context.program, rig), query);
  },
  *render(beads) {
    if (beads.length === 0) yield 'nothing is blocked: gt ready shows what can be started';
    yield beadTable(beads, [{ title: 'WAITS FOR', cell: ({ blocked_by: ids }) => (ids.length > 3 ? `${ids.slice(0, 3).join(' ')} +${ids.length - 3}` : ids.join(' ')) }]);
  },
});
