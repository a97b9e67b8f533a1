import { hookOf } from '../../actions/prime.ts';
import { resolveId } from '../../actions/resolve.ts';
import { sling } from '../../actions/sling.ts';
import { formatAddress, parseAddress } from '../../domain/address.ts';
import { defineCommand } from '../command.ts';
import { enter } from '../entry.ts';

export const command = defineCommand({
  name: 'hook',
  summary: "Show what hangs on an agent's hook, or hang a bead on your own",
  args: [{ name: 'bead', describe: 'a bead to hang on your hook; nothing shows what hangs there' }],
  options: { for: { type: 'string', describe: 'look at this agent instead of yourself', placeholder: '<address>' } },
  async run({ bead, for: other }, context) {
    const { town, me, who } = await enter(context);
    const agent = other === undefined ? (me.agent === undefined ? 'overseer' : formatAddress(me.agent)) : formatAddress(parseAddress(other));
    if (bead !== undefined) await sling(town, who, await resolveId(town, bead), agent, { runtime: undefined, start: false, convoy: false, now: true, env: context.env }, undefined);
    const found = await hookOf(town, agent);
    return { agent, bead: found === undefined ? null : { id: found.id, title: found.title, status: found.status, priority: found.priority } };
  },
  *render({ agent, bead }) {
    yield bead === null ? `nothing hangs on the hook of ${agent}` : `${agent}: ${bead.id} ${bead.title}`;
  },
});
