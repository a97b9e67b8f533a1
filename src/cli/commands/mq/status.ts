import { queueStatus } from '../../../actions/queue-view.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';

export const command = defineCommand({
  name: 'mq status',
  summary: 'Show what each merge queue is doing',
  options: { rig: { type: 'string', describe: 'only this rig', placeholder: '<rig>' } },
  async run({ rig }, context) {
    const { town } = await enter(context);
    return queueStatus(town, rig);
  },
  *render(queues) {
    if (queues.length === 0) yield 'every queue is empty';
    for (const { rig, target, waiting, next, doing } of queues) yield `${rig} ${target}: ${waiting} in the queue; ${next === undefined ? '' : `${next}: `}${doing}`;
  },
});
