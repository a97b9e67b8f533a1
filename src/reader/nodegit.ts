import { createRequire } from 'node:module';
import { Refused } from '../base/errors.ts';
import type { LedgerFile } from './ledger.ts';

/** As much of nodegit as is used here; its own types come with it, where it is installed. */
interface Nodegit {
  readonly Repository: { openBare(path: string): Promise<{ getCommit(oid: string): Promise<{ getTree(): Promise<Tree> }> }> };
}

interface Tree {
  entries(): readonly TreeEntry[];
}

interface TreeEntry {
  /** From the top of the tree. */
  path(): string;
  isTree(): boolean;
  isBlob(): boolean;
  getTree(): Promise<Tree>;
  getBlob(): Promise<{ content(): Buffer }>;
}

/** Reads every file of a commit through libgit2. Throws NoNodegit where nodegit cannot be loaded. */
export async function* readByNodegit(gitDir: string, commit: string): AsyncGenerator<LedgerFile> {
  const repository = await load().Repository.openBare(gitDir);
  yield* filesIn(await (await repository.getCommit(commit)).getTree());
}

async function* filesIn(tree: Tree): AsyncGenerator<LedgerFile> {
  for (const entry of tree.entries()) {
    if (entry.isTree()) yield* filesIn(await entry.getTree());
    else if (entry.isBlob()) yield { path: entry.path().replaceAll('\\', '/'), text: (await entry.getBlob()).content().toString('utf8') };
  }
}

function load(): Nodegit {
  if ('bun' in process.versions) throw new NoNodegit('the native build cannot load nodegit', 'run the Node build: npx gastown, or node dist/node/main.js, ledger verify --witness nodegit');
  try {
    // By Node's older way to find packages, which looks where NODE_PATH says, too.
    return createRequire(import.meta.url)('nodegit') as Nodegit;
  } catch (error) {
    const [said = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    // Where its building was broken off, it is there and misses a part of its own.
    const why = said.startsWith("Cannot find module 'nodegit'") ? 'nodegit is not installed' : `nodegit is installed and cannot be loaded: ${said}`;
    throw new NoNodegit(why, 'npm install nodegit@0.28.0-alpha.36 beside gastown (it is built for a few minutes, and needs a C++ compiler and the headers of Kerberos and OpenSSL: on Debian libkrb5-dev and libssl-dev)');
  }
}

/** The witness that was asked for is not here. */
export class NoNodegit extends Refused {
  readonly code = 'witness.missing';
  constructor(why: string, hint: string) {
    super(why, {}, hint);
  }
}
