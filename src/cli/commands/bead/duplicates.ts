import { findDuplicates, mergeDuplicates } from '../../../actions/bead-duplicates.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { openTown } from '../../../town.ts';
import { shownStatus } from '../../../domain/submission.ts';
import { told, warned } from '../../beads.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { table } from '../../table.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead duplicates',
  summary: 'Find open beads that say the same, and close all of them but one',
  options: {
    merge: { type: 'boolean', describe: 'close all but the first of each group; what waited for them waits for it' },
    rig: queryOptions.rig,
  },
  async run({ merge, rig }, context) {
    const town = openTown(context.cwd, context.now);
    const groups = await findDuplicates(town, ledgersAt(town, context.cwd, context.program, rig));
    return { groups, merged: merge ? warned(await mergeDuplicates(await asWriter(context), groups), context) : undefined };
  },
  *render({ groups, merged }) {
    if (groups.length === 0) yield 'no two open beads say the same';
    if (merged !== undefined) for (const bead of merged) yield told('closed', bead);
    else {
      for (const { beads, references } of groups) {
        yield { heading: beads[0]?.title ?? '' };
        yield table(beads, [
          { title: '', cell: ({ id }) => `  ${id}` }, { title: '', cell: shownStatus }, { title: '', cell: ({ priority }) => `P${priority}` }, { title: '', cell: ({ id }) => (references.get(id) === 1 ? '1 points at it' : `${references.get(id) ?? 0} point at it`) },
          { title: '', cell: (bead) => (bead === beads[0] ? 'should stay' : '') },
        ], { titles: false });
      }
      if (groups.length > 0) yield 'gt duplicates --merge closes the others; gt duplicate <bead> --of <bead> closes one';
    }
  },
  json: ({ groups, merged }) => ({
    duplicate_groups: groups.length,
    groups: groups.map(({ beads, references }) => ({
      title: beads[0]?.title,
      issues: beads.map((bead) => ({ id: bead.id, title: bead.title, status: bead.status, priority: bead.priority, references: references.get(bead.id) ?? 0, is_merge_target: bead === beads[0] })),
      suggested_target: beads[0]?.id,
      suggested_sources: beads.slice(1).map(({ id }) => id),
    })),
    ...(merged === undefined ? {} : { merged: merged.map(({ id }) => id) }),
  }),
});
