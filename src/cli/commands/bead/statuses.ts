import { statusMeanings } from '../../../domain/meaning.ts';
import { defineCommand } from '../../command.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'bead statuses',
  summary: 'List the statuses that beads have, and what each means',
  run: async () => statusMeanings(),
  *render(statuses) {
    yield table(statuses, [{ title: 'STATUS', cell: ({ name }) => name }, { title: 'KIND', cell: ({ category }) => category }, { title: 'MEANS', cell: ({ description }) => description, shrink: true }]);
  },
  json: (statuses) => ({ built_in_statuses: statuses, custom_statuses: [] }),
});
