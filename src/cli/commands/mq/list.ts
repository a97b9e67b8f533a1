import { listQueue } from '../../../actions/queue-view.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { table, type Tone } from '../../table.ts';

const tones: Readonly<Record<string, Tone>> = { merged: 'good', rejected: 'bad', trying: 'busy', superseded: 'faint', withdrawn: 'faint' };

export const command = defineCommand({
  name: 'mq list',
  summary: 'List what waits to land, in the order in which it lands',
  options: {
    rig: { type: 'string', describe: 'only this rig', placeholder: '<rig>' },
    all: { type: 'boolean', alias: 'a', describe: 'what has ended too, newest first' },
  },
  async run({ rig, all }, context) {
    const { town } = await enter(context);
    return listQueue(town, rig, all);
  },
  *render(requests, { all }) {
    if (requests.length === 0) yield all ? 'nothing was ever submitted; gt done or gt mq submit does that' : 'nothing waits to land';
    yield table(requests, [
      { title: 'REQUEST', cell: ({ id }) => id },
      { title: 'P', cell: ({ priority }) => priority },
      { title: 'STATE', cell: ({ state }) => state, tone: ({ state }) => tones[state] },
      { title: 'BEAD', cell: ({ source }) => source },
      { title: 'TARGET', cell: ({ target }) => target },
      { title: 'BY', cell: ({ worker }) => worker },
      { title: 'WHY', cell: ({ why }) => why, shrink: true },
    ]);
  },
});
