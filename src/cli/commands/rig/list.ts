import { listRigs } from '../../../actions/rig.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'rig list',
  summary: 'List the repositories of the town',
  run: async (_args, context) => listRigs((await enter(context)).town),
  *render(rigs) {
    if (rigs.length === 0) yield 'no rigs yet: gt rig add <name> <url or path>';
    else yield table(rigs, [
      { title: 'RIG', cell: ({ name }) => name },
      { title: 'PREFIX', cell: ({ prefix }) => prefix },
      { title: 'LANDS ON', cell: ({ remote, target }) => (remote === undefined ? target : `${remote}/${target}`) },
      { title: 'WORKERS', cell: ({ workers }) => workers, align: 'right' },
      { title: 'CREW', cell: ({ crew }) => crew, align: 'right' },
      { title: 'FROM', cell: ({ there, url }) => (there ? url : `its repository is gone (${url ?? '?'})`), shrink: true, tone: ({ there }) => (there ? undefined : 'bad') },
    ]);
  },
});
