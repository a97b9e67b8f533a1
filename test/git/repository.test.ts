import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { discover, openRepository } from '../../src/git/repository.ts';
import { repository, temporary } from '../helpers/temporary.ts';
import { eachFormat, git, thrown } from './ground.ts';

const finding = suite('discover');

eachFormat(finding, 'finds the repository above a folder', async (format) => {
  const top = await repository({ format });
  mkdirSync(join(top, 'a/b'), { recursive: true });
  const expected = { gitDir: join(top, '.git'), commonDir: join(top, '.git'), worktree: top, bare: false, reftable: format === 'reftable' };
  assert.equal(discover(join(top, 'a/b')), expected);
  assert.equal(discover(join(top, '.git/refs')), expected);
});

finding('finds a linked worktree and what it shares', async () => {
  const bare = await repository({ bare: true });
  const seed = await repository();
  await git(seed, ['push', '-q', bare, 'main']);
  const path = join(temporary(), 'furiosa');
  await git(bare, ['worktree', 'add', '-q', path, 'main']);
  const expected = { gitDir: join(bare, 'worktrees/furiosa'), commonDir: bare, worktree: path, bare: false, reftable: false };
  assert.equal(discover(path), expected);
  assert.equal(discover(expected.gitDir), expected);
});

finding('finds a bare repository', async () => {
  const bare = await repository({ bare: true });
  assert.equal(discover(join(bare, 'objects')), { gitDir: bare, commonDir: bare, worktree: undefined, bare: true, reftable: false });
});

finding('takes a .git folder that says it is bare for one', async () => {
  const top = await repository();
  await git(top, ['config', 'core.bare', 'true']);
  assert.is(discover(top)?.bare, true);
});

finding('follows a .git file with a relative path', async () => {
  const top = await repository();
  const side = join(top, 'side');
  mkdirSync(side);
  writeFileSync(join(side, '.git'), 'gitdir: ../.git\n');
  assert.is(discover(side)?.gitDir, join(top, '.git'));
  assert.is(discover(side)?.worktree, side);
});

finding('answers undefined where there is none', () => {
  assert.is(discover(temporary()), undefined);
  assert.is(discover('/no/such/folder'), undefined);
});

finding('does not look at the environment', async () => {
  process.env.GIT_DIR = join(await repository(), '.git');
  const found = discover(temporary());
  delete process.env.GIT_DIR;
  assert.is(found, undefined);
});

finding.run();

const opening = suite('openRepository');

opening('says where there is no repository', async () => {
  const folder = temporary();
  const error = await thrown(() => openRepository(folder));
  assert.is(error.code, 'git.no-repository');
  assert.match(error.message, folder);
});

opening('takes no folder for one whose parts are only called as those of one', async () => {
  const folder = temporary();
  for (const name of ['HEAD', 'objects', 'refs']) writeFileSync(join(folder, name), 'ref: refs/heads/main\n');
  assert.is((await thrown(() => openRepository(folder))).code, 'git.no-repository');
});

opening.run();
