import { deleteBeads } from '../../../actions/bead-change.ts';
import { beadTable } from '../../bead-table.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead delete',
  summary: 'Delete a bead for ever; shows what would go unless told --force',
  args: [{ name: 'bead', describe: 'ids, or how they begin', required: true, many: true }],
  options: {
    force: { type: 'boolean', alias: 'f', describe: 'do it' },
    cascade: { type: 'boolean', describe: 'with everything that depends on it' },
    reason: { type: 'string', alias: 'r', describe: 'why', placeholder: '<text>', default: 'deleted' },
  },
  async run({ bead, force, cascade, reason }, context) {
    const deletions = await deleteBeads(await asWriter(context), bead, { force, cascade, reason });
    const referring = [...new Set(deletions.flatMap((deletion) => deletion.referring))];
    return { deleted: deletions.flatMap((deletion) => deletion.deleted), referring, done: force };
  },
  *render({ deleted, referring, done }, { bead }) {
    yield done ? 'deleted:' : 'would delete:';
    yield beadTable(deleted);
    if (referring.length > 0) yield `${referring.join(', ')} ${done ? 'pointed' : 'would no longer point'} at what ${done ? 'was' : 'is'} deleted${done ? '' : '; --cascade deletes them too'}`;
    if (!done) yield `nothing was deleted yet: gt delete ${bead.join(' ')} --force`;
  },
  json: ({ deleted, referring, done }) => ({ deleted: deleted.map(({ id }) => id), referring, dry_run: !done }),
});
