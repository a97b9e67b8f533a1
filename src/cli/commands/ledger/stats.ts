import { ledgerSizes } from '../../../actions/ledger-upkeep.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { countOf } from '../../../base/text.ts';
import { openTown } from '../../../town.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'ledger stats',
  summary: 'Show how large the ledgers are, and how they grow',
  options: { rig: queryOptions.rig },
  run: async ({ rig }, context) => ledgerSizes(ledgersAt(openTown(context.cwd, context.now), context.cwd, context.program, rig)),
  *render(sizes) {
    for (const [index, size] of sizes.entries()) {
      if (index > 0) yield '';
      yield { heading: `ledger ${size.ledger}` };
      const facts: [string, string][] = [
        ['beads', `${size.total}: ${Object.entries(size.beads).map(([status, count]) => `${count} ${status}`).join(', ')}`],
        ['shards', `${size.shards}, ${inWords(size.bytes)} of text`],
        ['history', `${countOf(size.commits, 'commit')} since ${size.since}, ${inWords(size.disk_bytes)} on disk, ${size.bytes_per_commit} bytes a commit`],
        ['last 30 days', `${countOf(size.growth.commits, 'commit')}, ${inWords(size.growth.bytes)}`],
        ['cut', `${size.cut === 0 ? 'never' : size.cut === 1 ? 'once' : `${size.cut} times`}${size.archives.length === 0 ? '' : `, kept at ${size.archives.join(', ')}`}`],
        ['packs', `${size.packs} in the repository, ${inWords(size.pack_bytes)}; ${countOf(size.loose_objects, 'loose object')}`],
      ];
      yield table(facts, [{ title: '', cell: ([name]) => `  ${name}` }, { title: '', cell: ([, value]) => value }], { titles: false });
    }
  },
});

function inWords(bytes: number): string {
  return bytes < 10_000 ? countOf(bytes, 'byte') : bytes < 10_000_000 ? `${Math.round(bytes / 1000)} kB` : `${Math.round(bytes / 1_000_000)} MB`;
}
