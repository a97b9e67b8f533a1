import { askForGates } from '../../../actions/gates.ts';
import { poke } from '../../../actions/poke.ts';
import { countOf } from '../../../base/text.ts';
import { runQueues } from '../../../supervisors/refinery.ts';
import { rigNamed } from '../../../town.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';

export const command = defineCommand({
  name: 'mq run',
  summary: 'Work on the merge queue until nothing is left to decide: stack, test, land or reject',
  options: {
    rig: { type: 'string', describe: 'only this rig', placeholder: '<rig>' },
    once: { type: 'boolean', describe: 'take one step only' },
    again: { type: 'boolean', describe: 'run gates again that have failed: what was broken on this machine is mended' },
  },
  async run({ rig, once, again }, context) {
    const { town } = await enter(context);
    await askForGates(town, rig === undefined ? town.rigs : [rigNamed(town, rig)], context.confirm);
    const report = await runQueues(town, rig, { once, again, env: context.env, signal: context.signal, progress: (line) => context.progress(line) });
    // What landed may be what other work waited for.
    if (report.steps > 0) poke(town, context.env);
    return report;
  },
  *render({ landed, rejected, waiting, flaky, gateRuns, steps }) {
    for (const { request, bead, target, commit } of landed) yield `${request}${bead === '' ? '' : ` (${bead})`} has landed on ${target} as ${commit.slice(0, 12)}`;
    for (const { request, bead, reason } of rejected) yield `${request}${bead === '' ? '' : ` (${bead})`} was rejected: ${reason}`;
    for (const { request, gate } of flaky) yield `the gate ${gate} is flaky: it passed with ${request} only when it was run again`;
    for (const { request, reason } of waiting) yield `${request} waits: ${reason}`;
    if (steps === 0 && waiting.length === 0) yield 'nothing waits to land';
    else if (gateRuns > 0) yield countOf(gateRuns, 'gate run');
  },
});
