import { undoCommit } from '../../../actions/undo.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead undo',
  summary: 'Put back what one write to the ledger changed, your last one unless told',
  args: [{ name: 'commit', describe: 'the write, as gt ledger log and gt history --json name it' }],
  options: { 'dry-run': { type: 'boolean', describe: 'only say what would be put back' } },
  examples: [['bead undo', 'take back what you did last'], ['bead undo 4f9c1d2e', 'take back one older write, where nothing was built on it']],
  run: async ({ commit, dryRun }, context) => undoCommit(await asWriter(context), commit, dryRun),
  *render({ undone, subject, commit, beads, settings }) {
    yield `${commit === null ? 'would undo' : 'undid'} ${undone.slice(0, 10)}: ${subject}`;
    for (const { id, changes } of beads) for (const change of changes) yield `  ${id}: ${change}`;
    for (const setting of settings) yield `  setting ${setting}`;
    if (commit !== null) yield 'gt undo takes that back';
  },
});
