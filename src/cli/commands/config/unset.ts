import { unsetSettingOf } from '../../../actions/settings.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { rigIfAny, rigOption, shown } from '../../config.ts';

export const command = defineCommand({
  name: 'config unset',
  summary: 'Take a setting of the town or of a rig back',
  args: [{ name: 'key', describe: 'the setting', required: true }],
  options: rigOption,
  async run({ key, rig }, context) {
    const { town, who } = await enter(context);
    return unsetSettingOf(town, rigIfAny(town, rig, context.cwd, key), who, key);
  },
  *render({ key, value, source }) {
    yield value === undefined ? `${key} is not set` : `${key} = ${shown(value)} (${source})`;
  },
});
