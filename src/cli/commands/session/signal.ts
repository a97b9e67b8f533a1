import { hookOf } from '../../../actions/prime.ts';
import { isObject } from '../../../base/jsonl.ts';
import { formatAddress } from '../../../domain/address.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';

export const command = defineCommand({
  name: 'session signal',
  summary: "Answer a runtime's Stop hook: an agent with work on its hook is asked once to finish it",
  hidden: true,
  args: [{ name: 'event', describe: 'the event', required: true, choices: ['stop'] }],
  async run(_args, context) {
    const event: unknown = JSON.parse((await context.stdin()) || '{}');
    const again = isObject(event) && event['stop_hook_active'] === true;
    const { town, me } = await enter(context);
    const bead = again || me.agent?.role !== 'polecat' ? undefined : await hookOf(town, formatAddress(me.agent));
    return bead === undefined ? undefined : { decision: 'block', reason: `${bead.id} still hangs on your hook. When it is finished run: gt done. If it cannot be finished run: gt unsling ${bead.id}, after a comment that says why.` };
  },
  *render(answer) {
    if (answer !== undefined) yield JSON.stringify(answer);
  },
});
