import { convoyStatus } from '../../../actions/convoy.ts';
import { resolveId } from '../../../actions/resolve.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'convoy status',
  summary: 'Show what a convoy tracks, and how far it has come',
  args: [{ name: 'convoy', describe: 'the convoy', required: true }],
  async run({ convoy }, context) {
    const { town } = await enter(context);
    return convoyStatus(town, await resolveId(town, convoy));
  },
  *render({ id, title, status, tracked, closed }) {
    yield `${id} ${title} (${status}, ${closed} of ${tracked.length} done)`;
    yield table(tracked, [
      { title: 'BEAD', cell: (bead) => bead.id },
      { title: 'STATUS', cell: (bead) => bead.status },
      { title: 'AGENT', cell: (bead) => bead.assignee },
      { title: 'TITLE', cell: (bead) => bead.title },
    ]);
  },
});
