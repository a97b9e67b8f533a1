import { eventLog } from '../../actions/log.ts';
import { parseTime } from '../../base/time.ts';
import { defineCommand } from '../command.ts';
import { enter } from '../entry.ts';
import { table } from '../table.ts';

export const command = defineCommand({
  name: 'log',
  summary: 'Show what happened in the town, oldest first',
  options: {
    agent: { type: 'string', describe: 'only what this agent did', placeholder: '<address>' },
    subject: { type: 'string', describe: 'only what is about this bead, request or rig', placeholder: '<id>' },
    kind: { type: 'string', describe: 'only this kind, or kinds that begin so', placeholder: '<kind>' },
    since: { type: 'string', describe: 'only from then on: -2h, yesterday, 2030-01-31', placeholder: '<time>' },
    limit: { type: 'number', alias: 'n', describe: 'at most so many, the newest', default: 50 },
  },
  async run({ agent, subject, kind, since, limit }, context) {
    const { town } = await enter(context);
    return eventLog(town, { agent, subject, kind, since: since === undefined ? undefined : parseTime(since, context.now()), limit });
  },
  *render(events) {
    if (events.length === 0) yield 'nothing has happened yet';
    yield table(events, [
      { title: 'WHEN', cell: ({ at }) => at },
      { title: 'WHAT', cell: ({ kind }) => kind },
      { title: 'WHO', cell: ({ agent }) => agent },
      { title: 'ABOUT', cell: ({ subject }) => subject },
      { title: '', cell: ({ data }) => (data === undefined ? '' : Object.entries(data).map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`).join(' ')), shrink: true },
    ]);
  },
});
