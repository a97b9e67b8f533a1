import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Usage } from '../base/errors.ts';
import { truncate } from '../base/text.ts';
import type { Context } from './command.ts';

const largest = 1 << 30;

/** Reads a text file that was named on the command line, or standard input for `-`. Throws NoFile and NotText. */
export async function readText(path: string, context: Context): Promise<string> {
  const text = path === '-' ? await context.stdin() : readFile(resolve(context.cwd, path), path);
  if (text.includes('\0')) throw new NotText(path);
  return text;
}

function readFile(path: string, named: string): string {
  try {
    const found = statSync(path);
    if (found.isDirectory()) throw new NoFile(named, 'it is a folder');
    if (found.size > largest) throw new NoFile(named, 'it is larger than a gigabyte');
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof NoFile) throw error;
    throw new NoFile(named, code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no such file' : code);
  }
}

/** A file that was named cannot be read. */
export class NoFile extends Usage {
  readonly code = 'file.unreadable';
  constructor(path: string, why: string) {
    super(`${truncate(path, 200)} cannot be read: ${why}`, { path, why });
  }
}

/** A file holds a NUL, which no text does. */
export class NotText extends Usage {
  readonly code = 'file.not-text';
  constructor(path: string) {
    super(`${path === '-' ? 'standard input' : path} is no text: it holds a NUL`, { path });
  }
}
