import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isClean, mayMove, moveCheckout } from '../../src/git/checkout.ts';
import { importCommit } from '../../src/git/import.ts';
import { readRef } from '../../src/git/refs.ts';
import type { Repository } from '../../src/git/repository.ts';
import { temporary } from '../helpers/temporary.ts';
import { eachFormat, fresh, furiosa, git, thrown } from './ground.ts';

const landing = (files: Record<string, string | null>) => async () => ({ message: 'Land', author: furiosa, committer: furiosa, files: new Map(Object.entries(files)) });

const asking = suite('isClean');

asking('holds until something is changed, staged or new', async () => {
  const repo = await fresh();
  const file = join(repo.worktree!, 'README.md');
  assert.is(await isClean(repo), true);
  writeFileSync(file, 'x');
  assert.is(await isClean(repo), false);
  await git(repo.worktree!, ['add', '.']);
  assert.is(await isClean(repo), false);
  await git(repo.worktree!, ['reset', '-q', '--hard']);
  writeFileSync(join(repo.worktree!, 'new'), '');
  assert.is(await isClean(repo), false);
  writeFileSync(join(repo.gitDir, 'info/exclude'), 'new\n');
  assert.is(await isClean(repo), true);
});

asking.run();

const moving = suite('moveCheckout');

eachFormat(moving, 'brings files and index along when the branch has moved', async (format) => {
  const repo = await fresh({ format });
  const from = (await readRef(repo, 'HEAD'))!;
  const to = (await importCommit(repo, 'refs/heads/main', from, landing({ 'README.md': null, 'a/b': 'new\n' })))!;
  await moveCheckout(repo, from, to);
  assert.is(readFileSync(join(repo.worktree!, 'a/b'), 'utf8'), 'new\n');
  assert.not(existsSync(join(repo.worktree!, 'README.md')));
  assert.is(await isClean(repo), true);
});

moving('changes nothing where a change or an untracked file is in the way', async () => {
  const repo = await fresh();
  const from = (await readRef(repo, 'HEAD'))!;
  const to = (await importCommit(repo, 'refs/heads/main', from, landing({ 'README.md': 'landed\n', a: 'landed\n' })))!;
  for (const name of ['README.md', 'a']) {
    writeFileSync(join(repo.worktree!, name), 'mine\n');
    const error = await thrown(() => moveCheckout(repo, from, to));
    assert.is(error.code, 'checkout.in-use');
    assert.is(readFileSync(join(repo.worktree!, name), 'utf8'), 'mine\n');
    if (name === 'a') rmSync(join(repo.worktree!, name));
    else writeFileSync(join(repo.worktree!, name), '# A repository\n');
  }
  await moveCheckout(repo, from, to);
  assert.is(await isClean(repo), true);
});

moving('does not take for a change what git could not do', async () => {
  const { repo, from, to } = await robbed();
  const error = await thrown(() => moveCheckout(repo, from, to));
  assert.is(error.code, 'git.failed');
  assert.match(error.message, 'unable to read tree');
  await lockedMeanwhile(repo, async () => assert.is((await thrown(() => moveCheckout(repo, from, to))).code, 'git.locked'));
});

/** A checkout, and a commit that it could be moved to if no folder of it were lost. */
async function robbed(): Promise<{ repo: Repository; from: string; to: string }> {
  const repo = await fresh();
  const from = (await readRef(repo, 'HEAD'))!;
  const to = await git(repo.gitDir, ['commit-tree', '-m', 'Land', await git(repo.gitDir, ['mktree', '--missing'], { input: `040000 tree ${'1'.repeat(40)}\td\n` })]);
  return { repo, from, to };
}

/** Runs something while another process takes the index right before git reads a tree into it. */
async function lockedMeanwhile({ gitDir }: Repository, run: () => Promise<void>): Promise<void> {
  const folder = temporary();
  const { PATH } = process.env;
  writeFileSync(join(folder, 'git'), `#!/bin/sh\ncase "$*" in *read-tree*) : >"$GIT_DIR/index.lock";; esac\nPATH='${PATH}' exec git "$@"\n`, { mode: 0o755 });
  process.env.PATH = `${folder}:${PATH}`;
  try {
    await run();
  } finally {
    process.env.PATH = PATH;
    rmSync(join(gitDir, 'index.lock'));
  }
}

moving.run();

const asked = suite('mayMove');

asked('tells what is in the way, and takes no index that nobody can read for a free way', async () => {
  const repo = await fresh();
  const from = (await readRef(repo, 'HEAD'))!;
  const to = (await importCommit(repo, 'refs/heads/main', from, landing({ a: 'landed\n' })))!;
  assert.is(await mayMove(repo, from, to), true);
  writeFileSync(join(repo.worktree!, 'a'), 'mine\n');
  assert.is(await mayMove(repo, from, to), false);
  writeFileSync(join(repo.gitDir, 'index'), 'rust');
  assert.is((await thrown(() => mayMove(repo, from, to))).code, 'git.failed');
});

asked('does not take for a file in the way what git could not do, and knows nothing while another process holds the index', async () => {
  const { repo, from, to } = await robbed();
  assert.is((await thrown(() => mayMove(repo, from, to))).code, 'git.failed');
  await lockedMeanwhile(repo, async () => assert.is(await mayMove(repo, from, to), true));
});

asked.run();
