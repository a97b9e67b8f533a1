import { randomBytes } from 'node:crypto';
import type { Environment } from './environment.ts';
import { dropLauncher, letGo, writeLauncher } from './launcher.ts';
import { endTree, isAlive, killTree, processStart, type Mark } from './processes.ts';
import { startDetached } from './self.ts';
import { nonceVariable, SessionNotStarted, type Backend, type SessionHandle, type SessionSpec } from './session.ts';
import { lastLines } from './transcript.ts';

/** Sessions without a terminal: each a detached process that leads a session and a process group of its own, its output appended to the transcript. */
export function subprocessBackend(inherited: Environment): Backend {
  return {
    name: 'subprocess',
    async start(spec, record) {
      const nonce = randomBytes(8).toString('hex');
      const env = { TERM: 'dumb', ...spec.env, [nonceVariable]: nonce };
      const launcher = writeLauncher(spec, env, nonce, false);
      const handle = launch(spec, launcher, nonce, inherited, env);
      await recordThenGo(handle, launcher, record);
      return handle;
    },
    // There is nobody to type to: the message stays in the mailbox.
    tell: () => Promise.resolve('undelivered'),
    interrupt: (handle) => Promise.resolve(killTree(handle, 'SIGINT', markOf(handle)) === 'signalled' ? 'delivered' : 'undelivered'),
    observe: (handle) => Promise.resolve(observeProcess(handle)),
    stop: (handle) => endTree(handle, { mark: markOf(handle) }),
    peek: (handle, lines) => Promise.resolve(lastLines(handle.transcript, lines)),
  };
}

function launch(spec: SessionSpec, launcher: string, nonce: string, inherited: Environment, env: Environment): SessionHandle {
  try {
    const pid = startDetached(['/bin/sh', launcher], { cwd: '/', inherited, env, log: spec.transcript });
    return { backend: 'subprocess', id: spec.id, pid, started: processStart(pid) ?? '', nonce, transcript: spec.transcript };
  } catch (error) {
    dropLauncher(launcher);
    throw new SessionNotStarted(spec.id, error instanceof Error ? error.message : String(error));
  }
}

/** Lets a session go once it is written down; ends it when that fails. */
export async function recordThenGo(handle: SessionHandle, launcher: string, record: ((handle: SessionHandle) => void | Promise<void>) | undefined): Promise<void> {
  try {
    await record?.(handle);
  } catch (error) {
    await endTree(handle, { graceMs: 0, mark: markOf(handle) });
    dropLauncher(launcher);
    throw error;
  }
  letGo(launcher);
}

/** By what the processes of a session are known when its first one is gone. */
export function markOf(handle: SessionHandle): Mark {
  return { name: nonceVariable, value: handle.nonce };
}

/** What the process table says of a session. */
export function observeProcess(handle: SessionHandle): 'alive' | 'dead' | 'unknown' {
  const alive = isAlive(handle);
  if (alive === 'unknown') return 'unknown';
  return alive ? 'alive' : 'dead';
}
