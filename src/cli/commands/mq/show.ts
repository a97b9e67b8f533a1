import { showRequest } from '../../../actions/queue-view.ts';
import { shortDuration } from '../../../base/time.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'mq show',
  summary: 'Show one merge request: what it asks, where it stands, and the evidence',
  args: [{ name: 'request', describe: 'its id', required: true }],
  async run({ request }, context) {
    const { town } = await enter(context);
    return showRequest(town, request);
  },
  *render(shown) {
    yield { heading: `${shown.id}  ${shown.title}` };
    yield shown.why.startsWith(shown.state) ? shown.why : `${shown.state}: ${shown.why}`;
    const facts: [string, string | undefined][] = [
      ['branch', `${shown.branch} at ${shown.head}`],
      ['target', shown.target],
      ['base', shown.base],
      ['builds on', shown.after],
      ['bead', shown.source],
      ['by', shown.worker],
      ['submitted', shown.created],
      ['landed as', shown.landed],
      ['tried as', shown.tried],
    ];
    yield table(facts.filter(([, value]) => value !== undefined && value !== ''), [
      { title: '', cell: ([label]) => label, tone: () => 'faint' },
      { title: '', cell: ([, value]) => value },
    ], { titles: false });
    for (const { gate, attempts } of shown.verdicts) for (const run of attempts) yield `gate ${gate}: ${run.verdict} after ${shortDuration(run.milliseconds)}, ${run.started}`;
    if (shown.rejection?.evidence) yield `\n${shown.rejection.evidence}`;
  },
});
