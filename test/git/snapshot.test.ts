import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readRef } from '../../src/git/refs.ts';
import type { Repository } from '../../src/git/repository.ts';
import { commitWorktree, resetWorktree, snapshotWorktree } from '../../src/git/snapshot.ts';
import { repository } from '../helpers/temporary.ts';
import { eachFormat, fresh, furiosa, git, thrown } from './ground.ts';

const message = 'Left-overs of gt-1\n';

/** A worktree with work of every kind in it. */
async function busy(format?: 'reftable'): Promise<Repository> {
  const repo = await fresh({ format });
  const top = repo.worktree!;
  for (const name of ['gone', 'staged', 'changed', 'mode', 'becomes-folder']) writeFileSync(join(top, name), `${name}\n`);
  writeFileSync(join(top, '.gitignore'), 'ignored\n');
  await git(top, ['add', '.']);
  await git(top, ['commit', '-qm', 'work']);
  writeFileSync(join(top, 'staged'), 'staged twice\n');
  await git(top, ['add', 'staged']);
  writeFileSync(join(top, 'staged'), 'staged and changed\n');
  writeFileSync(join(top, 'changed'), 'Changed\n');
  rmSync(join(top, 'gone'));
  chmodSync(join(top, 'mode'), 0o755);
  rmSync(join(top, 'becomes-folder'));
  mkdirSync(join(top, 'becomes-folder'));
  writeFileSync(join(top, 'becomes-folder/file'), '');
  symlinkSync('/etc/passwd', join(top, 'link'));
  for (const name of ['new', 'ignored', '-dash', 'with\nnewline', 'ünï "q"']) writeFileSync(join(top, name), `${name}\n`);
  return repo;
}

const listed = ['-dash', '.gitignore', 'README.md', 'becomes-folder/file', 'changed', 'link', 'mode', 'new', 'staged', 'with\nnewline', 'ünï "q"'];

async function names(repo: Repository, commit: string): Promise<string[]> {
  return (await git(repo.gitDir, ['ls-tree', '-r', '-z', '--name-only', commit])).split('\0').filter(Boolean).sort();
}

const snapping = suite('snapshotWorktree');

eachFormat(snapping, 'takes all that is not ignored and touches nothing', async (format) => {
  const repo = await busy(format);
  const head = await readRef(repo, 'HEAD');
  const before = await git(repo.worktree!, ['status', '--porcelain=v2', '--branch']);
  const ref = 'refs/wip/nux/_';
  const snapshot = await snapshotWorktree(repo, { ref, message, author: furiosa });
  assert.is(snapshot.clean, false);
  assert.equal(await names(repo, snapshot.commit), [...listed].sort());
  assert.is(await git(repo.gitDir, ['cat-file', 'blob', `${snapshot.commit}:staged`]), 'staged and changed');
  assert.is(await git(repo.gitDir, ['log', '-1', '--format=%P %an %s', snapshot.commit]), `${head} ${furiosa.name} Left-overs of gt-1`);
  assert.is(await readRef(repo, ref), snapshot.commit);
  assert.is(await git(repo.worktree!, ['status', '--porcelain=v2', '--branch']), before);
});

snapping('pins the head where nothing differs', async () => {
  const repo = await fresh();
  const head = await readRef(repo, 'HEAD');
  const snapshot = await snapshotWorktree(repo, { ref: 'refs/wip/nux/_', message, author: furiosa });
  assert.equal([snapshot.commit, snapshot.clean, await readRef(repo, 'refs/wip/nux/_')], [head, true, head]);
});

snapping('keeps an earlier snapshot in the reflog', async () => {
  const repo = await busy();
  const one = await snapshotWorktree(repo, { ref: 'refs/wip/nux/_', message, author: furiosa });
  writeFileSync(join(repo.worktree!, 'new'), 'newer\n');
  const two = await snapshotWorktree(repo, { ref: 'refs/wip/nux/_', message, author: furiosa });
  assert.is(await git(repo.gitDir, ['log', '-g', '--format=%H', 'refs/wip/nux/_']), `${two.commit}\n${one.commit}`);
});

snapping('works before the first commit', async () => {
  const repo = await fresh({ commit: false });
  writeFileSync(join(repo.worktree!, 'a'), '');
  const { commit, clean } = await snapshotWorktree(repo, { message, author: furiosa });
  assert.equal([await names(repo, commit), clean], [['a'], false]);
});

snapping('sees a change of the same length in the same second', async () => {
  const repo = await fresh();
  const file = join(repo.worktree!, 'racy');
  for (let round = 0; round < 20; round += 1) {
    writeFileSync(file, `a${round}`);
    await git(repo.worktree!, ['add', 'racy']);
    writeFileSync(file, `b${round}`);
    const { tree } = await snapshotWorktree(repo, { message, author: furiosa });
    assert.is(await git(repo.gitDir, ['cat-file', 'blob', `${tree}:racy`]), `b${round}`);
  }
});

snapping('sees files that were marked as not to be looked at', async () => {
  const repo = await fresh();
  await git(repo.worktree!, ['update-index', '--assume-unchanged', 'README.md']);
  writeFileSync(join(repo.worktree!, 'README.md'), 'hidden work\n');
  const { tree } = await snapshotWorktree(repo, { message, author: furiosa });
  assert.is(await git(repo.gitDir, ['cat-file', 'blob', `${tree}:README.md`]), 'hidden work');
});

snapping('takes a merge that is half done, and an index that is damaged', async () => {
  const repo = await fresh();
  const top = repo.worktree!;
  for (const [branch, text] of [['one', '1'], ['two', '2']] as const) {
    await git(top, ['checkout', '-q', '-b', branch, 'main']);
    writeFileSync(join(top, 'README.md'), text);
    await git(top, ['commit', '-qam', branch]);
  }
  await git(top, ['merge', 'one']).catch(() => {});
  const { tree } = await snapshotWorktree(repo, { message, author: furiosa });
  assert.match(await git(repo.gitDir, ['cat-file', 'blob', `${tree}:README.md`]), '<<<<<<< HEAD');
  assert.is((await thrown(() => commitWorktree(repo, { message, author: furiosa }))).code, 'worktree.unfinished');
  writeFileSync(join(repo.gitDir, 'index'), 'garbage');
  assert.is((await snapshotWorktree(repo, { message, author: furiosa })).tree, tree);
});

snapping('fails cleanly or is whole while somebody prunes', async () => {
  const repo = await fresh();
  let taking = true;
  const pruning = (async () => {
    while (taking) await git(repo.gitDir, ['prune', '--expire=now']).catch(() => {});
  })();
  for (let round = 0; round < 60; round += 1) {
    for (let file = 0; file < 20; file += 1) writeFileSync(join(repo.worktree!, `f${file}`), `${round} ${file}`);
    try {
      await snapshotWorktree(repo, { ref: 'refs/wip/nux/_', message, author: furiosa });
    } catch (error) {
      assert.match((error as { code: string }).code, /^git\.(pruned|failed)$/);
    }
  }
  taking = false;
  await pruning;
  assert.is(await git(repo.gitDir, ['fsck', '--no-dangling', '--no-reflogs']), '');
});

snapping('says what it could not take along', async () => {
  const repo = await fresh();
  await repository({ path: join(repo.worktree!, 'inner') });
  writeFileSync(join(repo.worktree!, 'a'), '');
  const { left, commit } = await snapshotWorktree(repo, { message, author: furiosa });
  assert.equal([left, await names(repo, commit)], [['inner/'], ['README.md', 'a']]);
});

snapping.run();

const committing = suite('commitWorktree');

eachFormat(committing, 'commits what is left on the branch and leaves the worktree clean', async (format) => {
  const repo = await busy(format);
  const head = await readRef(repo, 'HEAD');
  const commit = await commitWorktree(repo, { message, author: furiosa });
  assert.is(await readRef(repo, 'refs/heads/main'), commit);
  assert.is(await git(repo.worktree!, ['rev-parse', 'HEAD^']), head);
  assert.equal(await names(repo, commit!), [...listed].sort());
  assert.is(await git(repo.worktree!, ['status', '--porcelain']), '');
  assert.is(await commitWorktree(repo, { message, author: furiosa }), undefined);
});

committing('refuses where no branch is checked out', async () => {
  const repo = await fresh();
  await git(repo.worktree!, ['checkout', '-q', '--detach']);
  assert.is((await thrown(() => commitWorktree(repo, { message, author: furiosa }))).code, 'worktree.detached');
});

committing('makes the first commit', async () => {
  const repo = await fresh({ commit: false });
  writeFileSync(join(repo.worktree!, 'a'), '');
  const commit = await commitWorktree(repo, { message, author: furiosa });
  assert.is(await readRef(repo, 'refs/heads/main'), commit);
});

committing('goes on over the index lock of a dead process', async () => {
  const repo = await busy();
  const lock = join(repo.gitDir, 'index.lock');
  writeFileSync(lock, '');
  utimesSync(lock, 1_700_000_000, 1_700_000_000);
  assert.ok(await commitWorktree(repo, { message, author: furiosa }));
  assert.not(existsSync(lock));
});

committing.run();

const resetting = suite('resetWorktree');

eachFormat(resetting, 'makes the worktree what a commit is', async (format) => {
  const repo = await busy(format);
  const first = await git(repo.worktree!, ['rev-parse', 'HEAD^']);
  await repository({ path: join(repo.worktree!, 'inner') });
  await resetWorktree(repo, first);
  assert.is(await readRef(repo, 'refs/heads/main'), first);
  assert.is(await git(repo.worktree!, ['status', '--porcelain', '--ignored']), '');
  assert.not(existsSync(join(repo.worktree!, 'inner')));
  assert.is(readFileSync(join(repo.worktree!, 'README.md'), 'utf8'), '# A repository\n');
});

resetting('ends a rebase that is half done', async () => {
  const repo = await busy();
  mkdirSync(join(repo.gitDir, 'rebase-merge'));
  await resetWorktree(repo, (await readRef(repo, 'HEAD'))!);
  assert.not(existsSync(join(repo.gitDir, 'rebase-merge')));
});

resetting('refuses what is no commit', async () => {
  assert.is((await thrown(async () => resetWorktree(await fresh(), '--soft'))).code, 'object.bad-name');
});

resetting.run();
