import { spawn } from 'node:child_process';
import { Broken } from '../base/errors.ts';
import { endTree, processStart, type ProcessIdentity } from './processes.ts';

/** A runtime's program as the wrapper of its session runs it: on the wrapper's own terminal or transcript. */
export interface ClientSpec {
  readonly command: readonly string[];
  readonly cwd: string;
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/** How a client ended: its exit status, or the signal that ended it. */
export interface ClientExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A client that runs. */
export interface Client {
  readonly process: ProcessIdentity;
  readonly ended: Promise<ClientExit>;
  /** Ends it and all that it started: SIGTERM, after 2 s SIGKILL. */
  leave(): Promise<ClientExit>;
}

/** Starts a client. It keeps the terminal of its wrapper, so it stays in the wrapper's process group. Throws ClientNotStarted. */
export async function startClient({ command, cwd, env, signal }: ClientSpec): Promise<Client> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { cwd, env: { ...env }, stdio: 'inherit' });
  const ended = new Promise<ClientExit>((settle) => child.once('exit', (code, reason) => settle({ code, signal: reason })));
  const identity = { pid: child.pid ?? 0, started: child.pid === undefined ? '' : (processStart(child.pid) ?? '') };
  await new Promise<void>((settle, fail) => {
    child.once('spawn', settle);
    child.once('error', (error) => fail(new ClientNotStarted(file, cwd, error.message)));
  });
  const leave = async (): Promise<ClientExit> => {
    await endTree(identity);
    return ended;
  };
  const onAbort = (): void => void leave();
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  void ended.then(() => signal?.removeEventListener('abort', onAbort));
  return { process: identity, ended, leave };
}

/** The program of a runtime is missing, or the machine did not let it start. */
export class ClientNotStarted extends Broken {
  readonly code = 'client.not-started';
  constructor(program: string, cwd: string, reason: string) {
    super(`${program} could not be started in ${cwd}: ${reason}`, { program, cwd, reason }, `command -v ${program}`);
  }
}
