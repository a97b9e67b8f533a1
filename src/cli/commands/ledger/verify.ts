import { ledgersAt } from '../../../actions/scope.ts';
import { verifyLedger, witnesses, type Verification } from '../../../actions/witness.ts';
import { countOf } from '../../../base/text.ts';
import { openTown } from '../../../town.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';

export const command = defineCommand({
  name: 'ledger verify',
  summary: 'Read the ledger through another implementation of git, and compare every record',
  options: {
    witness: { type: 'string', choices: witnesses, default: 'git', describe: 'who reads it beside us: git itself, what JavaScript tools use, or libgit2, which IDEs and forges use' },
    rig: queryOptions.rig,
  },
  examples: [['ledger verify --witness isomorphic-git', 'what tools without git will see']],
  async run({ witness, rig }, context) {
    const town = openTown(context.cwd, context.now);
    const done: Verification[] = [];
    for (const ledger of ledgersAt(town, context.cwd, context.program, rig)) {
      context.progress(`reading the ledger for ${ledger.prefixes.join(', ')} by ${witness}`);
      done.push(await verifyLedger(ledger, witness));
    }
    return done;
  },
  *render(verifications) {
    for (const { prefixes, commit, witness, records, differences } of verifications) {
      const verdict = differences.length === 0 ? 'as we do' : `but for ${differences.length} as we do`;
      yield `${witness} reads the ${countOf(records, 'record')} for ${prefixes.join(', ')} at ${commit.slice(0, 12)} ${verdict}`;
      if (differences.length > 0) yield '  gt doctor says what is damaged, and mends what loses nothing; what it does not know of is a fault of gt or of the witness';
      for (const { record, kind, at, keys } of differences) yield `  ${record}: ${kind}${keys === undefined ? '' : ` in ${keys.join(', ')}`}${at === undefined ? '' : ` (${at})`}`;
    }
  },
  exit: (verifications) => (verifications.some(({ differences }) => differences.length > 0) ? 1 : 0),
});
