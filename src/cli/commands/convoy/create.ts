import { convoyId, createConvoy } from '../../../actions/convoy.ts';
import { resolveId } from '../../../actions/resolve.ts';
import { timestamp } from '../../../base/time.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';

export const command = defineCommand({
  name: 'convoy create',
  summary: 'Track beads together',
  args: [
    { name: 'title', describe: 'what the convoy is for', required: true },
    { name: 'bead', describe: 'the beads', required: true, many: true },
  ],
  async run({ title, bead }, context) {
    const { town, who } = await enter(context);
    const beads = await Promise.all(bead.map((typed) => resolveId(town, typed)));
    const id = convoyId(beads, timestamp(context.now()));
    await createConvoy(town, who, id, title, beads);
    return { id, title, tracked: beads };
  },
  *render({ id, tracked }) {
    yield `${id} tracks ${tracked.join(', ')}`;
  },
});
