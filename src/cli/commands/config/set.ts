import { parseValue, setSettingOf } from '../../../actions/settings.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { rigIfAny, rigOption, shown } from '../../config.ts';

export const command = defineCommand({
  name: 'config set',
  summary: 'Set a setting of the town or of a rig',
  args: [
    { name: 'key', describe: 'the setting', required: true },
    { name: 'value', describe: 'what it is to say; JSON where it is JSON', required: true },
  ],
  options: rigOption,
  examples: [
    ['config set scheduler.max_polecats 4', 'four workers at once'],
    ['config set --rig shop merge_queue.gates.test.command "make test"', 'nothing lands in shop unless make test succeeds'],
  ],
  async run({ key, value, rig }, context) {
    const { town, who } = await enter(context);
    const parsed = parseValue(key, value);
    return { ...(await setSettingOf(town, rigIfAny(town, rig, context.cwd, key), who, key, parsed)), set: parsed };
  },
  *render({ key, set, value, source }) {
    yield `${key} = ${shown(set)}`;
    if (JSON.stringify(value) !== JSON.stringify(set)) yield `note: ${source} says ${shown(value)}, and that counts`;
  },
});
