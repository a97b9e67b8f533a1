import { explainSetting } from '../../../actions/settings.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { rigIfAny, rigOption, shown } from '../../config.ts';

export const command = defineCommand({
  name: 'config explain',
  summary: 'Show what a setting is for, what it says, and which place says so',
  args: [{ name: 'key', describe: 'the setting', required: true }],
  options: rigOption,
  async run({ key, rig }, context) {
    const { town } = await enter(context);
    return explainSetting(town, rigIfAny(town, rig, context.cwd), key);
  },
  *render({ key, value, source, hidden, known }) {
    if (known !== undefined) yield `${key}: ${known.describe}`;
    yield value === undefined ? 'it is not set' : `${shown(value)}, by ${source}`;
    for (const { value: other, source: place } of hidden) yield `  not ${shown(other)}, by ${place}`;
  },
});
