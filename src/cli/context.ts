import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Usage } from '../base/errors.ts';
import { clean, oneLine, truncate } from '../base/text.ts';
import type { Context } from './command.ts';
import { isTerminal } from './terminal.ts';
import { write } from './write.ts';

/** The folder given with -C is not there. */
export class NoDirectory extends Usage {
  readonly code = 'directory.missing';
  constructor(path: string) {
    super(`there is no folder ${truncate(path, 200)}`, { path });
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // It is missing, hidden from us, or no path at all.
    return false;
  }
}

/** Finds where the person stands: git runs its aliases at the top of the repository, and names the folder they were typed in. */
export function standingPlace(cwd: string, gitPrefix: string | undefined, directory: string | undefined): string {
  // A GIT_PREFIX that was left over from elsewhere does not name a folder here.
  const below = gitPrefix ? join(cwd, gitPrefix) : cwd;
  const standing = gitPrefix && isDirectory(below) && statSync(join(cwd, '.git'), { throwIfNoEntry: false }) !== undefined ? below : cwd;
  const place = resolve(standing, directory ?? '.');
  if (directory !== undefined && !isDirectory(place)) throw new NoDirectory(directory);
  return place;
}

/** What the terminal lends to one command, and the end of it. */
export interface World extends Context {
  /** Takes the changing line off the terminal, so that results start on a clean one. */
  clearProgress(): void;
}

/** Reads standard input to its end; plain reads would do, but one that waits on a pipe keeps Node from exiting. */
async function readStdin(signal: AbortSignal): Promise<string> {
  const { stdin } = process;
  signal.addEventListener('abort', () => stdin.destroy(signal.reason as Error));
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function ask(question: string, byDefault: boolean): Promise<boolean | undefined> {
  if (!isTerminal(0) || !isTerminal(2)) return undefined;
  const { createInterface } = await import('node:readline');
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((settle) => {
    // While it reads a terminal, Ctrl-C is a key like others.
    reader.once('SIGINT', () => {
      reader.close();
      process.kill(process.pid, 'SIGINT');
    });
    // Ctrl-D closes without an answer.
    reader.once('close', () => settle(undefined));
    reader.question(`${clean(question)} ${byDefault ? '[Y/n]' : '[y/N]'} `, (answer) => {
      const word = answer.trim().toLowerCase();
      settle(word === '' ? byDefault : word === 'y' || word === 'yes');
      reader.close();
    });
  });
}

/** Builds the context of one command. */
export function openWorld(given: Pick<Context, 'cwd' | 'program' | 'actor' | 'quiet' | 'signal'>): World {
  let sticky = false;
  const clearProgress = (): void => {
    if (sticky) write(2, '\r\u001b[K');
    sticky = false;
  };
  return {
    ...given,
    env: process.env,
    get isTerminal() {
      return isTerminal(1);
    },
    now: () => Date.now(),
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    stdin: () => readStdin(given.signal),
    progress(line) {
      if (given.quiet) return;
      if (!isTerminal(2)) return write(2, `${clean(line)}\n`);
      const columns = process.stderr.columns || 80;
      write(2, `\r\u001b[K${truncate(oneLine(line), columns - 1)}`);
      sticky = true;
    },
    warn(line) {
      clearProgress();
      write(2, `${clean(line)}\n`);
    },
    async confirm(question, byDefault) {
      if (given.quiet) return undefined;
      clearProgress();
      return ask(question, byDefault);
    },
    clearProgress,
  };
}
