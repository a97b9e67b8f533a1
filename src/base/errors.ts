/** What every failure that a person may see carries: a stable code, the thing named, the facts, and the next command to type. */
export abstract class Failure extends Error {
  /** `noun.reason`, stable: programs decide by it. */
  abstract readonly code: string;
  /** What the process exits with when this ends a command. */
  abstract readonly exit: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly hint: string | undefined;

  constructor(message: string, data: Readonly<Record<string, unknown>> = {}, hint?: string) {
    super(message);
    this.name = new.target.name;
    this.data = data;
    this.hint = hint;
  }
}

/** A rule said no. */
export abstract class Refused extends Failure {
  readonly exit = 1;
}

/** The command was not understood. */
export abstract class Usage extends Failure {
  readonly exit = 2;
}

/** Somebody else was faster, or holds the lock: the same command may succeed when it is tried again. */
export abstract class Busy extends Failure {
  readonly exit = 3;
}

/** The town, its repository or this machine is damaged or missing something. */
export abstract class Broken extends Failure {
  readonly exit = 4;
}

/** What a process exits with when it meets an error that no rule foresaw. */
export const bugExit = 70;

/** What a git hook of ours exits with when it says no; any other failure of it stops nobody. */
export const gitHookRefusal = 10;
