import { closeBead, eachBead } from '../../../actions/bead-change.ts';
import { told, warned } from '../../beads.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead close',
  summary: 'Close a bead: it is done, or will not be',
  args: [{ name: 'bead', describe: 'ids, or how they begin; each is closed by itself', required: true, many: true }],
  options: {
    reason: { type: 'string', alias: 'r', describe: 'why', placeholder: '<text>', default: 'Closed' },
    force: { type: 'boolean', alias: 'f', describe: 'even when it is blocked, pinned, or has open parts' },
    session: { type: 'string', describe: 'the session that closes it', placeholder: '<id>' },
    'suggest-next': { type: 'boolean', describe: 'and show what waited for it and can be started now' },
    'claim-next': { type: 'boolean', describe: 'and claim the most urgent bead that can be started now' },
  },
  async run({ bead, reason, force, session, suggestNext, claimNext }, context) {
    const writer = await asWriter(context);
    const closing = session === undefined ? writer : { ...writer, who: { ...writer.who, session } };
    const closed = warned(await eachBead(bead, (text) => closeBead(closing, text, { reason, force })), context);
    if (!suggestNext && !claimNext) return { closed, unblocked: undefined, claimed: undefined };
    const next = await import('../../../actions/bead-unblocked.ts');
    const unblocked = suggestNext ? await next.unblockedBy(writer.town, closed.map(({ id }) => id)) : undefined;
    return { closed, unblocked, claimed: claimNext ? ((await next.claimNext(writer, context.program)) ?? null) : undefined };
  },
  *render({ closed, unblocked, claimed }) {
    for (const bead of closed) yield told('closed', bead);
    if (unblocked?.length === 0) yield 'nothing else can be started because of that';
    for (const bead of unblocked ?? []) yield told('can be started now:', bead);
    if (claimed === null) yield 'nothing was claimed: nothing is ready that nobody has';
    else if (claimed !== undefined) yield told('claimed', claimed);
  },
  json: ({ closed, unblocked, claimed }) => (unblocked === undefined && claimed === undefined ? closed : { closed, unblocked, claimed }),
});
