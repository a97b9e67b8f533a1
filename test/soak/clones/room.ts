import { dirname, join } from 'node:path';
import type * as commits from '../../../src/git/commit.ts';
import type * as imports from '../../../src/git/import.ts';
import type * as merging from '../../../src/git/merging.ts';
import type * as object from '../../../src/git/object.ts';
import type { ObjectContents, ObjectInfo } from '../../../src/git/object.ts';
import type * as refs from '../../../src/git/refs.ts';
import type * as regrowing from '../../../src/git/regrow.ts';
import type * as remotes from '../../../src/git/remotes.ts';
import type { Repository } from '../../../src/git/repository.ts';
import type * as running from '../../../src/git/run.ts';

declare const Bun: { plugin(plugin: { name: string; setup(build: { onLoad(on: { filter: RegExp }, load: (file: { path: string }) => { contents: string; loader: 'ts' }) : void }): void }): void };

/** What the ledger asks of the git room. */
export type Git = Pick<typeof refs, 'readRef' | 'listRefs' | 'updateRefs'> &
  Pick<typeof commits, 'commitOn'> &
  Pick<typeof imports, 'importCommit'> &
  Pick<typeof object, 'readObjects'> &
  Pick<typeof merging, 'isAncestor'> &
  Pick<typeof remotes, 'fetch' | 'push'> &
  Pick<typeof regrowing, 'regrow'> &
  Pick<typeof running, 'runGit' | 'runGitNow' | 'gitText'> & {
    readonly ObjectReader: { open(repository: Repository): { contents(name: string): Promise<ObjectContents | undefined>; info(name: string): Promise<ObjectInfo | undefined>; body(oid: string): Promise<Buffer>; close(): Promise<unknown> } };
  };

const places: Readonly<Record<keyof Git, string>> = {
  readRef: 'refs', listRefs: 'refs', updateRefs: 'refs', commitOn: 'commit', importCommit: 'import', readObjects: 'object', ObjectReader: 'objects',
  isAncestor: 'merging', fetch: 'remotes', push: 'remotes', regrow: 'regrow', runGit: 'run', runGitNow: 'run', gitText: 'run',
};

/** Who answers instead of the git room, for those of its functions that are replaced. */
export const git: Git = {} as Git;

const asItIs = '?as-it-is';

/**
 * From now on, modules that are loaded get these functions of the git room from `git`. The room is the only door to git, so the ledger need not know. Whatever imports
 * from it must be loaded afterwards.
 */
export function replaceGit(names: readonly (keyof Git)[]): void {
  const room = join(import.meta.dirname, '../../../src/git');
  Bun.plugin({
    name: 'another git room',
    setup: (build) => build.onLoad({ filter: new RegExp(`/src/git/(${[...new Set(names.map((name) => places[name]))].join('|')})\\.ts$`) }, ({ path }) => {
      if (dirname(path) !== room) throw new Error(`${path} is not in ${room}`);
      const own = names.filter((name) => path.endsWith(`/${places[name]}.ts`));
      const replaced = own.map((name) => (name === 'ObjectReader' ? 'export const ObjectReader = { open: (...given) => git.ObjectReader.open(...given) };' : `export const ${name} = (...given) => git.${name}(...given);`));
      return { loader: 'ts', contents: [`export * from ${JSON.stringify(path + asItIs)};`, `import { git } from ${JSON.stringify(join(import.meta.dirname, 'room.ts'))};`, ...replaced].join('\n') };
    }),
  });
}

/** The module of the git room that a function comes from, with nothing replaced. */
export function originalOf(name: keyof Git): string {
  return join(import.meta.dirname, `../../../src/git/${places[name]}.ts${asItIs}`);
}

/** All that can be replaced. */
export const everything = Object.keys(places) as (keyof Git)[];
/** The functions that change refs. */
export const moving = ['updateRefs', 'commitOn', 'importCommit', 'fetch', 'push'] as const satisfies readonly (keyof Git)[];
