import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Broken, Usage } from '../base/errors.ts';
import { usualPath, type Environment } from './environment.ts';
import type { Backend } from './session.ts';
import { subprocessBackend } from './subprocess.ts';
import { tmuxBackend } from './tmux.ts';

/** Where sessions are started from. */
export interface Ground {
  /** The folder of the town: each has a tmux server of its own. */
  readonly town: string;
  /** What this process was started with. */
  readonly inherited: Environment;
}

/** Opens the backend of a name, the one that a handle carries for instance; without a name tmux where the machine has it, else subprocess. Throws TmuxMissing, UnknownBackend. */
export function chooseBackend(name: string | undefined, { town, inherited }: Ground): Backend {
  if (name !== undefined && name !== 'tmux' && name !== 'subprocess') throw new UnknownBackend(name);
  if (name === 'subprocess') return subprocessBackend(inherited);
  if (findProgram('tmux', inherited) !== undefined) return tmuxBackend(town, inherited);
  if (name === 'tmux') throw new TmuxMissing();
  return subprocessBackend(inherited);
}

/** Finds a program as the PATH of an environment would. */
export function findProgram(name: string, { PATH = usualPath }: Environment): string | undefined {
  return PATH.split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The tmux backend was asked for, and there is no tmux. */
export class TmuxMissing extends Broken {
  readonly code = 'tmux.missing';
  constructor() {
    super('tmux is not on the PATH', {}, 'gt config set sessions.backend subprocess');
  }
}

/** There is no backend of that name. */
export class UnknownBackend extends Usage {
  readonly code = 'backend.unknown';
  constructor(name: string) {
    super(`there is no backend ${JSON.stringify(name.slice(0, 80))} for sessions: it is tmux or subprocess`, { name }, 'gt config set sessions.backend tmux');
  }
}
