import { startEngine } from '../../supervisors/launch.ts';
import { runEngine } from '../../supervisors/engine.ts';
import { defineCommand } from '../command.ts';
import { enter } from '../entry.ts';

export const command = defineCommand({
  name: 'up',
  summary: 'Start the engine: it starts sessions, dispatches work and lands it',
  options: { foreground: { type: 'boolean', describe: 'run it here until it is interrupted' } },
  async run({ foreground }, context) {
    const { town } = await enter(context);
    if (!foreground) return startEngine(town, context.env);
    await runEngine(town.hq.repository.worktree ?? town.hq.repository.gitDir, context.now, context.env, context.signal, (line) => context.progress(line));
    return undefined;
  },
  *render(engine) {
    if (engine !== undefined) yield engine.started ? `the engine runs, as process ${engine.pid}` : `the engine runs already, as process ${engine.pid}`;
  },
});
