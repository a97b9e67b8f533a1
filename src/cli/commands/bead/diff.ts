import { compareBeads } from '../../../actions/bead-diff.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { townThen } from '../../past.ts';

export const command = defineCommand({
  name: 'bead diff',
  summary: 'Show what became of all beads between two commits of the ledger, or two times',
  args: [{ name: 'from', describe: 'a commit of the ledger, or a time: 2h (ago), yesterday, 2030-01-31', required: true }, { name: 'to', describe: 'the same; now, where it is not said' }],
  options: { rig: queryOptions.rig },
  examples: [['bead diff yesterday', 'everything that has changed since then']],
  async run({ from, to, rig }, context) {
    const [then, now] = await Promise.all([from, to].map(async (at) => ledgersAt(await townThen(context, at), context.cwd, context.program, rig)));
    return compareBeads(then ?? [], now ?? []);
  },
  *render(fates) {
    if (fates.length === 0) yield 'no bead has changed';
    for (const { id, kind, title, changes } of fates) {
      yield { heading: `${id}  ${title}` };
      yield* kind === 'added' ? [`  ${changes[0] ?? kind}`] : changes.map((change) => `  ${change}`);
    }
  },
  json: (fates) => fates.map(({ id, kind, title, changes, parts }) => ({ issue_id: id, diff_type: kind === 'changed' ? 'modified' : kind === 'deleted' ? 'removed' : kind, title, changes, parts })),
});
