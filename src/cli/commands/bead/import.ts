import { importBeads } from '../../../actions/import.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { readText } from '../../files.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead import',
  summary: "Take in beads from a file of beads' JSON Lines, all of them or none",
  args: [{ name: 'file', describe: 'the file, - for standard input', required: true }],
  options: { rig: queryOptions.rig, 'dry-run': { type: 'boolean', describe: 'decide and show, and write nothing' } },
  async run({ file, rig, dryRun }, context) {
    const text = await readText(file, context);
    return importBeads(await asWriter(context), text, file === '-' ? 'standard input' : file, { rig, dryRun, progress: (line) => context.progress(line) });
  },
  *render({ created, updated, skipped, others, prefixes, dry_run: dryRun }) {
    yield `${dryRun ? 'would import' : 'imported'}: ${created} new, ${updated} newer than here, ${skipped} left as they are`;
    if (others > 0) yield `${others} lines were no beads and were passed over`;
    if (prefixes.length > 0) yield `the ledger ${dryRun ? 'would hold' : 'holds'} ids of ${prefixes.join(', ')} from now on`;
  },
  json: ({ source, created, updated, skipped, others, ids, prefixes, dry_run }) => ({ source, created, updated, skipped, dedup_skipped: 0, memories: 0, others, ids, prefixes, dry_run }),
});
