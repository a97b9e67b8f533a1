import { listConvoys } from '../../../actions/convoy.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'convoy list',
  summary: 'List convoys: work that is tracked together',
  options: { all: { type: 'boolean', alias: 'a', describe: 'closed ones too' } },
  async run({ all }, context) {
    const { town } = await enter(context);
    return listConvoys(town, all);
  },
  *render(convoys) {
    if (convoys.length === 0) yield 'no convoy is under way; gt sling makes one';
    yield table(convoys, [
      { title: 'CONVOY', cell: ({ id }) => id },
      { title: 'STATUS', cell: ({ status }) => status },
      { title: 'DONE', cell: ({ closed, tracked }) => `${closed}/${tracked.length}`, align: 'right' },
      { title: 'TITLE', cell: ({ title }) => title },
    ]);
  },
});
