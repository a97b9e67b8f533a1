import { runSteps } from '../../../actions/bead-batch.ts';
import { countOf } from '../../../base/text.ts';
import { parseBatch } from '../../../domain/batch.ts';
import { defineCommand } from '../../command.ts';
import { readText } from '../../files.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead batch',
  summary: 'Make many changes in one transaction, one verb a line, all of them or none',
  options: {
    file: { type: 'string', alias: 'f', describe: 'the lines, - for standard input', placeholder: '<path>', default: '-' },
    message: { type: 'string', alias: 'm', describe: "what the ledger's commit says", placeholder: '<text>' },
    rig: { type: 'string', describe: 'the rig whose ledger keeps what is created; hq for the town\'s', placeholder: '<name>' },
    'dry-run': { type: 'boolean', describe: 'decide and show, and write nothing' },
  },
  examples: [
    ["bead batch < changes.txt", 'with lines such as: create task 2 "Oil the hinges"; update gt-x1y2z priority=0 assignee=ace; close gt-x1y2z done'],
    ['bead batch -f plan.txt', 'also: reopen, comment, label add|remove, dep add|remove; @1 is the first bead that the batch creates'],
  ],
  async run({ file, message, rig, dryRun }, context) {
    const steps = parseBatch(await readText(file, context), context.now());
    return runSteps(await asWriter(context), steps, { rig, message, dryRun, seed: Buffer.from(context.random(8)).toString('hex') });
  },
  *render({ operations, created, changed, dry_run: dryRun }) {
    yield `${dryRun ? 'would make' : 'made'} ${countOf(operations, 'change')} to ${countOf(changed.length, 'bead')}`;
    for (const id of created) yield `${dryRun ? 'would create' : 'created'} ${id}`;
  },
});
