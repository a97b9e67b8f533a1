import { overview } from '../../actions/overview.ts';
import { engineOf } from '../../supervisors/engine.ts';
import { defineCommand } from '../command.ts';
import { enter } from '../entry.ts';
import { table } from '../table.ts';

export const command = defineCommand({
  name: 'status',
  summary: 'Show the town at a glance: engine, rigs, work under way',
  async run(_args, context) {
    const { town } = await enter(context);
    return { ...(await overview(town)), engine: engineOf(town) ?? null };
  },
  *render({ town, kind, root, rigs, own, held, work, engine }) {
    yield `${town} (${kind === 'solo' ? 'one repository' : 'town'}) at ${root}`;
    yield engine === null ? 'engine: not running (gt up starts it)' : `engine: running since ${engine.since}, process ${engine.pid}`;
    yield '';
    if (rigs.length === 0) yield 'the town has no rigs yet; gt rig add <name> <url> adds one';
    yield table(rigs, [
      { title: 'RIG', cell: (rig) => rig.name },
      { title: 'TARGET', cell: (rig) => rig.target },
      { title: 'READY', cell: (rig) => rig.ready, align: 'right' },
      { title: 'WAITING', cell: (rig) => rig.waiting, align: 'right' },
      { title: 'WORKING', cell: (rig) => rig.working, align: 'right' },
      { title: 'SUBMITTED', cell: (rig) => rig.submitted, align: 'right' },
      { title: 'WORKERS', cell: (rig) => rig.workers, align: 'right' },
      { title: 'SESSIONS', cell: (rig) => rig.sessions, align: 'right' },
    ]);
    if (own !== null) yield `the town's own beads (hq): ${own.ready} ready, ${own.working} worked on`;
    if (held.length > 0) yield '';
    for (const { bead, why } of held) yield bead === undefined ? `waits: ${why}` : `${bead} waits: ${why}`;
    if (work.length > 0) yield '';
    yield table(work, [
      { title: 'BEAD', cell: ({ id }) => id },
      { title: 'AGENT', cell: ({ agent }) => agent },
      { title: 'TITLE', cell: ({ title }) => title },
    ]);
  },
});
