import { epicProgress } from '../../../../actions/bead-parts.ts';
import { ledgersAt } from '../../../../actions/scope.ts';
import { queryOptions } from '../../../bead-query.ts';
import { defineCommand } from '../../../command.ts';
import { pastOptions, townThen } from '../../../past.ts';
import { table } from '../../../table.ts';

export const command = defineCommand({
  name: 'bead epic status',
  summary: 'Show how far each epic has come',
  options: { 'eligible-only': { type: 'boolean', describe: 'only those of which every part is closed' }, rig: queryOptions.rig, ...pastOptions },
  async run({ eligibleOnly, rig, at }, context) {
    const town = await townThen(context, at);
    return (await epicProgress(town, ledgersAt(town, context.cwd, context.program, rig))).filter((each) => each.eligible_for_close || !eligibleOnly);
  },
  *render(epics, { eligibleOnly }) {
    if (epics.length === 0) yield eligibleOnly ? 'no epic has all of its parts closed' : 'no epic is open: gt create "…" --type epic';
    yield table(epics, [
      { title: 'EPIC', cell: ({ epic }) => epic.id },
      { title: 'CLOSED', cell: ({ closed_children: closed, total_children: total }) => `${closed}/${total}`, align: 'right' },
      { title: '', cell: (each) => (each.eligible_for_close ? 'can be closed' : ''), tone: () => 'good' },
      { title: 'TITLE', cell: ({ epic }) => epic.title, shrink: true },
    ]);
    if (epics.some((each) => each.eligible_for_close)) yield 'gt epic close-eligible closes those of which every part is closed';
  },
});
