import { editSettings } from '../../../actions/settings-edit.ts';
import { rigIfAny, rigOption, shown } from '../../config.ts';
import { BadOption } from '../../beads.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';

export const command = defineCommand({
  name: 'config edit',
  summary: 'Open the settings of the town or of a rig in your editor',
  options: rigOption,
  async run({ rig }, context) {
    const { town, who } = await enter(context);
    const editor = context.env['VISUAL'] || context.env['EDITOR'] || (context.isTerminal ? 'vi' : undefined);
    if (editor === undefined) throw new BadOption('no editor is named, and there is no terminal to open one on', 'export EDITOR=<program>, and the same command again; or gt config set <key> <value>');
    return { changed: await editSettings(town, rigIfAny(town, rig, context.cwd), who, { editor, cwd: context.cwd, env: context.env }) };
  },
  *render({ changed }) {
    if (changed.length === 0) yield 'nothing was changed';
    for (const { key, value } of changed) yield value === undefined ? `${key} is not set` : `${key} = ${shown(value)}`;
  },
});
