import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isAlive, ownProcess, type ProcessIdentity } from '../sessions/processes.ts';

/**
 * Builds a folder beside its place and moves it there when all of it is done, so that it appears whole or not at all. What dead processes left of attempts there is removed.
 * An empty folder at the place is replaced; the system refuses any other.
 */
export async function buildFolder<T>(place: string, build: (folder: string) => Promise<T>): Promise<T> {
  const parent = dirname(place);
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    const builder = builderOf(name);
    if (builder !== undefined && isAlive(builder) === false) rmSync(join(parent, name), { recursive: true, force: true });
  }
  const folder = join(parent, nameFor(basename(place), ownProcess()));
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
function nameFor(place: string, { pid, started }: ProcessIdentity): string {
  return `.${place}.new-${pid}-${Buffer.from(started).toString('hex')}`;
}

function builderOf(name: string): ProcessIdentity | undefined {
  const [, pid, started] = /^\..+\.new-(\d+)-([0-9a-f]+)$/.exec(name) ?? [];
  return pid === undefined || started === undefined ? undefined : { pid: Number(pid), started: Buffer.from(started, 'hex').toString() };
}
