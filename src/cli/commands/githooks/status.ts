import { gitHookStatus } from '../../../actions/githooks.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { gitHookLines, theRig } from '../../setup.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'githooks status',
  summary: "Show how the town's git hooks stand in a rig",
  options: { rig: { type: 'string', describe: 'the rig; otherwise the one that you stand in', placeholder: '<rig>' } },
  async run({ rig }, context) {
    const { town } = await enter(context);
    return gitHookStatus(theRig(town, rig, context.cwd).repository);
  },
  *render(report) {
    yield* gitHookLines(report);
    yield table(report.hooks, [
      { title: 'git hook', cell: ({ name }) => name },
      { title: 'state', cell: ({ state }) => state, tone: ({ state }) => (state === 'installed' ? 'good' : 'bad') },
      { title: 'runs first', cell: ({ chained }) => chained, shrink: true },
    ]);
  },
});
