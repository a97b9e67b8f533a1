import { dropEntry } from '../../../actions/key-value.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead forget',
  summary: 'Remember something no longer',
  args: [{ name: 'key', describe: 'its key', required: true }],
  run: async ({ key }, context) => dropEntry(await asWriter(context), 'memory', key),
  *render({ key, value }) {
    yield `forgot ${key}: ${value}`;
  },
  json: (entry) => ({ ...entry, action: 'forgotten' }),
});
