import { closeDoneEpics, epicProgress } from '../../../../actions/bead-parts.ts';
import { ledgersAt } from '../../../../actions/scope.ts';
import { told, warned } from '../../../beads.ts';
import { queryOptions } from '../../../bead-query.ts';
import { defineCommand } from '../../../command.ts';
import { asWriter } from '../../../writer.ts';

export const command = defineCommand({
  name: 'bead epic close-eligible',
  summary: 'Close the epics of which every part is closed',
  options: { 'dry-run': { type: 'boolean', describe: 'decide and show, and write nothing' }, rig: queryOptions.rig },
  async run({ dryRun, rig }, context) {
    const writer = await asWriter(context);
    const ledgers = ledgersAt(writer.town, context.cwd, context.program, rig);
    if (!dryRun) return { done: true, beads: warned(await closeDoneEpics(writer, ledgers), context), epics: [] };
    const epics = (await epicProgress(writer.town, ledgers)).filter((each) => each.eligible_for_close);
    return { done: false, beads: epics.map(({ epic }) => epic), epics };
  },
  *render({ done, beads }) {
    if (beads.length === 0) yield 'no epic has all of its parts closed';
    for (const bead of beads) yield told(done ? 'closed' : 'would close', bead);
  },
  json: ({ done, beads, epics }) => (done ? { closed: beads.map(({ id }) => id), count: beads.length } : epics),
});
