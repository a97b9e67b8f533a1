import { join } from 'node:path';
import { programs } from './programs.ts';
import { git } from './town.ts';
import { output, ownEnvironment, repository, run, temporary, type Ran } from './temporary.ts';

const [native] = programs;

/** One clone of a project that is a town by itself. */
export interface Clone {
  readonly path: string;
  /** Runs gt, which must succeed; answers what it printed. */
  gt(...words: string[]): Promise<string>;
  /** Runs gt; an exit status other than 0 is an answer. */
  tried(...words: string[]): Promise<Ran>;
  json<T>(...words: string[]): Promise<T>;
  git(...words: string[]): Promise<string>;
  /** The replica id. */
  replica(): Promise<string>;
}

/** The clone at a path, with these variables in the environment of all that it runs. */
export function cloneAt(path: string, env: Readonly<Record<string, string>> = {}): Clone {
  if (native === undefined) throw new Error('there is no native build');
  const options = { cwd: path, env: { PATH: `${native.folder}:${ownEnvironment()['PATH']}`, ...env } };
  const gt = (...words: string[]): Promise<string> => output([...native.argv, ...words], options);
  return {
    path,
    gt,
    tried: (...words) => run([...native.argv, ...words], options),
    json: async <T>(...words: string[]) => JSON.parse(await gt(...words, '--json')) as T,
    git: (...words) => output(['git', ...words], options),
    replica: async () => (JSON.parse(await output(['cat', '.git/gastown/replica.json'], options)) as { id: string }).id,
  };
}

/** A bare hub with one commit on main. */
export async function newHub(): Promise<string> {
  const root = temporary();
  const hub = join(root, 'shop.git');
  await git('/', ['clone', '-q', '--bare', await repository({ path: join(root, 'seed') }), hub]);
  return hub;
}

/** Clones the hub anew, as another machine would. */
export async function cloneOf(hub: string, env: Readonly<Record<string, string>> = {}): Promise<Clone> {
  const path = join(temporary(), 'shop');
  await git('/', ['clone', '-q', hub, path], { env });
  return cloneAt(path, env);
}

/** Two machines that land on one hub, and trust each other. */
export async function machines(): Promise<{ hub: string; one: Clone; other: Clone }> {
  const hub = await newHub();
  const one = await cloneOf(hub);
  await one.gt('init', '--quiet', '--no-gate', '--prefix', 'door', '--remote', 'origin');
  await one.gt('sync', '--quiet');
  const other = await cloneOf(hub);
  await other.gt('init', '--quiet');
  await other.gt('sync', '--quiet');
  await one.gt('sync', '--quiet');
  await Promise.all([one, other].map((clone) => clone.gt('trust', 'origin')));
  return { hub, one, other };
}
