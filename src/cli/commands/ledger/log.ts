import { ledgerLog } from '../../../actions/bead-history.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { parsePast } from '../../../base/time.ts';
import { openTown } from '../../../town.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'ledger log',
  summary: 'Show who wrote what into the ledger, newest first',
  options: {
    // --actor, which every command has, says whose writes are meant.
    bead: { type: 'string', describe: 'only what changed this bead', placeholder: '<bead>' },
    since: { type: 'string', describe: 'only from then on: 2h (ago), yesterday, 2030-01-31', placeholder: '<time>' },
    until: { type: 'string', describe: 'only until then', placeholder: '<time>' },
    rig: queryOptions.rig,
    limit: { type: 'number', alias: 'n', describe: 'at most so many, 0 for all', default: 50 },
  },
  examples: [['ledger log --actor mayor --since 1d', 'what the mayor did since yesterday'], ['ledger log --bead gt-x1y2z --json', 'every write to a bead, with what was decided']],
  async run({ bead, since, until, rig, limit }, context) {
    const town = openTown(context.cwd, context.now);
    const time = (text: string | undefined): number | undefined => (text === undefined ? undefined : parsePast(text, context.now()));
    const search = { actor: context.actor, bead, since: time(since), until: time(until), limit: limit > 0 ? limit : Infinity };
    return ledgerLog(town, context.cwd, ledgersAt(town, context.cwd, context.program, rig), search);
  },
  *render(entries) {
    if (entries.length === 0) yield 'nothing was written like that';
    yield table(entries, [
      { title: 'COMMIT', cell: ({ commit }) => commit.slice(0, 10) },
      { title: 'AT', cell: ({ at }) => at },
      { title: 'WHO', cell: ({ actor }) => actor },
      { title: 'WHAT', cell: ({ subject }) => subject, shrink: true },
    ]);
  },
});
