import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isAlive, ownProcess, type ProcessIdentity } from '../sessions/processes.ts';

/**
 * Builds a folder beside its place and moves it there when all of it is done, so that it appears whole or not at all. What dead processes left of earlier attempts is removed.
 * An empty folder at the place is replaced; the system refuses any other.
 */
export async function buildFolder<T>(place: string, build: (folder: string) => Promise<T>): Promise<T> {
  const parent = dirname(place);
  const attempts = `.${basename(place)}.new-`;
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    const builder = name.startsWith(attempts) ? decode(name.slice(attempts.length)) : undefined;
    if (builder !== undefined && isAlive(builder) === false) rmSync(join(parent, name), { recursive: true, force: true });
  }
  const folder = join(parent, attempts + encode(ownProcess()));
  mkdirSync(folder);
  try {
    const built = await build(folder);
    renameSync(folder, place);
    return built;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** The builder stands in the folder's name, so that there is no moment without it. */
function encode({ pid, started }: ProcessIdentity): string {
  return `${pid}-${Buffer.from(started).toString('hex')}`;
}

function decode(text: string): ProcessIdentity | undefined {
  const [, pid, started] = /^(\d+)-([0-9a-f]+)$/.exec(text) ?? [];
  return pid === undefined || started === undefined ? undefined : { pid: Number(pid), started: Buffer.from(started, 'hex').toString() };
}
