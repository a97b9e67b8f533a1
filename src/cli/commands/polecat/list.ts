import { everyWorker } from '../../../actions/workers.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'polecat list',
  summary: 'List the workers: what hangs on their hooks, and whether a session runs',
  options: { rig: { type: 'string', describe: 'only this rig', placeholder: '<rig>' } },
  async run({ rig }, context) {
    const { town } = await enter(context);
    return everyWorker(town, rig);
  },
  *render(workers) {
    if (workers.length === 0) yield 'there are no workers yet; gt sling <bead> makes one';
    yield table(workers, [
      { title: 'WORKER', cell: (worker) => worker.address },
      { title: 'STATE', cell: (worker) => worker.state, tone: (worker) => (worker.state === 'working' ? 'good' : worker.state === 'suspended' ? 'busy' : 'faint') },
      { title: 'BEAD', cell: (worker) => worker.bead },
      { title: 'SESSION', cell: (worker) => worker.session },
      { title: 'WORKTREE', cell: (worker) => worker.folder, shrink: true },
    ]);
  },
});
