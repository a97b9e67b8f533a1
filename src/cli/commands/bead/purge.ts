import { purgeWisps } from '../../../actions/bead-purge.ts';
import { defineCommand } from '../../command.ts';
import { purge, purged, purgeOptions, purgeRecord } from '../../purging.ts';

export const command = defineCommand({
  name: 'bead purge',
  summary: 'Take closed ephemeral beads away; shows which unless told --force',
  options: purgeOptions,
  run: (typed, context) => purge(typed, '0s', context, purgeWisps),
  render: (done) => purged(done, 'there is no closed ephemeral bead like that which nothing else points at'),
  json: purgeRecord,
});
