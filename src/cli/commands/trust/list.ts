import { listWriters } from '../../../actions/trust.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'trust list',
  summary: 'Show whose commands run in this clone besides its own, and whose could',
  run: async (_args, context) => listWriters((await enter(context)).town),
  *render(writers) {
    if (writers.length === 0) yield 'no other clone is known; gt trust <replica or remote> lets its commands run here';
    else yield table(writers, [
      { title: 'WRITER', cell: ({ name }) => name },
      { title: 'KIND', cell: ({ kind, remote }) => (remote === undefined ? kind : `${kind}, by ${remote}`) },
      { title: 'LEDGER', cell: ({ rig }) => rig },
      { title: 'TRUSTED', cell: ({ trusted }) => trusted ?? 'no' },
    ]);
  },
});
