import { explainSetting, setting } from '../../../actions/settings.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { rigIfAny, rigOption, shown } from '../../config.ts';

export const command = defineCommand({
  name: 'config get',
  summary: 'Show what a setting says',
  args: [{ name: 'key', describe: 'the setting', required: true }],
  options: rigOption,
  async run({ key, rig }, context) {
    const { town } = await enter(context);
    const chosen = rigIfAny(town, rig, context.cwd);
    await explainSetting(town, chosen, key);
    return { key, value: (await setting(town, chosen, key)) ?? null };
  },
  *render({ value }) {
    if (value !== null) yield shown(value);
  },
  exit: ({ value }) => (value === null ? 1 : 0),
});
