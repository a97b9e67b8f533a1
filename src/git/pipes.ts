import { spawnSync } from 'node:child_process';
import { closeSync, constants, lstatSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Two named pipes that nobody else has open, opened at both ends: what a child reads, and what it writes. */
export interface Pipes {
  /** What the child has as its input and its output; closed here once it runs. */
  readonly input: number;
  readonly output: number;
  /** Our ends, which do not wait: what cannot be done at once fails with EAGAIN. */
  readonly to: number;
  readonly from: number;
  /** Closes the end that the child reads from. */
  closeInput(): void;
  /** Closes our ends. `again`: the child has ended, so that the next one may have the pipes. */
  close(again: boolean): void;
}

/** As many pairs lie ready as processes of one person write at once on a busy day. */
const ready: readonly string[] = ['free-1', 'free-2', 'free-3', 'free-4'];
let taken = 0;

/**
 * Takes a pair of pipes that lies ready for this person on this machine, or makes one, which costs a process. They lie apart from all repositories, since not everything that copies a folder gets
 * past a pipe. Undefined where there can be none.
 */
export function openPipes(environment: Readonly<Record<string, string>>): Pipes | undefined {
  const folder = folderIn(environment);
  if (folder === undefined) return undefined;
  taken += 1;
  const own = join(folder, `${process.pid}-${taken}`);
  if (!take(folder, own) && !make(folder, own)) return undefined;
  const opened: number[] = [];
  const open = (name: string, flags: number): number => {
    const file = openSync(join(own, name), flags);
    opened.push(file);
    return file;
  };
  try {
    // A pipe that nobody reads yet cannot be opened for writing alone without waiting.
    const both = open('to', constants.O_RDWR);
    const input = open('to', constants.O_RDONLY);
    const to = open('to', constants.O_WRONLY | constants.O_NONBLOCK);
    const from = open('from', constants.O_RDONLY | constants.O_NONBLOCK);
    const output = open('from', constants.O_WRONLY);
    closeSync(both);
    const ends = new Set([to, from]);
    const shut = (end: number): void => {
      if (ends.delete(end)) closeSync(end);
    };
    const close = (again: boolean): void => {
      for (const end of [to, from]) shut(end);
      giveBack(folder, own, again);
    };
    return { input, output, to, from, closeInput: () => shut(to), close };
  } catch {
    for (const file of opened) closeSync(file);
    rmSync(own, { recursive: true, force: true });
    return undefined;
  }
}

/** A folder of our own where the system keeps what lasts no longer than a session; undefined where there is none that nobody else may enter. */
function folderIn({ XDG_RUNTIME_DIR: running, TMPDIR: temporary }: Readonly<Record<string, string>>): string | undefined {
  const user = process.getuid?.();
  if (user === undefined) return undefined;
  const folder = join([running, temporary].find((each) => each?.startsWith('/')) ?? '/tmp', `gastown-${user}`);
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (found !== undefined) return found.isDirectory() && found.uid === user && (found.mode & 0o077) === 0 ? folder : undefined;
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch {
      // Somebody has made it meanwhile, or nobody can.
    }
  }
  return undefined;
}

function take(folder: string, own: string): boolean {
  for (const name of ready) if (rename(join(folder, name), own)) return true;
  return false;
}

function rename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}

function make(folder: string, own: string): boolean {
  forgetTheDead(folder);
  try {
    mkdirSync(own);
  } catch {
    return false;
  }
  return spawnSync('mkfifo', ['-m', '600', join(own, 'to'), join(own, 'from')], { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

/** Takes away what processes had that were killed: who reads or writes there may still live, and must not meet anybody. */
function forgetTheDead(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = Number(name.split('-', 1)[0]);
    if (pid > 0 && !isThere(pid)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function giveBack(folder: string, own: string, again: boolean): void {
  if (again) for (const name of ready) if (rename(own, join(folder, name))) return;
  rmSync(own, { recursive: true, force: true });
}
