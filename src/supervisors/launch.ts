import { setTimeout as sleep } from 'node:timers/promises';
import { listSessions, type SessionRecord } from '../actions/session-record.ts';
import { stopSession } from '../actions/session.ts';
import { endEngineProcess, spawnEngine } from '../actions/engine-process.ts';
import { Broken } from '../base/errors.ts';
import { textOfLog } from '../actions/engine-process.ts';
import type { Town } from '../town.ts';
import { engineOf } from './engine.ts';

const startPatience = 10_000;

/** Starts the engine of a town in the background, unless it runs. Returns once it does. Throws EngineDied. */
export async function startEngine(town: Town, env: Readonly<Record<string, string | undefined>>): Promise<{ readonly pid: number; readonly started: boolean }> {
  const known = engineOf(town);
  if (known !== undefined) return { pid: known.pid, started: false };
  spawnEngine(town, env);
  for (const end = performance.now() + startPatience; performance.now() < end; await sleep(20)) {
    const engine = engineOf(town);
    if (engine !== undefined) return { pid: engine.pid, started: true };
  }
  throw new EngineDied(textOfLog(town));
}

/** Stops the engine, and with `all` the sessions of every rig. */
export async function stopEngine(town: Town, all: boolean): Promise<{ readonly pid: number | undefined; readonly sessions: readonly SessionRecord[] }> {
  const engine = engineOf(town);
  if (engine !== undefined) await endEngineProcess(engine);
  const sessions: SessionRecord[] = [];
  for (const rig of all ? town.rigs : []) {
    for (const record of listSessions(rig)) {
      await stopSession(town, rig, record, 'the town went down');
      sessions.push(record);
    }
  }
  return { pid: engine?.pid, sessions };
}

/** The engine did not come up. */
export class EngineDied extends Broken {
  readonly code = 'engine.died';
  constructor(log: string) {
    super(`the engine did not come up${log === '' ? '' : `; it said: ${log}`}`, { log }, 'gt up --foreground');
  }
}
