import { createBead } from '../../../actions/bead-create.ts';
import { parsePriority } from '../../beads.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead q',
  summary: 'Write down a piece of work and print its id alone',
  args: [{ name: 'title', describe: 'what is to be done; several words are one title', required: true, many: true }],
  options: {
    type: { type: 'string', alias: 't', describe: 'its type', placeholder: '<type>' },
    priority: { type: 'string', alias: 'p', describe: '0 or P0 (most urgent) to 4', placeholder: '<n>' },
    labels: { type: 'array', alias: 'l', describe: 'labels' },
  },
  async run({ title, type, priority, labels }, context) {
    const fields = { title: title.join(' '), ...(type === undefined ? {} : { issue_type: type }), ...(priority === undefined ? {} : { priority: parsePriority(priority) }), ...(labels.length > 0 ? { labels } : {}) };
    const filing = { rig: undefined, ephemeral: false, dryRun: false, validate: false, seed: Buffer.from(context.random(8)).toString('hex') };
    return createBead(await asWriter(context), { fields, id: undefined, parent: undefined, deps: [], inheritLabels: true }, filing);
  },
  *render({ id }) {
    yield id;
  },
});
