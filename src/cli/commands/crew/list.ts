import { listCrew } from '../../../actions/crew.ts';
import { rigNamed } from '../../../town.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'crew list',
  summary: "List people's own checkouts",
  options: { rig: { type: 'string', describe: 'of this rig only', placeholder: '<rig>' } },
  async run({ rig }, context) {
    const { town } = await enter(context);
    return listCrew(rig === undefined ? town.rigs : [rigNamed(town, rig)]);
  },
  *render(crew) {
    if (crew.length === 0) yield 'nobody has a checkout of their own: gt crew add <name> --rig <rig>';
    else yield table(crew, [
      { title: 'ADDRESS', cell: ({ address }) => address },
      { title: 'BRANCH', cell: ({ branch }) => branch ?? '(none)' },
      { title: 'CHANGES', cell: ({ clean }) => (clean ? '' : 'not committed'), tone: () => 'busy' },
      { title: 'FOLDER', cell: ({ folder }) => folder, shrink: true },
    ]);
  },
});
