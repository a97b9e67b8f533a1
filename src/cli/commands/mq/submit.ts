import { offerOf } from '../../../actions/offer.ts';
import { poke } from '../../../actions/poke.ts';
import { submitRequest } from '../../../actions/submit.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';

export const command = defineCommand({
  name: 'mq submit',
  summary: 'Ask that a branch lands on its target, through the gates',
  options: {
    branch: { type: 'string', describe: 'what should land; otherwise the branch that you stand on', placeholder: '<branch>' },
    bead: { type: 'string', describe: 'the bead that is closed when it lands', placeholder: '<id>' },
    issue: { type: 'string', describe: 'the same as --bead', placeholder: '<id>' },
    target: { type: 'string', describe: "where it should land; otherwise the rig's own target", placeholder: '<branch>' },
    rig: { type: 'string', describe: 'the rig, where you stand in none', placeholder: '<rig>' },
    priority: { type: 'number', alias: 'p', describe: "0 (first) to 4; otherwise the bead's", placeholder: '<n>' },
    retry: { type: 'boolean', describe: 'submit again what was rejected, unchanged' },
  },
  examples: [['mq submit --bead gt-x1y2z', 'the branch that you stand on, for that bead']],
  async run({ branch, bead, issue, target, rig: named, priority, retry }, context) {
    const { town, who } = await enter(context);
    const { rig, offer, uncommitted } = await offerOf(town, context.cwd, who.actor, { rig: named, branch, bead: bead ?? issue, target, priority, retry });
    const submitted = await submitRequest(town, rig, offer, who);
    poke(town, context.env);
    return { ...submitted, uncommitted };
  },
  *render({ id, request, isNew, superseded, unpublished, uncommitted }) {
    yield isNew ? `${id}: ${request.branch} (${request.head.slice(0, 12)}) is submitted for ${request.target}` : `${id}: ${request.branch} (${request.head.slice(0, 12)}) was submitted before`;
    if (superseded.length > 0) yield `it takes the place of ${superseded.join(', ')}`;
    if (uncommitted) yield 'changes that are not committed are not part of it';
    if (unpublished !== undefined) yield `the hub does not know of it yet (${unpublished}); gt mq run tells it`;
  },
});
