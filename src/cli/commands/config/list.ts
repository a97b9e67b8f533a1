import { listSettings } from '../../../actions/settings.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { table } from '../../table.ts';
import { rigIfAny, rigOption, shown } from '../../config.ts';

export const command = defineCommand({
  name: 'config list',
  summary: 'List the settings of the town or of a rig',
  options: { ...rigOption, all: { type: 'boolean', alias: 'a', describe: 'also those that could be set' } },
  async run({ rig, all }, context) {
    const { town } = await enter(context);
    return listSettings(town, rigIfAny(town, rig, context.cwd), all);
  },
  *render(settings, { all }) {
    if (settings.length === 0) yield 'nothing is set: gt config list --all';
    else yield table(settings, [
      { title: 'SETTING', cell: ({ key }) => key },
      { title: 'VALUE', cell: ({ value }) => (value === undefined ? '' : shown(value)) },
      { title: all ? 'what it is' : 'set by', cell: ({ source, known }) => (all ? (known?.describe ?? '') : source), shrink: true, tone: () => 'faint' },
    ]);
  },
});
