import { infoAt } from '../../../actions/place.ts';
import { openTown } from '../../../town.ts';
import { defineCommand } from '../../command.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'bead info',
  summary: 'Show where the beads of this place are kept, how many there are, and in which town',
  run: async (_args, context) => infoAt(openTown(context.cwd, context.now), context.cwd),
  *render({ path, database_path: folder, ref, prefixes, issue_count: count, town, kind, root, rigs }) {
    const facts = [['path', path], ['git directory', folder], ['branch', ref], ['prefixes', prefixes.join(', ')], ['beads', String(count)], ['town', `${town} (${kind === 'solo' ? 'one repository' : 'town'}) at ${root}`], ['rigs', rigs.join(', ')]] as const;
    yield table(facts, [{ title: '', cell: ([name]) => name }, { title: '', cell: ([, value]) => value }], { titles: false });
  },
});
