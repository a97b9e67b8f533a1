import { findOrphans } from '../../../actions/orphans.ts';
import { openTown } from '../../../town.ts';
import { defineCommand } from '../../command.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'bead orphans',
  summary: 'List beads that are open though a commit of this branch names them',
  run: async (_args, context) => findOrphans(openTown(context.cwd, context.now), context.cwd),
  *render(orphans) {
    if (orphans.length === 0) yield 'every bead that a commit of this branch names is closed';
    yield table(orphans, [
      { title: 'ID', cell: (each) => each.issue_id }, { title: 'STATUS', cell: ({ status }) => status }, { title: 'TITLE', cell: ({ title }) => title },
      { title: 'COMMIT', cell: (each) => each.latest_commit.slice(0, 10) }, { title: 'SAYS', cell: (each) => each.latest_commit_message, shrink: true },
    ]);
    if (orphans.length > 0) yield 'gt close <bead> closes what is done';
  },
});
