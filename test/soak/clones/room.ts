import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as bodies from '../../../src/git/bodies.ts';
import type * as commits from '../../../src/git/commit.ts';
import type * as importing from '../../../src/git/import-now.ts';
import type * as imports from '../../../src/git/import.ts';
import type * as merging from '../../../src/git/merging.ts';
import type * as object from '../../../src/git/object.ts';
import type { ObjectContents, ObjectInfo } from '../../../src/git/object.ts';
import type * as refs from '../../../src/git/refs.ts';
import type * as regrowing from '../../../src/git/regrow.ts';
import type * as remotes from '../../../src/git/remotes.ts';
import type { Repository } from '../../../src/git/repository.ts';
import type * as running from '../../../src/git/run.ts';

interface Build {
  onLoad(on: { filter: RegExp }, load: (file: { path: string }) => { contents: string; loader: 'ts' }): void;
  onResolve(on: { filter: RegExp }, resolve: (file: { path: string }) => { path: string; namespace: string }): void;
}
interface Plugin {
  readonly name: string;
  setup(build: Build): void;
}
declare const Bun: {
  plugin(plugin: Plugin): void;
  build(options: { entrypoints: string[]; outdir: string; target: 'bun'; splitting: boolean; minify: { syntax: boolean; whitespace: boolean }; plugins: Plugin[] }): Promise<unknown>;
};

/** What the ledger asks of the git room. */
export type Git = Pick<typeof refs, 'readRef' | 'listRefs' | 'updateRefs'> &
  Pick<typeof commits, 'commitOn'> &
  Pick<typeof imports, 'importCommit'> &
  Pick<typeof importing, 'startImport'> &
  Pick<typeof object, 'readObjects'> &
  Pick<typeof bodies, 'eachBody'> &
  Pick<typeof merging, 'isAncestor' | 'diffNames'> &
  Pick<typeof remotes, 'fetch' | 'push'> &
  Pick<typeof regrowing, 'regrow'> &
  Pick<typeof running, 'runGit' | 'runGitNow' | 'gitText'> & {
    readonly ObjectReader: { open(repository: Repository): { contents(name: string): Promise<ObjectContents | undefined>; info(name: string): Promise<ObjectInfo | undefined>; body(oid: string): Promise<Buffer>; close(): Promise<unknown> } };
  };

const places: Readonly<Record<keyof Git, string>> = {
  readRef: 'refs', listRefs: 'refs', updateRefs: 'refs', commitOn: 'commit', importCommit: 'import', startImport: 'import-now', readObjects: 'object', eachBody: 'bodies', ObjectReader: 'objects',
  isAncestor: 'merging', diffNames: 'merging', fetch: 'remotes', push: 'remotes', regrow: 'regrow', runGit: 'run', runGitNow: 'run', gitText: 'run',
};

/** Who answers instead of the git room, for those of its functions that are replaced. */
export const git: Git = {} as Git;
/** Those functions as they are in the room, once the modules are loaded that they stand in. */
export const originals: Git = {} as Git;

const room = join(import.meta.dirname, '../../../src/git');
const asItIs = '?as-it-is';

/** The text of a module of the git room that gets some of its functions from elsewhere. */
function replaced(path: string, names: readonly (keyof Git)[]): string {
  const own = names.filter((name) => path === join(room, `${places[name]}.ts`));
  return [
    `export * from ${JSON.stringify(path + asItIs)};`,
    `import * as original from ${JSON.stringify(path + asItIs)};`,
    `import { git, originals } from ${JSON.stringify(import.meta.filename)};`,
    ...own.map((name) => `originals.${name} = original.${name};`),
    ...own.map((name) => (name === 'ObjectReader' ? 'export const ObjectReader = { open: (...given) => git.ObjectReader.open(...given) };' : `export const ${name} = (...given) => git.${name}(...given);`)),
  ].join('\n');
}

function replacing(names: readonly (keyof Git)[]): Plugin['setup'] {
  const files = new RegExp(`^${room.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}/(${[...new Set(names.map((name) => places[name]))].join('|')})\\.ts$`);
  return (build) => build.onLoad({ filter: files }, ({ path }) => ({ loader: 'ts', contents: replaced(path, names) }));
}

/**
 * From now on, modules that are loaded get these functions of the git room from `git`. The room is the only door to git, so the ledger need not know. Whatever imports
 * from it must be loaded afterwards.
 */
export function replaceGit(names: readonly (keyof Git)[]): void {
  Bun.plugin({ name: 'another git room', setup: replacing(names) });
}

/** Makes one program of a module and all that it imports, in which these functions of the git room come from `git`. */
export async function bundleWithGit(names: readonly (keyof Git)[], entry: string, folder: string): Promise<void> {
  const setup = (build: Build): void => {
    replacing(names)(build);
    build.onResolve({ filter: /\?as-it-is$/ }, ({ path }) => ({ path, namespace: 'file' }));
    build.onLoad({ filter: /\?as-it-is$/ }, ({ path }) => ({ loader: 'ts', contents: readFileSync(path.slice(0, -asItIs.length), 'utf8') }));
  };
  await Bun.build({ entrypoints: [entry], outdir: folder, target: 'bun', splitting: true, minify: { syntax: true, whitespace: true }, plugins: [{ name: 'another git room', setup }] });
}

/** All that can be replaced. */
export const everything = Object.keys(places) as (keyof Git)[];
/** The functions that change refs. */
export const moving = ['updateRefs', 'commitOn', 'importCommit', 'fetch', 'push'] as const satisfies readonly (keyof Git)[];
