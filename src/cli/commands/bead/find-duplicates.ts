import { findSimilar } from '../../../actions/bead-duplicates.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { openTown } from '../../../town.ts';
import { BadOption } from '../../beads.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'bead find-duplicates',
  summary: 'Find pairs of open beads that say nearly the same',
  options: {
    threshold: { type: 'number', alias: 't', describe: 'the part of their words that both say, 0 to 1', default: 0.5 },
    limit: { type: 'number', alias: 'n', describe: 'at most so many pairs, 0 for all', default: 50 },
    rig: queryOptions.rig,
  },
  examples: [['bead find-duplicates --threshold 0.8', 'gt duplicates finds those that say exactly the same']],
  async run({ threshold, limit, rig }, context) {
    if (!(threshold > 0 && threshold <= 1)) throw new BadOption('the threshold is a number above 0, and 1 at most', 'gt find-duplicates --threshold 0.5');
    const town = openTown(context.cwd, context.now);
    return { threshold, ...(await findSimilar(town, ledgersAt(town, context.cwd, context.program, rig), threshold, limit > 0 ? limit : Infinity)) };
  },
  *render({ pairs, total }) {
    if (pairs.length === 0) yield 'no two open beads say nearly the same';
    for (const { one, other, similarity } of pairs) {
      yield { heading: `${Math.round(similarity * 100)} % alike` };
      yield table([one, other], [{ title: '', cell: ({ id }) => `  ${id}` }, { title: '', cell: ({ priority }) => `P${priority}` }, { title: '', cell: ({ title }) => title, shrink: true }], { titles: false });
    }
    if (total > pairs.length) yield `(more: ${total - pairs.length} of ${total} are not shown; --limit 0 shows all)`;
    if (pairs.length > 0) yield 'gt duplicate <bead> --of <bead> closes one of two';
  },
  json: ({ pairs, total, threshold }) => ({
    pairs: pairs.map(({ one, other, similarity }) => ({ issue_a_id: one.id, issue_a_title: one.title, issue_b_id: other.id, issue_b_title: other.title, similarity: Number(similarity.toFixed(4)), method: 'mechanical' })),
    count: total, method: 'mechanical', threshold,
  }),
});
