import { readEntry } from '../../../actions/key-value.ts';
import { defineCommand } from '../../command.ts';
import { pastOptions, townThen } from '../../past.ts';

export const command = defineCommand({
  name: 'bead recall',
  summary: 'Show what is remembered under a key',
  args: [{ name: 'key', describe: 'the key', required: true }],
  options: pastOptions,
  run: async ({ key, at }, context) => ({ ...(await readEntry(await townThen(context, at), context.cwd, 'memory', key)), found: true }),
  *render({ value }) {
    yield value;
  },
});
