import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { output, repository, run, temporary, type Ran, type RunOptions } from './temporary.ts';

/** The program, run from its sources. */
export const sourceGt: readonly string[] = [process.execPath, join(import.meta.dirname, '../../src/main.ts')];

/** Runs gt in a folder; an exit status other than 0 is an answer. */
export function gt(cwd: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return run([...sourceGt, ...args], { cwd, ...options });
}

/** Runs gt, which must succeed; answers what it printed. */
export function gtOutput(cwd: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return output([...sourceGt, ...args], { cwd, ...options });
}

/** Runs gt with --json, which must succeed; answers what it says. */
export async function gtJson<T = Record<string, unknown>>(cwd: string, args: readonly string[], options: RunOptions = {}): Promise<T> {
  return JSON.parse(await gtOutput(cwd, [...args, '--json'], options)) as T;
}

export function git(cwd: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return output(['git', ...args], { cwd, ...options });
}

/** A project on branch main with one commit and these files. */
export async function project(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const path = await repository({ path: join(temporary(), 'shop') });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  if (Object.keys(files).length > 0) {
    await git(path, ['add', '.']);
    await git(path, ['commit', '-qm', 'Furnish']);
  }
  return path;
}

/** A project that is a town by itself, without a gate. */
export async function soloTown(): Promise<string> {
  const path = await project();
  await gtOutput(path, ['init', '--no-gate']);
  return path;
}

/** A town with a rig `shop`, cloned from a hub that takes pushes. */
export async function townWithRig(): Promise<{ town: string; hub: string; rig: string }> {
  const town = join(temporary(), 'town');
  const hub = join(temporary(), 'shop.git');
  await git('/', ['clone', '-q', '--bare', await project(), hub]);
  await gtOutput('/', ['install', town]);
  await gtOutput(town, ['rig', 'add', 'shop', hub, '--no-gate']);
  return { town, hub, rig: join(town, 'shop') };
}
