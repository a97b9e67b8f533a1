import { trustWriter } from '../../actions/trust.ts';
import { poke } from '../../actions/poke.ts';
import { rigNamed } from '../../town.ts';
import { defineCommand } from '../command.ts';
import { enter } from '../entry.ts';

export const command = defineCommand({
  name: 'trust',
  summary: "Let another clone's commands run here: gates, and what beads bring for their workers",
  args: [{ name: 'writer', describe: 'a replica, or a remote: everybody who may push to it', required: true }],
  options: { rig: { type: 'string', describe: 'the rig whose remote is meant', placeholder: '<rig>' } },
  examples: [
    ['trust k3x9ab', 'run what this one clone writes'],
    ['trust origin', 'run what comes from this remote'],
    ['trust list', 'show who is trusted, and who could be'],
  ],
  async run({ writer, rig }, context) {
    const { town } = await enter(context);
    const trusted = await trustWriter(town, writer, { cwd: context.cwd, rig: rig === undefined ? undefined : rigNamed(town, rig) });
    // What waited for it may go on.
    poke(town, context.env);
    return trusted;
  },
  *render([first]) {
    if (first?.kind === 'remote') yield `commands that come from ${first.name} run in this clone now: everybody who may push there can write them (gt trust remove ${first.name} ends it)`;
    else yield `commands that replica ${first?.name} writes run in this clone now (gt trust remove ${first?.name} ends it)`;
  },
});
