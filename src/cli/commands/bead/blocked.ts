import { blockedWork } from '../../../actions/bead-judging.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { openTown } from '../../../town.ts';
import { beadTable } from '../../beads.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  name: 'bead blocked',
  summary: 'List what waits for other beads, and for which',
  options: { rig: queryOptions.rig },
  async run({ rig }, context) {
    const town = openTown(context.cwd, context.now);
    return blockedWork(town, ledgersAt(town, context.cwd, context.program, rig));
  },
  *render(beads) {
    if (beads.length === 0) yield 'nothing is blocked: gt ready shows what can be started';
    yield beadTable(beads, [{ title: 'WAITS FOR', cell: ({ blocked_by: ids }) => (ids.length > 3 ? `${ids.slice(0, 3).join(' ')} +${ids.length - 3}` : ids.join(' ')) }]);
  },
});
