import { spawnSync } from 'node:child_process';
import { existsSync, utimesSync, writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkBranchName, checkRefName, isHeld, listRefs, readRef, readSymbolicRef, updateRefs } from '../../src/git/refs.ts';
import { output } from '../helpers/temporary.ts';
import { eachFormat, fresh, git, looseCommit, script, thrown } from './ground.ts';

const ref = 'refs/beads/main';

const reading = suite('readRef');

eachFormat(reading, 'reads a ref, HEAD and what packed-refs holds', async (format) => {
  const repo = await fresh({ format });
  const head = await git(repo.worktree!, ['rev-parse', 'HEAD']);
  await git(repo.worktree!, ['update-ref', ref, 'HEAD']);
  assert.is(await readRef(repo, 'HEAD'), head);
  assert.is(await readRef(repo, ref), head);
  await git(repo.worktree!, ['pack-refs', '--all']);
  assert.is(await readRef(repo, ref), head);
  assert.is(await readRef(repo, 'HEAD'), head);
  assert.is(await readRef(repo, 'refs/beads/other'), undefined);
  assert.is(await readRef(repo, `${ref}/below`), undefined);
  assert.is(await readRef(repo, 'refs/beads/mai'), undefined);
});

eachFormat(reading, 'follows symbolic refs', async (format) => {
  const repo = await fresh({ format });
  await git(repo.worktree!, ['symbolic-ref', 'refs/town/link', 'refs/heads/main']);
  assert.is(await readRef(repo, 'refs/town/link'), await readRef(repo, 'HEAD'));
  assert.is(await readSymbolicRef(repo, 'refs/town/link'), 'refs/heads/main');
  assert.is(await readSymbolicRef(repo, 'HEAD'), 'refs/heads/main');
  assert.is(await readSymbolicRef(repo, 'refs/heads/main'), undefined);
});

reading('finds no head where nothing is committed', async () => assert.is(await readRef(await fresh({ commit: false }), 'HEAD'), undefined));

reading('starts no process where refs are files', async () => {
  const repo = await fresh();
  const path = process.env.PATH;
  process.env.PATH = '/nowhere';
  const found = await readRef(repo, 'refs/heads/main');
  const none = await readRef(repo, 'refs/wisps/main');
  process.env.PATH = path;
  assert.ok(found);
  assert.is(none, undefined);
});

reading.run();

const listing = suite('listRefs');

eachFormat(listing, 'lists what lies below a folder', async (format) => {
  const repo = await fresh({ format });
  const head = (await readRef(repo, 'HEAD'))!;
  for (const name of ['refs/wip/nux/_', 'refs/wip/furiosa/_', 'refs/wipers/x']) await git(repo.worktree!, ['update-ref', name, head]);
  assert.equal(await listRefs(repo, 'refs/wip/'), [{ ref: 'refs/wip/furiosa/_', oid: head }, { ref: 'refs/wip/nux/_', oid: head }]);
  assert.equal(await listRefs(repo, 'refs/wip'), await listRefs(repo, 'refs/wip/'));
  assert.equal(await listRefs(repo, 'refs/none/'), []);
});

listing.run();

const holding = suite('isHeld');

holding('tells whether a ref of those named holds a commit, by itself or behind it', async () => {
  const repo = await fresh();
  const old = (await readRef(repo, 'HEAD'))!;
  await updateRefs(repo, [{ ref, from: null, to: await looseCommit(repo, 'new', [old]) }]);
  const alone = await looseCommit(repo, 'alone');
  assert.equal(await Promise.all([[ref], ['refs/beads/'], ['refs/wip/', 'refs/beads/'], ['refs/wip/'], ['refs/bead']].map((refs) => isHeld(repo, old, refs))), [true, true, true, false, false]);
  assert.not(await isHeld(repo, alone, ['refs/']));
  assert.is((await thrown(() => isHeld(repo, 'a'.repeat(40), ['refs/']))).code, 'git.failed');
});

holding.run();

const updating = suite('updateRefs');

eachFormat(updating, 'creates, moves and deletes in one transaction', async (format) => {
  const repo = await fresh({ format });
  const [one, two] = [await looseCommit(repo, 'one'), await looseCommit(repo, 'two')];
  await updateRefs(repo, [{ ref, from: null, to: one }, { ref: 'refs/wip/nux/_', from: null, to: one }]);
  await updateRefs(repo, [{ ref, from: one, to: two }, { ref: 'refs/wip/nux/_', from: one, to: null }]);
  assert.equal([await readRef(repo, ref), await readRef(repo, 'refs/wip/nux/_')], [two, undefined]);
});

eachFormat(updating, 'changes nothing when one ref was moved', async (format) => {
  const repo = await fresh({ format });
  const [one, two] = [await looseCommit(repo, 'one'), await looseCommit(repo, 'two')];
  await updateRefs(repo, [{ ref, from: null, to: one }]);
  for (const from of [two, null]) {
    const error = await thrown(() => updateRefs(repo, [{ ref: 'refs/beads/other', from: null, to: one }, { ref, from, to: two }]));
    assert.is(error.code, 'ref.moved');
    assert.equal(error.data, { ref, expected: from, found: one });
  }
  assert.equal([await readRef(repo, ref), await readRef(repo, 'refs/beads/other')], [one, undefined]);
});

eachFormat(updating, 'checks a ref that it does not change', async (format) => {
  const repo = await fresh({ format });
  const one = await looseCommit(repo, 'one');
  await updateRefs(repo, [{ ref, from: null, to: one }]);
  await updateRefs(repo, [{ ref, from: one, to: one }, { ref: 'refs/beads/none', from: null, to: null }]);
  assert.is((await thrown(() => updateRefs(repo, [{ ref, from: null, to: null }]))).code, 'ref.moved');
});

updating('writes the ref that it names and not the one that this points to', async () => {
  const repo = await fresh();
  const head = (await readRef(repo, 'HEAD'))!;
  const other = await looseCommit(repo, 'other');
  await git(repo.worktree!, ['symbolic-ref', 'refs/wip/nux/_', 'refs/heads/main']);
  await updateRefs(repo, [{ ref: 'refs/wip/nux/_', from: head, to: other }]);
  assert.equal([await readRef(repo, 'refs/heads/main'), await readRef(repo, 'refs/wip/nux/_')], [head, other]);
});

updating('writes a reflog where it is told what to say', async () => {
  const repo = await fresh();
  const one = await looseCommit(repo, 'one');
  await updateRefs(repo, [{ ref, from: null, to: one }], { reflog: 'bead created' });
  assert.match(readFileSync(join(repo.gitDir, 'logs', ref), 'utf8'), 'bead created');
});

updating('says which ref is in the way of another', async () => {
  const repo = await fresh();
  const one = await looseCommit(repo, 'one');
  await updateRefs(repo, [{ ref, from: null, to: one }]);
  const error = await thrown(() => updateRefs(repo, [{ ref: `${ref}/below`, from: null, to: one }]));
  assert.is(error.code, 'git.failed');
});

updating('lets exactly one of four processes win each step', async () => {
  const repo = await fresh({ bare: true });
  const racers = Array.from({ length: 4 }, (_, index) => output([...script('racer.ts'), 'refs', repo.gitDir, ref, String(index), '25']));
  const won = (await Promise.all(racers)).map(Number);
  assert.equal(won, [25, 25, 25, 25]);
  assert.is(await git(repo.gitDir, ['rev-list', '--count', ref]), '100');
});

const old = (path: string): void => utimesSync(path, 1_700_000_000, 1_700_000_000);

updating('removes a lock that a dead process left, and says so', async () => {
  const repo = await fresh({ bare: true });
  const one = await looseCommit(repo, 'one');
  await updateRefs(repo, [{ ref, from: null, to: one }]);
  const notes: string[] = [];
  for (const name of [`${ref}.lock`, 'packed-refs.lock']) {
    writeFileSync(join(repo.gitDir, name), '');
    old(join(repo.gitDir, name));
  }
  await updateRefs(repo, [{ ref, from: one, to: null }], { note: (sentence) => notes.push(sentence) });
  assert.is(await readRef(repo, ref), undefined);
  assert.is(notes.length, 2);
  assert.match(notes[0]!, /removed .*main\.lock, which a git process that is dead had left/);
});

updating('waits for a lock that is fresh and never removes it', async () => {
  const repo = await fresh({ bare: true });
  const one = await looseCommit(repo, 'one');
  const lock = join(repo.gitDir, `${ref}.lock`);
  await updateRefs(repo, [{ ref, from: null, to: one }]);
  writeFileSync(lock, '');
  assert.is((await thrown(() => updateRefs(repo, [{ ref, from: one, to: null }]))).code, 'git.locked');
  assert.ok(existsSync(lock));
  setTimeout(() => spawnSync('rm', [lock]), 1500);
  await updateRefs(repo, [{ ref, from: one, to: null }]);
});

updating('leaves an old lock alone while git is at work in the repository', async () => {
  const repo = await fresh({ bare: true });
  const one = await looseCommit(repo, 'one');
  const lock = join(repo.gitDir, `${ref}.lock`);
  await updateRefs(repo, [{ ref, from: null, to: one }]);
  writeFileSync(lock, '');
  old(lock);
  const { spawn } = await import('node:child_process');
  const busy = spawn('git', ['fast-import', '--quiet'], { cwd: repo.gitDir, stdio: ['pipe', 'ignore', 'ignore'] });
  const error = await thrown(() => updateRefs(repo, [{ ref, from: one, to: null }]));
  busy.stdin.end();
  assert.is(error.code, 'git.locked');
  await new Promise((ended) => busy.once('close', ended));
  await updateRefs(repo, [{ ref, from: one, to: null }]);
});

updating.run();

const naming = suite('checkRefName');

const accepts = (check: (name: string) => void, name: string): boolean => {
  try {
    check(name);
    return true;
  } catch {
    return false;
  }
};

const pieces = fc.oneof(fc.constantFrom('refs/', 'heads', '/', '.', '..', '.lock', '-', '--', '@', '{', '@{', '~', '^', ':', '?', '*', '[', '\\', ' ', '\n', '\t', '\u007f', 'é', '💎', '\ud800', 'HEAD', '_'), fc.string({ maxLength: 3 }));
const names = fc.array(pieces, { maxLength: 8 }).map((parts) => `refs/${parts.join('')}`);

naming('accepts nothing that git refuses', () => {
  fc.assert(
    fc.property(names, (name) => {
      if (name.includes('\0') || !accepts(checkRefName, name)) return true;
      return spawnSync('git', ['check-ref-format', name]).status === 0;
    }),
    { numRuns: 400 },
  );
});

naming('accepts nothing with a part that begins with a dash', () => {
  fc.assert(fc.property(names, (name) => !name.split('/').some((part) => part.startsWith('-')) || !accepts(checkRefName, name)));
  fc.assert(fc.property(fc.string(), (name) => !accepts(checkBranchName, `-${name}`)));
});

naming('accepts the refs of a town', () => {
  for (const name of ['refs/beads/main', 'refs/wip/deacon/dogs/alpha/_', 'refs/heads/polecat/furiosa/gt-a1b2c', 'refs/heads/mq/main/in/gt-1', 'refs/heads/é💎']) checkRefName(name);
});

naming('refuses in words', async () => {
  const bad = ['', 'main', 'HEAD', 'refs/beads', 'refs//x', 'refs/a/', '/refs/a/b', 'refs/a/b.lock', 'refs/a/.b', 'refs/a/../b', 'refs/heads/-x', 'refs/a/b c', 'refs/a/b\n', 'refs/a/@{1}', `refs/a/${'x'.repeat(300)}`, '--all', 'refs/a/b\0c'];
  for (const name of bad) {
    const error = await thrown(() => checkRefName(name));
    assert.is(error.code, 'ref.bad-name', name);
  }
});

naming.run();

const branching = suite('checkBranchName');

branching('accepts nothing that git refuses as a branch', () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 5 }), (parts) => {
      const name = parts.join('');
      if (name.includes('\0') || !accepts(checkBranchName, name)) return true;
      return spawnSync('git', ['check-ref-format', '--branch', name]).status === 0;
    }),
    { numRuns: 300 },
  );
});

branching('refuses HEAD and full names', async () => {
  for (const name of ['HEAD', 'refs/heads/main', '-b', '']) assert.is((await thrown(() => checkBranchName(name))).code, 'ref.bad-name');
});

branching.run();
