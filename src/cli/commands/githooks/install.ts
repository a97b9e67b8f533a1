import { installGitHooks } from '../../../actions/githooks.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { gitHookLines, theRepository } from '../../setup.ts';

export const command = defineCommand({
  name: 'githooks install',
  summary: "Set the town's git hooks in a repository; hooks that are there still run first",
  options: { rig: { type: 'string', describe: "the rig; otherwise the one that you stand in, or the town's own repository", placeholder: '<rig>' } },
  async run({ rig }, context) {
    const { town } = await enter(context);
    return installGitHooks(theRepository(town, rig, context.cwd));
  },
  render: (report) => gitHookLines(report),
});
