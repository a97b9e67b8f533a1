import { historyOf } from '../../../actions/bead-history.ts';
import { openTown } from '../../../town.ts';
import { defineCommand } from '../../command.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'bead history',
  summary: 'Show what happened to a bead, and who did it',
  args: [{ name: 'bead', describe: 'its id, or how it begins; deleted ones in full', required: true }],
  run: async ({ bead }, context) => historyOf(openTown(context.cwd, context.now), context.cwd, bead),
  *render({ episodes }) {
    const rows = episodes.flatMap(({ at, actor, session, changes }) => changes.map((change, index) => (index === 0 ? { at, actor, session, change } : { at: '', actor: '', session: undefined, change })));
    yield table(rows, [
      { title: 'AT', cell: ({ at }) => at },
      { title: 'WHO', cell: ({ actor }) => actor },
      ...(episodes.some(({ session }) => session !== undefined) ? [{ title: 'SESSION', cell: ({ session }: (typeof rows)[number]) => session }] : []),
      { title: 'WHAT', cell: ({ change }) => change },
    ]);
  },
  json: ({ episodes }) => episodes,
});
