import { spawnSync } from 'node:child_process';
import { closeSync, constants, lstatSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Two named pipes that nobody else has open, opened at both ends: what a child reads, and what it writes. */
export interface Pipes {
  /** What the child has as its input and its output. */
  readonly input: number;
  readonly output: number;
  /** Our ends, which do not wait: what cannot be done at once fails with EAGAIN. */
  readonly to: number;
  readonly from: number;
  /** Closes one of these; nothing where that is done already. */
  shut(end: number): void;
  /** Closes all that is open. `again`: the child has ended, so that the next one may have the pipes. */
  close(again: boolean): void;
}

/** As many pairs lie ready as processes of one person write at once on a busy day. */
const ready: readonly string[] = ['free-1', 'free-2', 'free-3', 'free-4'];
let taken = 0;
let cannotMake = false;

/**
 * Takes a pair of pipes that lies ready for this person on this machine, or makes one, which costs a process. They lie apart from all repositories, since not everything that copies a folder gets
 * past a pipe. Undefined where there can be none.
 */
export function openPipes(environment: Readonly<Record<string, string>>): Pipes | undefined {
  const folder = folderIn(environment);
  if (folder === undefined) return undefined;
  taken += 1;
  // A process in another container may have our number, but not at the same moment.
  const own = join(folder, `${process.pid}-${Math.round((performance.timeOrigin + performance.now()) * 1000).toString(36)}-${taken}`);
  return take(folder, own) || make(folder, own) ? opened(folder, own) : undefined;
}

/** A folder of our own where the system keeps what lasts no longer than a session; undefined where there is none that nobody else may enter. */
function folderIn({ XDG_RUNTIME_DIR: running, TMPDIR: temporary }: Readonly<Record<string, string>>): string | undefined {
  const user = process.getuid?.();
  if (user === undefined) return undefined;
  for (const place of [running, temporary, '/tmp']) {
    const folder = place?.startsWith('/') === true ? join(place, `gastown-${user}`) : undefined;
    if (folder !== undefined && (isOurs(folder, user) || (tried(() => mkdirSync(folder, { mode: 0o700 })) && isOurs(folder, user)))) return folder;
  }
  return undefined;
}

function isOurs(folder: string, user: number): boolean {
  try {
    const found = lstatSync(folder, { throwIfNoEntry: false });
    return found !== undefined && found.isDirectory() && found.uid === user && (found.mode & 0o077) === 0;
  } catch {
    return false; // the place is somebody else's
  }
}

/** Whether a step could be taken. */
function tried(step: () => void): boolean {
  try {
    step();
    return true;
  } catch {
    return false;
  }
}

function take(folder: string, own: string): boolean {
  for (const name of ready) if (tried(() => renameSync(join(folder, name), own))) return true;
  return false;
}

function make(folder: string, own: string): boolean {
  if (cannotMake) return false;
  forgetTheDead(folder);
  const isMade = tried(() => mkdirSync(own)) && spawnSync('mkfifo', ['-m', '600', join(own, 'to'), join(own, 'from')], { stdio: 'ignore', timeout: 10_000 }).status === 0;
  if (!isMade) remove(own);
  cannotMake = !isMade;
  return isMade;
}

/** Takes away what processes had that were killed: who reads or writes there may still live, and must not meet anybody. */
function forgetTheDead(folder: string): void {
  let names: readonly string[] = [];
  tried(() => (names = readdirSync(folder)));
  for (const name of names) {
    const pid = Number(name.split('-', 1)[0]);
    if (pid > 0 && !tried(() => process.kill(pid, 0))) remove(join(folder, name));
  }
}

function remove(pair: string): void {
  tried(() => rmSync(pair, { recursive: true, force: true }));
}

function opened(folder: string, own: string): Pipes | undefined {
  const files = new Set<number>();
  const open = (name: string, flags: number): number => {
    const file = openSync(join(own, name), flags);
    files.add(file);
    return file;
  };
  const shut = (file: number): void => {
    if (files.delete(file)) closeSync(file);
  };
  const close = (again: boolean): void => {
    for (const file of [...files]) shut(file);
    if (again) for (const name of ready) if (tried(() => renameSync(own, join(folder, name)))) return;
    remove(own);
  };
  try {
    // A pipe that nobody reads yet cannot be opened for writing alone without waiting.
    const both = open('to', constants.O_RDWR);
    const input = open('to', constants.O_RDONLY);
    const to = open('to', constants.O_WRONLY | constants.O_NONBLOCK);
    const from = open('from', constants.O_RDONLY | constants.O_NONBLOCK);
    const output = open('from', constants.O_WRONLY);
    shut(both);
    return { input, output, to, from, shut, close };
  } catch {
    close(false);
    return undefined;
  }
}
