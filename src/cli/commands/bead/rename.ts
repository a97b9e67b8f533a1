import { renameBead } from '../../../actions/bead-rename.ts';
import { defineCommand } from '../../command.ts';
import { table } from '../../table.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead rename',
  summary: 'Give a bead another id; what points at it follows, and the old id still finds it',
  args: [
    { name: 'bead', describe: 'its id, or how it begins', required: true },
    { name: 'id', describe: 'the new id in full; its children get it too, with their numbers', required: true },
  ],
  options: { 'dry-run': { type: 'boolean', describe: 'decide and show, and write nothing' } },
  examples: [['bead rename gt-x1y2z gt-brakes', 'gt-x1y2z.1 is gt-brakes.1 now; texts that say gt-x1y2z stay, and gt show gt-x1y2z shows gt-brakes']],
  async run({ bead, id, dryRun }, context) {
    return { ...(await renameBead(await asWriter(context), bead, id, dryRun)), dryRun };
  },
  *render({ moves, elsewhere, bead, dryRun }) {
    if (moves.length === 0) yield `${bead.id} is called so already`;
    else {
      yield `${dryRun ? 'would rename' : 'renamed'}:`;
      yield table(moves, [{ title: '', cell: ({ from }) => `  ${from}` }, { title: '', cell: ({ id }) => `→ ${id}` }], { titles: false });
    }
    if (elsewhere.length > 0) yield `in other ledgers ${elsewhere.join(', ')} point${elsewhere.length === 1 ? 's' : ''} at it by its new id`;
  },
  json: ({ moves, elsewhere, bead, dryRun }) => ({ old_id: moves[0]?.from ?? bead.id, new_id: bead.id, renamed: moves, elsewhere, dry_run: dryRun }),
});
