import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isClean, mayMove, moveCheckout } from '../../src/git/checkout.ts';
import { importCommit } from '../../src/git/import.ts';
import { readRef } from '../../src/git/refs.ts';
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

asked.run();
