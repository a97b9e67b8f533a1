import { keepEntry } from '../../../../actions/key-value.ts';
import { defineCommand } from '../../../command.ts';
import { asWriter } from '../../../writer.ts';

export const command = defineCommand({
  name: 'bead kv set',
  summary: 'Keep a value of your own in the ledger, under a key',
  args: [{ name: 'key', describe: 'the key', required: true }, { name: 'value', describe: 'the value', required: true }],
  async run({ key, value }, context) {
    await keepEntry(await asWriter(context), 'kv', { key, value });
    return { key, value, status: 'set' };
  },
  *render({ key, value }) {
    yield `${key} = ${value}`;
  },
});
