import { listEntries } from '../../../actions/key-value.ts';
import { defineCommand } from '../../command.ts';
import { pastOptions, townThen } from '../../past.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'bead memories',
  summary: 'List what is remembered',
  args: [{ name: 'text', describe: 'only what says this, in its key or itself', many: true }],
  options: pastOptions,
  async run({ text, at }, context) {
    const wanted = text.join(' ').toLowerCase();
    return (await listEntries(await townThen(context, at), context.cwd, 'memory')).filter(({ key, value }) => `${key}\n${value}`.toLowerCase().includes(wanted));
  },
  *render(entries, { text }) {
    if (entries.length === 0) yield text.length > 0 ? `nothing that is remembered says ${JSON.stringify(text.join(' '))}: gt memories lists all of it` : 'nothing is remembered: gt remember "…"';
    yield table(entries, [{ title: 'KEY', cell: ({ key }) => key }, { title: 'SAYS', cell: ({ value }) => value, shrink: true }]);
  },
  json: (entries) => Object.fromEntries(entries.map(({ key, value }) => [key, value])),
});
