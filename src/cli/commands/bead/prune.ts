import { pruneBeads } from '../../../actions/bead-purge.ts';
import { defineCommand } from '../../command.ts';
import { purge, purged, purgeOptions, purgeRecord } from '../../purging.ts';

export const command = defineCommand({
  name: 'bead prune',
  summary: 'Delete beads closed long ago; shows which unless told --force',
  options: purgeOptions,
  examples: [['bead prune', 'what was closed 90 days ago or longer, and that nothing else points at'], ['bead prune --older-than 365d --force', 'gt history and --at still show what they said']],
  run: (typed, context) => purge(typed, '90d', context, pruneBeads),
  render: (done) => purged(done, 'no bead was closed so long ago that nothing else points at'),
  json: purgeRecord,
});
