import { writeFileSync, rmSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commitTree, diffNames, isAncestor, mergeBase, mergeTree } from '../../src/git/merging.ts';
import { readRef } from '../../src/git/refs.ts';
import type { Repository } from '../../src/git/repository.ts';
import { eachFormat, fresh, furiosa, git, looseCommit, thrown } from './ground.ts';

/** Commits files on a new branch from a start, and answers the commit. */
async function branch(repo: Repository, start: string, name: string, files: Record<string, string | null>): Promise<string> {
  await git(repo.worktree!, ['checkout', '-q', '-B', name, start]);
  for (const [path, content] of Object.entries(files)) {
    const file = join(repo.worktree!, path);
    if (content === null) rmSync(file);
    else {
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, content);
    }
  }
  await git(repo.worktree!, ['add', '-A']);
  await git(repo.worktree!, ['commit', '-qm', name]);
  return (await readRef(repo, 'HEAD'))!;
}

const lines = (changed: Record<number, string> = {}): string => Array.from({ length: 20 }, (_, index) => `${changed[index] ?? `line ${index}`}\n`).join('');

async function fork(): Promise<{ repo: Repository; base: string; one: string; two: string }> {
  const repo = await fresh();
  const base = await branch(repo, 'main', 'base', { poem: lines() });
  const one = await branch(repo, base, 'one', { poem: lines({ 2: 'ours' }), a: 'a' });
  const two = await branch(repo, base, 'two', { poem: lines({ 17: 'theirs' }), 'b\n"é': 'b' });
  return { repo, base, one, two };
}

const finding = suite('mergeBase');

finding('answers the common ancestor, or that there is none', async () => {
  const { repo, base, one, two } = await fork();
  assert.is(await mergeBase(repo, one, two), base);
  assert.is(await mergeBase(repo, 'refs/heads/one', 'HEAD'), base);
  assert.is(await mergeBase(repo, one, await looseCommit(repo, 'stranger')), undefined);
});

finding('refuses what could be an option', async () => {
  const { repo, one } = await fork();
  for (const bad of ['--all', 'main', 'HEAD~1', '']) assert.is((await thrown(() => mergeBase(repo, bad, one))).code, 'object.bad-name', bad);
});

finding.run();

const merging = suite('mergeTree');

eachFormat(merging, 'merges two sides without a worktree', async () => {
  const { repo, base, one, two } = await fork();
  const { tree, conflicts, messages } = await mergeTree(repo, { base, ours: one, theirs: two });
  assert.equal([conflicts, messages], [[], []]);
  assert.is(await git(repo.gitDir, ['cat-file', 'blob', `${tree}:poem`]), lines({ 2: 'ours', 17: 'theirs' }).trimEnd());
  assert.equal(await diffNames(repo, one, tree), ['b\n"é', 'poem']);
});

merging('works in a bare repository and takes trees', async () => {
  const { repo, base, one, two } = await fork();
  const bare = await fresh({ bare: true });
  await git(repo.worktree!, ['push', '-q', bare.gitDir, 'base', 'one', 'two']);
  const expected = await mergeTree(repo, { base, ours: one, theirs: two });
  const ours = await git(bare.gitDir, ['rev-parse', `${one}^{tree}`]);
  assert.equal(await mergeTree(bare, { base, ours, theirs: two }), expected);
});

merging('merges from the base that it is given, not from the nearest', async () => {
  const { repo, base, one, two } = await fork();
  // `two` is merged into `one` already; from the fixed base, undoing it on the left is a change like any other.
  const undone = await branch(repo, two, 'undone', { poem: lines() });
  assert.is(await mergeBase(repo, undone, two), two);
  const { tree, conflicts } = await mergeTree(repo, { base, ours: undone, theirs: two });
  assert.equal(conflicts, []);
  assert.is(await git(repo.gitDir, ['cat-file', 'blob', `${tree}:poem`]), lines({ 17: 'theirs' }).trimEnd());
  assert.ok(one);
});

merging('names every path that conflicts and says why', async () => {
  const { repo, base } = await fork();
  const odd = 'ünï "x"\n';
  const ours = await branch(repo, base, 'l', { poem: lines({ 5: 'left' }), [odd]: 'l' });
  const theirs = await branch(repo, base, 'r', { poem: null, [odd]: 'r' });
  const { tree, conflicts, messages } = await mergeTree(repo, { base, ours, theirs });
  assert.equal([...conflicts].sort(), ['poem', odd].sort());
  assert.is(messages.length, 2);
  assert.match(messages.join('\n'), /CONFLICT \(modify\/delete\): poem deleted/);
  assert.is(tree.length, 40);
});

merging('moves no file because a folder was renamed', async () => {
  const repo = await fresh();
  const base = await branch(repo, 'main', 'base', { 'old/a': 'a\n', 'old/b': 'b\n' });
  const ours = await branch(repo, base, 'l', { 'old/a': null, 'old/b': null, 'new/a': 'a\n', 'new/b': 'b\n' });
  const theirs = await branch(repo, base, 'r', { 'old/c': 'c\n' });
  const { tree, conflicts } = await mergeTree(repo, { base, ours, theirs });
  assert.equal(conflicts, []);
  assert.ok((await git(repo.gitDir, ['ls-tree', '-r', '--name-only', tree])).includes('old/c'));
});

merging('merges what has nothing in common', async () => {
  const { repo, one } = await fork();
  const stranger = await looseCommit(repo, 'stranger');
  const { tree, conflicts } = await mergeTree(repo, { base: null, ours: one, theirs: stranger });
  assert.equal([conflicts, await diffNames(repo, one, tree)], [[], []]);
});

merging.run();

const committing = suite('commitTree');

committing('writes the commit that it is told to', async () => {
  const { repo, one, two } = await fork();
  const tree = await git(repo.gitDir, ['rev-parse', `${one}^{tree}`]);
  const made = { tree, parents: [one, two], message: '--force\n\nBead: gt-1\n', author: furiosa, committer: { ...furiosa, name: 'refinery' } };
  const commit = await commitTree(repo, made);
  assert.is(await commitTree(repo, made), commit);
  assert.is(await git(repo.gitDir, ['log', '-1', '--format=%P|%s|%an|%cn|%ct|%(trailers:key=Bead,valueonly)', commit]), `${one} ${two}|--force|${furiosa.name}|refinery|1750000000|gt-1\n`);
});

committing.run();

const asking = suite('isAncestor');

asking('holds for a commit and what it is made on', async () => {
  const { repo, base, one, two } = await fork();
  assert.equal(await Promise.all([isAncestor(repo, base, one), isAncestor(repo, one, one), isAncestor(repo, one, two)]), [true, true, false]);
});

asking('fails where a commit is missing', async () => {
  const { repo, one } = await fork();
  assert.is((await thrown(() => isAncestor(repo, 'a'.repeat(40), one))).code, 'git.failed');
});

asking('does not take a history that cannot be read for one that ends', async () => {
  const repo = await fresh();
  const first = await looseCommit(repo, 'first');
  const lost = await looseCommit(repo, 'lost', [first]);
  const last = await looseCommit(repo, 'last', [lost]);
  rmSync(join(repo.gitDir, 'objects', lost.slice(0, 2), lost.slice(2)));
  for (const ask of [isAncestor, mergeBase]) assert.is((await thrown(() => ask(repo, first, last))).code, 'git.failed');
});

asking.run();

const comparing = suite('diffNames');

comparing('names what differs, byte by byte', async () => {
  const { repo, base, one, two } = await fork();
  assert.equal(await diffNames(repo, base, one), ['a', 'poem']);
  assert.equal(await diffNames(repo, one, two), ['a', 'b\n"é', 'poem']);
  assert.equal(await diffNames(repo, one, one), []);
});

comparing.run();
