import { setTimeout as sleep } from 'node:timers/promises';
import { statePath } from '../ledger/ledger.ts';
import { isAlive, killTree, type ProcessIdentity } from '../sessions/processes.ts';
import { selfCommand, startDetached } from '../sessions/self.ts';
import { textEnd } from '../sessions/transcript.ts';
import type { Town } from '../town.ts';

const logBytes = 2_000;
const endPatience = 15_000;

/** Starts a process that will be the town's engine. */
export function spawnEngine(town: Town, env: Readonly<Record<string, string | undefined>>): void {
  startDetached(selfCommand(['up', '--foreground']), { cwd: town.hq.repository.worktree ?? town.hq.repository.gitDir, inherited: env, log: logOf(town) });
}

/** The end of what engines of this town printed. */
export function textOfLog(town: Town): string {
  return textEnd(logOf(town), logBytes).trim();
}

function logOf(town: Town): string {
  return statePath(town.hq.repository, 'engine.log');
}

/** Asks the engine to stop, and waits until it has. Sessions are processes of their own and go on. */
export async function endEngineProcess(engine: ProcessIdentity): Promise<void> {
  if (isAlive(engine) !== true) return;
  process.kill(engine.pid, 'SIGTERM');
  for (const end = performance.now() + endPatience; performance.now() < end && isAlive(engine) === true; ) await sleep(20);
  if (isAlive(engine) === true) killTree(engine, 'SIGKILL');
}
