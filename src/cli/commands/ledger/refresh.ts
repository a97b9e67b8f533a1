import { refreshLedgers } from '../../../actions/ledger-refresh.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { countOf } from '../../../base/text.ts';
import { ledgersOf, openTown } from '../../../town.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  name: 'ledger refresh',
  summary: 'Work out ahead what everyday questions are answered from',
  options: { rig: queryOptions.rig },
  async run({ rig }, context) {
    const town = openTown(context.cwd, context.now);
    return refreshLedgers(rig === undefined ? ledgersOf(town) : ledgersAt(town, context.cwd, context.program, rig));
  },
  *render(refreshed) {
    for (const { ledger, beads, done } of refreshed) yield done ? `ledger ${ledger}: ${countOf(beads, 'bead')}, all worked out` : `ledger ${ledger}: another process is at it`;
  },
});
