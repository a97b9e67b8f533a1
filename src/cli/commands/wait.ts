import { resolveId } from '../../actions/resolve.ts';
import { waitFor } from '../../actions/wait.ts';
import { parseDuration } from '../../base/time.ts';
import { defineCommand } from '../command.ts';
import { enter } from '../entry.ts';

export const command = defineCommand({
  name: 'wait',
  summary: 'Wait until slung beads are submitted or closed, or have come back',
  args: [{ name: 'bead', describe: 'the beads', required: true, many: true }],
  options: {
    for: { type: 'string', describe: 'what to wait for', choices: ['submitted', 'closed'], default: 'closed' },
    timeout: { type: 'string', describe: 'at most so long', default: '10m', placeholder: '<duration>' },
  },
  examples: [['wait gt-x1y2z --for submitted', 'until its merge request is in the queue']],
  async run({ bead, for: goal, timeout }, context) {
    const { town } = await enter(context);
    const ids = await Promise.all(bead.map((typed) => resolveId(town, typed)));
    return waitFor(town, ids, goal, parseDuration(timeout), context.signal, (line) => context.progress(line));
  },
  *render(beads) {
    for (const { id, status, reached, why, untouched } of beads) yield untouched && !reached ? `${id} was never slung (try: gt sling ${id})` : reached ? `${id} is ${status === 'closed' ? 'closed' : 'submitted'}` : `${id} has come back${why === undefined ? '' : `: ${why}`}`;
  },
  exit: (beads) => (beads.every(({ reached }) => reached) ? 0 : 1),
});
