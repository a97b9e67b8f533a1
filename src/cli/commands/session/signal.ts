import { mayStop } from '../../../actions/stop-signal.ts';
import { isObject } from '../../../base/jsonl.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';

export const command = defineCommand({
  name: 'session signal',
  summary: "Answer a runtime's Stop hook: an agent with work on its hook is asked once to finish it",
  hidden: true,
  args: [{ name: 'event', describe: 'the event', required: true, choices: ['stop'] }],
  async run(_args, context) {
    const event: unknown = JSON.parse((await context.stdin()) || '{}');
    const { town, me } = await enter(context);
    return mayStop(town, me, isObject(event) && event['stop_hook_active'] === true);
  },
  *render(answer) {
    if (answer !== undefined) yield JSON.stringify(answer);
  },
});
