import type { Slung } from '../../actions/dispatch.ts';
import { slingAll } from '../../actions/sling.ts';
import { splitTarget } from '../../actions/sling-target.ts';
import { defineCommand } from '../command.ts';
import { enter } from '../entry.ts';

export const command = defineCommand({
  name: 'sling',
  summary: 'Hand beads to workers, each with a worktree and a branch of its own',
  args: [{ name: 'bead', describe: 'beads to work on; the last word may be a rig or an address', required: true, many: true }],
  options: {
    agent: { type: 'string', describe: 'runtime to use: exec, claude …', placeholder: '<runtime>' },
    'no-start': { type: 'boolean', describe: 'only track the work; start a client in the worktree yourself' },
    'no-convoy': { type: 'boolean', describe: 'do not track the beads with a convoy' },
    now: { type: 'boolean', describe: 'dispatch at once, even where places are rationed' },
  },
  examples: [
    ['sling gt-x1y2z', 'pick an idle worker, or make one'],
    ['sling gt-x1y2z gt-a3b4c web', 'hand two beads to the rig web'],
    ['sling gt-x1y2z web/polecats/nux --agent claude', 'name the worker and the runtime'],
  ],
  async run({ bead, agent, noStart, noConvoy, now }, context) {
    const { town, who } = await enter(context);
    const { beads, target } = await splitTarget(town, bead);
    return slingAll(town, who, beads, target, { runtime: agent, start: !noStart, convoy: !noConvoy, now, env: context.env, confirm: context.confirm }, (line) => context.progress(line));
  },
  *render({ slung, failed }) {
    for (const one of slung) yield sentence(one);
    for (const { bead, unclaimed } of slung) if (unclaimed === true) yield `note: the remote does not answer, so other machines do not know yet that ${bead} is taken`;
    for (const { bead, message, hint } of failed) yield `${bead} was not slung: ${message}${hint === undefined ? '' : ` (try: ${hint})`}`;
  },
  exit: ({ slung, failed }) => (failed.length > 0 && slung.length === 0 ? 1 : 0),
});

function sentence({ bead, outcome, agent, branch, folder, session, command, held }: Slung): string {
  switch (outcome) {
    case 'started': return `${bead} → ${agent}, on ${branch}${session === undefined ? '' : ` (session ${session})`}`;
    case 'hooked': return folder === undefined ? `${bead} hangs on the hook of ${agent}` : `${bead} → ${agent}, on ${branch}; ${command === undefined ? `work on it in ${folder}` : `start its client: ${command}`}`;
    case 'waiting': return held === undefined ? `${bead} waits for a free worker (see: gt scheduler status)` : `${bead} waits: ${held}`;
    case 'unchanged': return agent === undefined ? `${bead} waits already` : `${bead} hangs on the hook of ${agent} already`;
  }
}
