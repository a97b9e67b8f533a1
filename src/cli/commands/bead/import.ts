import { importBeads } from '../../../actions/import.ts';
import { countOf } from '../../../base/text.ts';
import { formats } from '../../../domain/exchange.ts';
import { issueFields } from '../../../domain/github.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { readText } from '../../files.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead import',
  summary: 'Take in beads from a file, all of them or none',
  args: [{ name: 'file', describe: 'the file, - for standard input', required: true }],
  options: {
    format: { type: 'string', choices: formats, describe: "beads' JSON Lines, what gh issue list --json prints, or a Markdown task list; seen from the content where it is not said" },
    dedup: { type: 'boolean', describe: 'leave out new beads that are called like an open one that is here' },
    'keep-going': { type: 'boolean', describe: 'take in what can be read, and tell the rest' },
    rig: queryOptions.rig,
    'dry-run': { type: 'boolean', describe: 'decide and show, and write nothing' },
  },
  examples: [
    ['bead import .beads/issues.jsonl', 'move here from beads'],
    ['bead import issues.json', `follow the issues of a repository on GitHub, listed by gh issue list --state all --limit 10000 --json ${issueFields}`],
    ['bead import PLAN.md', 'file the tasks of a list, those that are indented as parts of the ones above'],
  ],
  async run({ file, format, dedup, keepGoing, rig, dryRun }, context) {
    const text = await readText(file, context);
    const done = await importBeads(await asWriter(context), text, file === '-' ? 'standard input' : file, { format, dedup, keepGoing, rig, dryRun, progress: (line) => context.progress(line) });
    for (const { line, reason } of done.faults) context.warn(`gt: ${done.source}, ${line}: ${reason}`);
    return done;
  },
  *render({ created, updated, skipped, twins, memories, others, faults, prefixes, dry_run: dryRun }) {
    yield `${dryRun ? 'would import' : 'imported'}: ${created} new, ${updated} newer than here, ${skipped} left as they are`;
    if (twins > 0) yield twins === 1 ? '1 is called like an open bead that is here and was left out' : `${twins} are called like open beads that are here and were left out`;
    if (memories > 0) yield `${countOf(memories, 'thing')} ${dryRun ? 'would be' : memories === 1 ? 'is' : 'are'} remembered from now on`;
    if (others > 0) yield others === 1 ? '1 line was no bead and was passed over' : `${others} lines were no beads and were passed over`;
    if (faults.length > 0) yield `${faults.length} could not be read and were left out`;
    if (prefixes.length > 0) yield `the ledger ${dryRun ? 'would hold' : 'holds'} ids of ${prefixes.join(', ')} from now on`;
  },
  json: ({ source, created, updated, skipped, twins, memories, others, faults, ids, prefixes, dry_run }) => ({ source, created, updated, skipped, dedup_skipped: twins, memories, others, failed: faults.length, faults, ids, prefixes, dry_run }),
});
