import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Broken } from '../base/errors.ts';
import { sessionEnvironment, type Environment } from './environment.ts';

/** A native executable carries its modules in a file system of its own. */
const embedded = /^file:\/\/\/(\$bunfs|[A-Z]:\/~BUN|~BUN)/i;

/** The command line that runs `gt` as this process does: the executable itself natively, else its runtime with the main module, from the bundle or from the sources. */
export function selfCommand(args: readonly string[], module: string = import.meta.url): string[] {
  if (embedded.test(module)) return [gtBeside(process.execPath), ...args];
  const here = dirname(fileURLToPath(module));
  const main = module.endsWith('.ts') ? join(here, '../main.ts') : join(here, 'main.js');
  return [process.execPath, main, ...args];
}

/** The executable is told by its name which program it is: when we were called as `bd`, `gt` is the same file under the other name. */
function gtBeside(executable: string): string {
  const sibling = join(dirname(executable), process.platform === 'win32' ? 'gt.exe' : 'gt');
  const own = statSync(executable, { throwIfNoEntry: false });
  const other = statSync(sibling, { throwIfNoEntry: false });
  return own !== undefined && own.ino === other?.ino && own.dev === other.dev ? sibling : executable;
}

/** The folder that has this very program under the name `gt`, to put first on the PATH of who should call it; undefined when it runs from its sources. */
export function selfFolder(module: string = import.meta.url): string | undefined {
  const folder = embedded.test(module) ? dirname(gtBeside(process.execPath)) : join(dirname(fileURLToPath(module)), 'bin');
  return existsSync(join(folder, 'gt')) ? folder : undefined;
}

/** Where a detached process runs. */
export interface Place {
  readonly cwd: string;
  readonly inherited: Environment;
  readonly env?: Environment;
  /** The file that its output is appended to. */
  readonly log: string;
}

/** Starts a process that outlives this one, in a session and process group of its own; answers its number. Throws NotStarted. */
export function startDetached(argv: readonly string[], { cwd, inherited, env, log }: Place): number {
  const [file, ...args] = argv;
  if (file === undefined) throw new NotStarted(argv, 'there is no command');
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, 'a', 0o600);
  try {
    const child = spawn(file, args, { cwd, env: sessionEnvironment(inherited, env), detached: true, stdio: ['ignore', output, output] });
    // Told by the missing number below.
    child.on('error', () => undefined);
    child.unref();
    if (child.pid === undefined) throw new NotStarted(argv, 'the system refused');
    return child.pid;
  } finally {
    closeSync(output);
  }
}

/** The system did not start a program. */
export class NotStarted extends Broken {
  readonly code = 'process.not-started';
  constructor(argv: readonly string[], reason: string) {
    super(`${argv[0] ?? 'a program'} could not be started: ${reason}`, { argv, reason }, 'run the command again');
  }
}
