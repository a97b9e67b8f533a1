import { eachBead } from '../../../actions/bead-change.ts';
import { deferBead } from '../../../actions/bead-defer.ts';
import { parseWhen, told, warned } from '../../beads.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead defer',
  summary: 'Put beads off, so that they are not ready for now',
  args: [{ name: 'bead', describe: 'ids, or how they begin', required: true, many: true }],
  options: { until: { type: 'string', describe: 'until then, and ready again by itself: +3d, next monday, 2030-01-31', placeholder: '<time>' } },
  examples: [['bead defer gt-x1y2z', 'until gt undefer brings it back'], ['bead defer gt-x1y2z --until "next monday"', 'until then']],
  async run({ bead, until }, context) {
    const when = parseWhen(until, context.now()) ?? undefined;
    const writer = await asWriter(context);
    return warned(await eachBead(bead, (text) => deferBead(writer, text, when)), context);
  },
  *render(beads) {
    for (const bead of beads) yield told(`put off${bead.defer_until === undefined ? '' : ` until ${bead.defer_until}`}`, bead);
  },
});
