import { Broken, Busy } from '../base/errors.ts';
import type { ProcessIdentity } from './processes.ts';

/** What is to run for an agent. */
export interface SessionSpec {
  /** Unique in its town; letters, digits, `-`, `_`, `.` and `/`. */
  readonly id: string;
  /** The address of the agent. */
  readonly agent: string;
  readonly command: readonly string[];
  /** The worktree. */
  readonly cwd: string;
  /** Set on top of what the backend inherited, scrubbed of what would mislead the client. */
  readonly env: Readonly<Record<string, string>>;
  /** The file that everything it prints is appended to. */
  readonly transcript: string;
  /** For people who look at the list of sessions. */
  readonly title: string;
}

/** A session that was started: all that is needed to find it again, as plain JSON. */
export interface SessionHandle extends ProcessIdentity {
  readonly backend: BackendName;
  readonly id: string;
  /** Tells this start of the id from every other; in the session's environment as GT_SESSION_NONCE. */
  readonly nonce: string;
  readonly transcript: string;
  readonly tmux?: { readonly socket: string; readonly name: string };
}

export type BackendName = 'tmux' | 'subprocess';
export type Delivery = 'delivered' | 'undelivered';

/** A way to run sessions. Each outlives the process that started it. */
export interface Backend {
  readonly name: BackendName;
  /**
   * Starts a session. `record` is called with the handle before the command runs; when it throws, or this process dies in it, the command never runs.
   * Throws SessionExists, SessionNotStarted.
   */
  start(spec: SessionSpec, record?: (handle: SessionHandle) => void | Promise<void>): Promise<SessionHandle>;
  /** Types a text and sends it off. `delivered` only when it was seen to arrive. */
  tell(handle: SessionHandle, text: string): Promise<Delivery>;
  /** Asks the client to stop what it is doing now, and to stay. */
  interrupt(handle: SessionHandle): Promise<Delivery>;
  observe(handle: SessionHandle): Promise<'alive' | 'dead' | 'unknown'>;
  /** Ends it and all that it started: SIGTERM, after 2 s SIGKILL. `unknown`: who it is could not be proven, and nothing was signalled, or it did not go. */
  stop(handle: SessionHandle): Promise<'gone' | 'unknown'>;
  /** The last lines that it printed. */
  peek(handle: SessionHandle, lines: number): Promise<string>;
}

export const nonceVariable = 'GT_SESSION_NONCE';

/** A session of this id runs already. */
export class SessionExists extends Busy {
  readonly code = 'session.exists';
  constructor(id: string) {
    super(`session ${id} runs already`, { id }, 'gt agents');
  }
}

/** The machine did not let a session start. */
export class SessionNotStarted extends Broken {
  readonly code = 'session.not-started';
  constructor(id: string, reason: string) {
    super(`session ${id} could not be started: ${reason}`, { id, reason }, 'gt config explain sessions.backend');
  }
}
