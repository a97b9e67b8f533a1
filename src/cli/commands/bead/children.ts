import { listParts } from '../../../actions/bead-parts.ts';
import { beadTable } from '../../bead-table.ts';
import { defineCommand } from '../../command.ts';
import { pastOptions, townThen } from '../../past.ts';

export const command = defineCommand({
  name: 'bead children',
  summary: 'List the parts of a bead, closed ones too',
  args: [{ name: 'bead', describe: 'its id, or how it begins', required: true }],
  options: pastOptions,
  run: async ({ bead, at }, context) => listParts(await townThen(context, at), context.cwd, bead),
  *render(parts, { bead }) {
    if (parts.length === 0) yield `${bead} has no parts: gt create "…" --parent ${bead}`;
    yield beadTable(parts);
  },
});
