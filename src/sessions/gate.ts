import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { Broken } from '../base/errors.ts';
import { sessionEnvironment, type Environment } from './environment.ts';
import { endTree, killTree, processStart, type Mark } from './processes.ts';
import { textEnd } from './transcript.ts';

/** A command of a gate, and how it is held. */
export interface GateCommand {
  /** For sh, as a person wrote it into the settings. */
  readonly command: string;
  readonly cwd: string;
  readonly inherited: Environment;
  readonly env?: Environment;
  readonly timeoutMs: number;
  /** The file that its output is appended to. */
  readonly log: string;
  readonly limits?: GateLimits;
  /** Ends it early. */
  readonly abort?: AbortSignal;
}

/** What each process of a gate may use. Programs that reserve far more address space than they use, as node and bun do, need a wide `memoryBytes`. */
export interface GateLimits {
  readonly cpuSeconds?: number;
  readonly memoryBytes?: number;
}

export interface GateResult {
  /** Exit status; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  readonly aborted: boolean;
  readonly milliseconds: number;
  /** The last 4 KiB of the output at most. */
  readonly tail: string;
}

const tailBytes = 4096;
const graceMilliseconds = 2_000;
const longestTimer = 2 ** 31 - 1;

/*
 * A watcher in the command's group reads from a pipe whose other end only we hold. When it ends, because the command has ended or we were killed, the whole group
 * goes. The watcher is part of the group, so no other group can have its number meanwhile.
 */
const holder = `
exec 3<&0 </dev/null
( ( trap '' HUP INT QUIT TERM; read -r _ <&3; kill -s KILL -- "-$$" ) >/dev/null 2>&1 & )
exec 3<&-
if [ -n "$2" ]; then ulimit -t "$2" || exit 126; fi
if [ -n "$3" ]; then ulimit -v "$3" || exit 126; fi
exec /bin/sh -c "$1"
`;

/** Runs a command in a process group of its own until it ends or its time is up; then nothing that it started runs any more. Throws GateNotStarted. */
export async function runCommand(gate: GateCommand): Promise<GateResult> {
  const mark: Mark = { name: 'GT_GATE', value: randomBytes(8).toString('hex'), everywhere: true };
  mkdirSync(dirname(gate.log), { recursive: true });
  const log = openSync(gate.log, 'a', 0o600);
  try {
    const from = fstatSync(log).size;
    const began = performance.now();
    const ended = await hold(start(gate, log, mark), gate, mark);
    return { ...ended, milliseconds: Math.round(performance.now() - began), tail: textEnd(gate.log, tailBytes, from) };
  } finally {
    closeSync(log);
  }
}

function start({ command, cwd, inherited, env, limits = {} }: GateCommand, log: number, mark: Mark): ChildProcess {
  const { cpuSeconds, memoryBytes } = limits;
  const args = ['-c', holder, 'gate', command, cpuSeconds === undefined ? '' : String(Math.ceil(cpuSeconds)), memoryBytes === undefined ? '' : String(Math.ceil(memoryBytes / 1024))];
  return spawn('/bin/sh', args, { cwd, env: { ...sessionEnvironment(inherited, env), [mark.name]: mark.value }, detached: true, stdio: ['pipe', log, log] });
}

type Ending = Pick<GateResult, 'code' | 'signal' | 'timedOut' | 'aborted'>;

/** Waits for the end, brings it about when the time is up, and sweeps up after it. */
async function hold(child: ChildProcess, { command, cwd, timeoutMs, abort }: GateCommand, mark: Mark): Promise<Ending> {
  child.stdin?.on('error', () => undefined); // the watcher may have gone first
  const first = { pid: child.pid ?? 0, started: child.pid === undefined ? '' : (processStart(child.pid) ?? '') };
  let timedOut = false;
  let aborted = false;
  let killer: NodeJS.Timeout | undefined;
  const end = (): void => {
    killTree(first, 'SIGTERM', mark);
    killer ??= setTimeout(() => killTree(first, 'SIGKILL', mark), graceMilliseconds);
  };
  const timer = setTimeout(() => {
    timedOut = !aborted;
    end();
  }, Math.min(timeoutMs, longestTimer));
  const onAbort = (): void => {
    aborted = !timedOut;
    end();
  };
  try {
    const { code, signal } = await exitOf(child, command, cwd, () => {
      if (abort?.aborted) onAbort();
      else abort?.addEventListener('abort', onAbort, { once: true });
    });
    return { code, signal, timedOut, aborted };
  } finally {
    clearTimeout(timer);
    clearTimeout(killer);
    abort?.removeEventListener('abort', onAbort);
    child.stdin?.destroy();
    if (first.started !== '') await endTree(first, { graceMs: 0, mark });
  }
}

function exitOf(child: ChildProcess, command: string, cwd: string, begun: () => void): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((settle, fail) => {
    child.once('error', (error) => fail(new GateNotStarted(command, cwd, error.message)));
    child.once('exit', (code, signal) => settle({ code, signal }));
    begun();
  });
}

/** The machine did not let a gate's command start. */
export class GateNotStarted extends Broken {
  readonly code = 'gate.not-started';
  constructor(command: string, cwd: string, reason: string) {
    super(`the gate could not be started in ${cwd}: ${reason}`, { command, cwd, reason });
  }
}
