import { removeGitHooks } from '../../../actions/githooks.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { theRepository } from '../../setup.ts';

export const command = defineCommand({
  name: 'githooks remove',
  summary: "Take the town's git hooks out of a repository, and put back what was there",
  options: { rig: { type: 'string', describe: "the rig; otherwise the one that you stand in, or the town's own repository", placeholder: '<rig>' } },
  async run({ rig }, context) {
    const { town } = await enter(context);
    return removeGitHooks(theRepository(town, rig, context.cwd));
  },
  *render({ hooks }) {
    const left = hooks.filter(({ state }) => state === 'foreign').map(({ name }) => name);
    yield `the town's git hooks are gone${left.length === 0 ? '' : `; yours are as they were: ${left.join(', ')}`}`;
  },
});
