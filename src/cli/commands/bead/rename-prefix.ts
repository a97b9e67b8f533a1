import { renameBeads } from '../../../actions/bead-rename.ts';
import { countOf } from '../../../base/text.ts';
import { typedPrefix } from '../../../domain/rig.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead rename-prefix',
  summary: 'Let the ids of all beads of a rig begin otherwise; their old ids still find them',
  args: [{ name: 'prefix', describe: 'what ids begin with from now on, new ones too', required: true }],
  options: {
    from: { type: 'string', describe: 'a prefix that came with an import, instead of the one that new beads get', placeholder: '<prefix>' },
    rig: queryOptions.rig,
    'dry-run': { type: 'boolean', describe: 'decide and show, and write nothing' },
  },
  examples: [['bead rename-prefix shop', 'gt-x1y2z is shop-x1y2z now'], ['bead rename-prefix gt --from bd', 'give the beads that were imported as bd-… ids like all others']],
  async run({ prefix, from, rig, dryRun }, context) {
    const to = typedPrefix(prefix);
    return { ...(await renameBeads(await asWriter(context), to, { from: from === undefined ? undefined : typedPrefix(from), rig, dryRun })), to, dryRun };
  },
  *render({ from, to, moves, elsewhere, dryRun }) {
    const [first] = moves;
    if (first === undefined) yield `no bead is called ${from === to ? 'otherwise' : `${from}-…`}`;
    else yield `${dryRun ? 'would rename' : 'renamed'} ${countOf(moves.length, 'bead')}, such as ${first.from} to ${first.id}`;
    if (elsewhere.length > 0) yield `${countOf(elsewhere.length, 'bead')} of other ledgers point${elsewhere.length === 1 ? 's' : ''} at them by their new ids`;
  },
  json: ({ from, to, moves, elsewhere, dryRun }) => ({ old_prefix: from, new_prefix: to, issues_count: moves.length, renamed: moves, elsewhere, dry_run: dryRun }),
});
