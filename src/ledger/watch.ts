import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { watch } from 'chokidar';
import type { Repository } from '../git/repository.ts';
import { stateFolder } from './ledger.ts';

/** The file that git hooks and commands touch to wake the engine. */
const pokeFile = 'poke';

/** Calls `wake` whenever refs of these repositories may have moved, or somebody poked. A call carries no meaning: look again. Returns the end of it. */
export function watchRefs(repositories: readonly Repository[], wake: () => void): () => Promise<void> {
  const paths = repositories.flatMap((repository) => {
    const { commonDir, reftable } = repository;
    // Folders, where they can be: a file that is replaced twice at once, as git replaces its list of tables, is lost from sight.
    mkdirSync(stateFolder(repository), { recursive: true });
    const loose = ['refs/beads', 'refs/heads', 'refs/town'].map((folder) => join(commonDir, folder)).filter((folder) => existsSync(folder));
    return [...loose, join(commonDir, 'packed-refs'), join(stateFolder(repository), pokeFile), ...(reftable ? [join(commonDir, 'reftable')] : [])];
  });
  const watcher = watch(paths, { ignoreInitial: true, atomic: false, ignored: (path) => path.endsWith('.lock') });
  watcher.on('all', wake);
  watcher.on('error', wake);
  return () => watcher.close();
}
