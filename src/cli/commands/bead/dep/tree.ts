import { dependencyTree } from '../../../../actions/bead-dependency.ts';
import { shownStatus } from '../../../../domain/submission.ts';
import { defineCommand } from '../../../command.ts';
import { pastOptions, townThen } from '../../../past.ts';

export const command = defineCommand({
  name: 'bead dep tree',
  summary: 'Show what a bead depends on, all the way down',
  args: [{ name: 'bead', describe: 'its id, or how it begins', required: true }],
  options: {
    direction: { type: 'string', describe: 'down: what it depends on; up: what depends on it', choices: ['down', 'up'], default: 'down' },
    'max-depth': { type: 'number', alias: 'd', describe: 'go no deeper', default: 50 },
    ...pastOptions,
  },
  run: async ({ bead, direction, maxDepth, at }, context) => dependencyTree(await townThen(context, at), context.cwd, bead, { up: direction === 'up', depth: maxDepth }),
  *render(nodes) {
    for (const node of nodes) {
      const edge = node.edge_from_parent === '' || node.edge_from_parent === 'blocks' ? '' : ` (${node.edge_from_parent})`;
      yield `${'  '.repeat(node.depth)}${node.id}  ${shownStatus(node)}  P${node.priority}  ${node.title}${edge}${node.truncated ? ' …' : ''}`;
    }
  },
});
