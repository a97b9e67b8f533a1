import { placeAt } from '../../../actions/place.ts';
import { openTown } from '../../../town.ts';
import { defineCommand } from '../../command.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'bead where',
  summary: 'Show where the beads of this place are kept',
  run: async (_args, context) => placeAt(openTown(context.cwd, context.now), context.cwd),
  *render({ path, database_path: folder, ref, prefixes }) {
    const facts = [['path', path], ['git directory', folder], ['branch', ref], ['prefixes', prefixes.join(', ')]] as const;
    yield table(facts, [{ title: '', cell: ([name]) => name }, { title: '', cell: ([, value]) => value }], { titles: false });
  },
});
