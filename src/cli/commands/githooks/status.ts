import { gitHookStatus } from '../../../actions/githooks.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { gitHookLines, theRepository } from '../../setup.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'githooks status',
  summary: "Show how the town's git hooks stand in a repository",
  options: { rig: { type: 'string', describe: "the rig; otherwise the one that you stand in, or the town's own repository", placeholder: '<rig>' } },
  async run({ rig }, context) {
    const { town } = await enter(context);
    return gitHookStatus(theRepository(town, rig, context.cwd));
  },
  *render(report) {
    yield* gitHookLines(report);
    yield table(report.hooks, [
      { title: 'GIT HOOK', cell: ({ name }) => name },
      { title: 'STATE', cell: ({ state }) => state, tone: ({ state }) => (state === 'installed' ? 'good' : 'bad') },
      { title: 'RUNS FIRST', cell: ({ chained }) => chained, shrink: true },
    ]);
  },
});
