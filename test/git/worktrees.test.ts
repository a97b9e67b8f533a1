import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConfiguration } from '../../src/git/configuration.ts';
import { readRef } from '../../src/git/refs.ts';
import { openRepository, type Repository } from '../../src/git/repository.ts';
import { addWorktree, configureWorktree, listWorktrees, lockWorktree, removeWorktree, unlockWorktree, worktreeConfig } from '../../src/git/worktrees.ts';
import { repository, temporary } from '../helpers/temporary.ts';
import { eachFormat, fresh, git, thrown } from './ground.ts';

/** A rig's bare repository with one commit on main. */
async function rig(format?: 'reftable'): Promise<{ repo: Repository; head: string }> {
  const seed = await fresh();
  const repo = openRepository(await repository({ bare: true, format }));
  await git(seed.worktree!, ['push', '-q', repo.gitDir, 'main']);
  return { repo, head: (await readRef(repo, 'refs/heads/main'))! };
}

const adding = suite('addWorktree');

eachFormat(adding, 'makes a worktree with a branch of its own', async (format) => {
  const { repo, head } = await rig(format);
  const path = join(temporary(), 'furiosa');
  const made = await addWorktree(repo, path, { branch: 'polecat/furiosa/gt-1', newBranch: true, startPoint: head });
  assert.equal([made.worktree, made.commonDir], [path, repo.gitDir]);
  assert.ok(existsSync(join(path, 'README.md')));
  assert.is(await git(path, ['symbolic-ref', 'HEAD']), 'refs/heads/polecat/furiosa/gt-1');
  assert.is(await readRef(repo, 'refs/heads/polecat/furiosa/gt-1'), head);
});

adding('checks out a branch that is there, or a commit without one', async () => {
  const { repo, head } = await rig();
  const [one, two] = [join(temporary(), 'crew'), join(temporary(), 'gate')];
  await addWorktree(repo, one, { branch: 'main' });
  const gate = await addWorktree(repo, two, { startPoint: head });
  assert.is(await git(one, ['symbolic-ref', 'HEAD']), 'refs/heads/main');
  assert.is(await readRef(gate, 'HEAD'), head);
});

adding('leaves no branch behind when the path is taken', async () => {
  const { repo, head } = await rig();
  const path = temporary();
  writeFileSync(join(path, 'mine'), '');
  const error = await thrown(() => addWorktree(repo, path, { branch: 'nux', newBranch: true, startPoint: head }));
  assert.is(error.code, 'git.failed');
  assert.is(await readRef(repo, 'refs/heads/nux'), undefined);
});

adding('refuses a branch that is there already, and names that are none', async () => {
  const { repo, head } = await rig();
  const path = join(temporary(), 'x');
  assert.is((await thrown(() => addWorktree(repo, path, { branch: 'main', newBranch: true, startPoint: head }))).code, 'ref.moved');
  assert.is((await thrown(() => addWorktree(repo, path, { branch: '--force', newBranch: true, startPoint: head }))).code, 'ref.bad-name');
  assert.is((await thrown(() => addWorktree(repo, path, { startPoint: '--detach' }))).code, 'object.bad-name');
  assert.not(existsSync(path));
});

adding('takes a path whose worktree was deleted by hand', async () => {
  const { repo, head } = await rig();
  const path = join(temporary(), 'furiosa');
  await addWorktree(repo, path, { startPoint: head });
  rmSync(path, { recursive: true });
  await addWorktree(repo, path, { branch: 'main' });
  assert.ok(existsSync(join(path, 'README.md')));
});

adding('takes paths with spaces, quotes and dashes', async () => {
  const { repo, head } = await rig();
  const path = join(temporary(), `--a "b' \n é`);
  await addWorktree(repo, path, { startPoint: head });
  assert.ok((await listWorktrees(repo)).some((each) => each.path === path) || existsSync(join(path, 'README.md')));
});

adding('makes eight at the same time', async () => {
  const { repo, head } = await rig();
  const folder = temporary();
  await Promise.all(Array.from({ length: 8 }, (_, index) => addWorktree(repo, join(folder, `w${index}`), { branch: `b${index}`, newBranch: true, startPoint: head })));
  assert.is((await listWorktrees(repo)).length, 9);
});

adding.run();

const listing = suite('listWorktrees');

listing('tells branch, head, lock and whether the folder is there', async () => {
  const { repo, head } = await rig();
  const folder = temporary();
  await addWorktree(repo, join(folder, 'a'), { branch: 'main' });
  await addWorktree(repo, join(folder, 'b'), { startPoint: head });
  lockWorktree(join(folder, 'b'), 'gt-1: two\nlines');
  await addWorktree(repo, join(folder, 'c'), { startPoint: head });
  rmSync(join(folder, 'c'), { recursive: true });
  const [main, ...others] = await listWorktrees(repo);
  assert.equal([main?.path, main?.bare], [repo.gitDir, true]);
  assert.equal(others, [
    { path: join(folder, 'a'), head, branch: 'refs/heads/main', bare: false, locked: undefined, missing: false },
    { path: join(folder, 'b'), head, branch: undefined, bare: false, locked: 'gt-1: two lines', missing: false },
    { path: join(folder, 'c'), head, branch: undefined, bare: false, locked: undefined, missing: true },
  ]);
});

listing.run();

const removing = suite('removeWorktree');

removing('refuses what is locked or holds changes unless forced', async () => {
  const { repo } = await rig();
  const path = join(temporary(), 'a');
  await addWorktree(repo, path, { branch: 'main' });
  writeFileSync(join(path, 'work'), '');
  assert.is((await thrown(() => removeWorktree(repo, path))).code, 'git.failed');
  rmSync(join(path, 'work'));
  lockWorktree(path, 'gt-1');
  assert.is((await thrown(() => removeWorktree(repo, path))).code, 'git.failed');
  unlockWorktree(path, 'gt-2');
  assert.is((await thrown(() => removeWorktree(repo, path))).code, 'git.failed');
  unlockWorktree(path, 'gt-1');
  unlockWorktree(path);
  await removeWorktree(repo, path);
  assert.not(existsSync(path));
});

removing('takes all when forced', async () => {
  const { repo } = await rig();
  const path = join(temporary(), 'a');
  await addWorktree(repo, path, { branch: 'main' });
  writeFileSync(join(path, 'work'), '');
  lockWorktree(path, 'gt-1');
  await removeWorktree(repo, path, { force: true });
  assert.is((await listWorktrees(repo)).length, 1);
});

removing('by several at once is done when one of them has done it', async () => {
  const { repo } = await rig();
  const path = join(temporary(), 'a');
  await addWorktree(repo, path, { branch: 'main' });
  await Promise.all([1, 2, 3].map(() => removeWorktree(repo, path, { force: true })));
  assert.is((await listWorktrees(repo)).length, 1);
});

removing.run();

const configuring = suite('configureWorktree');

configuring('gives each worktree a configuration of its own and leaves git working in both', async () => {
  const { repo, head } = await rig();
  const [one, two] = [join(temporary(), 'one'), join(temporary(), 'two')];
  await addWorktree(repo, one, { branch: 'main' });
  await addWorktree(repo, two, { startPoint: head });
  const odd = ' a "quoted" \\ value; # with\tall ';
  await configureWorktree(one, { 'gastown.agent': 'gastown/polecats/furiosa', 'user.name': odd, 'gastown.one.Two': '' });
  await configureWorktree(two, { 'user.name': 'Nux' });
  assert.equal(worktreeConfig(one), { 'gastown.agent': 'gastown/polecats/furiosa', 'user.name': odd, 'gastown.one.two': '' });
  assert.is(await git(one, ['config', 'user.name']), odd);
  assert.is(await git(two, ['config', 'user.name']), 'Nux');
  assert.is(await git(one, ['status', '--porcelain']), '');
  assert.is(await git(repo.gitDir, ['rev-parse', '--is-bare-repository']), 'true');
  assert.is(openRepository(repo.gitDir).bare, true);
  assert.equal(worktreeConfig(repo.gitDir), { 'core.bare': 'true' });
});

configuring('sets many at the same time', async () => {
  const { repo, head } = await rig();
  const folder = temporary();
  const paths = Array.from({ length: 6 }, (_, index) => join(folder, String(index)));
  for (const path of paths) await addWorktree(repo, path, { startPoint: head });
  await Promise.all(paths.map((path) => configureWorktree(path, { 'gastown.agent': path })));
  assert.equal(paths.map((path) => worktreeConfig(path)['gastown.agent']), paths);
});

configuring.run();

const parsing = suite('parseConfiguration');

parsing('reads what git reads', async () => {
  const text = ['[a]', 'b = c ; comment', '\tflag', 'D-e = "x # y" z  # comment', '[s "Sub \\"x\\" .y"] k = 1', 'k = 2', 'long = one \\', '  two', '[A.old] t = \\t\\n\\"', 'e =', ''].join('\n');
  const file = join(temporary(), 'config');
  writeFileSync(file, text);
  const listed = (await git('/', ['config', '--file', file, '--list', '-z'])).split('\0').filter(Boolean);
  const theirs = Object.fromEntries(listed.map((entry) => (entry.includes('\n') ? [entry.slice(0, entry.indexOf('\n')), entry.slice(entry.indexOf('\n') + 1)] : [entry, 'true'])));
  assert.equal(parseConfiguration(text), theirs);
});

parsing.run();
