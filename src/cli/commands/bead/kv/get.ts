import { listEntries } from '../../../../actions/key-value.ts';
import { defineCommand } from '../../../command.ts';
import { pastOptions, townThen } from '../../../past.ts';

export const command = defineCommand({
  name: 'bead kv get',
  summary: 'Show the value that is kept under a key; ends with 1 where there is none',
  args: [{ name: 'key', describe: 'the key', required: true }],
  options: pastOptions,
  async run({ key, at }, context) {
    const entry = (await listEntries(await townThen(context, at), context.cwd, 'kv')).find((each) => each.key === key);
    if (entry === undefined) context.warn(`gt: nothing is kept under ${JSON.stringify(key)}: gt kv list shows what is`);
    return { key, value: entry?.value ?? null, found: entry !== undefined };
  },
  *render({ value }) {
    if (value !== null) yield value;
  },
  exit: ({ found }) => (found ? 0 : 1),
});
