import { placeOf } from '../../../actions/bead-create.ts';
import { trimLedger } from '../../../actions/ledger-upkeep.ts';
import { countOf } from '../../../base/text.ts';
import { parsePast } from '../../../base/time.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'ledger trim',
  summary: "Cut old history off a ledger; its beads stay, and an archive keeps what was cut",
  options: {
    before: { type: 'string', describe: 'what is older than that: 90d (ago), 2030-01-31', placeholder: '<time>', required: true },
    rig: queryOptions.rig,
    'dry-run': { type: 'boolean', describe: 'only say what would be cut' },
  },
  examples: [['ledger trim --before 90d --dry-run', 'how many commits are older than 90 days']],
  async run({ before, rig, dryRun }, context) {
    const writer = await asWriter(context);
    return trimLedger(placeOf(writer, rig), writer.who, parsePast(before, context.now()), dryRun);
  },
  *render({ ledger, cut, kept, until, archive, commit }) {
    yield `${commit === null ? 'would cut' : 'cut'} ${countOf(cut, 'commit')} off the ledger ${ledger}: it begins with what ${until.slice(0, 12)} held, and ${countOf(kept, 'commit')} since then stay${kept === 1 ? 's' : ''}`;
    yield commit === null ? `the whole history would stay at ${archive}` : `the whole history stays at ${archive}: git log ${archive}`;
  },
});
