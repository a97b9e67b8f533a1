import { listEntries } from '../../../../actions/key-value.ts';
import { defineCommand } from '../../../command.ts';
import { pastOptions, townThen } from '../../../past.ts';
import { table } from '../../../table.ts';

export const command = defineCommand({
  name: 'bead kv list',
  summary: 'List the values of your own that the ledger keeps',
  options: pastOptions,
  run: async ({ at }, context) => listEntries(await townThen(context, at), context.cwd, 'kv'),
  *render(entries) {
    if (entries.length === 0) yield 'nothing is kept: gt kv set <key> <value>';
    yield table(entries, [{ title: 'KEY', cell: ({ key }) => key }, { title: 'VALUE', cell: ({ value }) => value, shrink: true }]);
  },
  json: (entries) => Object.fromEntries(entries.map(({ key, value }) => [key, value])),
});
