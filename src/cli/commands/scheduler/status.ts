import { observe, decide } from '../../../supervisors/scheduler.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'scheduler status',
  summary: 'Show what waits for a worker, and why',
  async run(_args, context) {
    const { town } = await enter(context);
    return Promise.all(
      town.rigs.map(async (rig) => {
        const sight = await observe(town, rig);
        const next = new Set(decide(sight).map(({ id }) => id));
        const waiting = sight.waiting.map(({ bead, unmet, held }) => ({ id: bead.id, title: bead.title, priority: bead.priority, why: next.has(bead.id) ? 'is next' : unmet.length > 0 ? `needs ${unmet.join(', ')}` : sight.paused ? 'the scheduler is paused' : (held ?? 'all places are taken') }));
        return { rig: rig.name, paused: sight.paused, places: sight.places ?? null, taken: sight.taken, waiting };
      }),
    );
  },
  *render(rigs) {
    for (const { rig, paused, places, taken, waiting } of rigs) {
      yield `${rig}: ${places === null ? 'places are not rationed (gt config set scheduler.max_polecats <n>)' : `${taken} of ${places} places taken`}${paused ? '; paused' : ''}`;
      yield table(waiting, [
        { title: 'BEAD', cell: ({ id }) => id },
        { title: 'P', cell: ({ priority }) => priority },
        { title: 'WHY', cell: ({ why }) => why },
        { title: 'TITLE', cell: ({ title }) => title },
      ]);
    }
  },
});
