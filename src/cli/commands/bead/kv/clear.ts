import { dropEntry } from '../../../../actions/key-value.ts';
import { defineCommand } from '../../../command.ts';
import { asWriter } from '../../../writer.ts';

export const command = defineCommand({
  name: 'bead kv clear',
  summary: 'Take away the value that is kept under a key',
  args: [{ name: 'key', describe: 'the key', required: true }],
  run: async ({ key }, context) => dropEntry(await asWriter(context), 'kv', key),
  *render({ key }) {
    yield `${key} is kept no longer`;
  },
  json: ({ key }) => ({ key, status: 'cleared' }),
});
