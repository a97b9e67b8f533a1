import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CommitDraft, FileDraft } from '../../src/git/draft.ts';
import { importCommit } from '../../src/git/import.ts';
import { readRef, updateRefs } from '../../src/git/refs.ts';
import { openRepository } from '../../src/git/repository.ts';
import { output, run, temporary } from '../helpers/temporary.ts';
import { eachFormat, filesOf, fresh, furiosa, git, looseCommit, script, thrown, writeBlob } from './ground.ts';

const ref = 'refs/beads/main';

function draft(files: Record<string, FileDraft>, more: Partial<CommitDraft> = {}): CommitDraft {
  return { message: 'A bead was created\n\nand more\n', author: furiosa, committer: furiosa, files: new Map(Object.entries(files)), ...more };
}

const importing = suite('importCommit');

eachFormat(importing, 'writes commits that read what was there before', async (format) => {
  const repo = await fresh({ format });
  const first = await importCommit(repo, ref, null, async (tree) => {
    assert.is(await tree.read('beads/00/01.jsonl'), undefined);
    assert.equal(await tree.list(''), []);
    return draft({ 'beads/00/01.jsonl': '{}\n', 'format.json': Buffer.from([0, 255]) });
  });
  assert.is(await readRef(repo, ref), first);
  const second = await importCommit(repo, ref, first!, async (tree) => {
    assert.equal(await Promise.all(['beads/00/01.jsonl', 'format.json', 'none', 'beads'].map((path) => tree.read(path))), [Buffer.from('{}\n'), Buffer.from([0, 255]), undefined, undefined]);
    assert.equal((await tree.list('')).map(({ name, mode }) => [name, mode]), [['beads', '040000'], ['format.json', '100644']]);
    assert.equal((await tree.list('', true)).map(({ name }) => name), ['beads/00/01.jsonl', 'format.json']);
    assert.equal(await tree.list('none'), []);
    return draft({ 'beads/00/01.jsonl': '{"a":1}\n', 'format.json': null, 'none': null });
  });
  assert.is(await readRef(repo, ref), second);
  assert.is(await git(repo.gitDir, ['rev-parse', `${second}^`]), first);
  assert.is(await git(repo.gitDir, ['ls-tree', '-r', '--name-only', second!]), 'beads/00/01.jsonl');
  assert.is(await git(repo.gitDir, ['fsck', '--no-dangling', '--strict']), '');
});

importing('signs as it is told and keeps the message', async () => {
  const repo = await fresh();
  const name = 'Fu <ri>\nosa';
  const commit = await importCommit(repo, ref, null, async () => draft({ a: '' }, { message: 'Straße 💎\n\nline\0\n', author: { ...furiosa, name, email: 'a <b>@x\n' } }));
  assert.is(await git(repo.gitDir, ['log', '-1', '--format=%an|%ae|%ad|%cn|%ct', '--date=raw', commit!]), `Fu ri osa|ab@x|1750000000 +0200|${furiosa.name}|1750000000`);
  assert.is(await git(repo.gitDir, ['log', '-1', '--format=%B', commit!]), 'Straße 💎\n\nline\ufffd\n');
  assert.match((await thrown(() => importCommit(repo, ref, commit!, async () => draft({}, { author: { ...furiosa, zone: 'CET' } })))).message, 'time zone');
  assert.is(await readRef(repo, ref), commit);
});

importing('works out what files hold when their turn comes, and writes nothing where that fails or git ends meanwhile', async () => {
  const repo = await fresh();
  const large = (turn: (index: number) => void): Record<string, FileDraft> => Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`f${index}`, () => (turn(index), 'x'.repeat(1 << 20))]));
  const commit = await importCommit(repo, ref, null, async () => draft(large(() => undefined)));
  assert.is((await git(repo.gitDir, ['ls-tree', '-r', '--format=%(objectsize)', commit!])).split('\n').filter((size) => size === String(1 << 20)).length, 30);
  const broken = await thrown(() => importCommit(repo, ref, commit!, async () => draft(large((index) => assert.ok(index < 9, 'no more')))));
  assert.is(broken.message, 'no more');
  const killed = await thrown(() => importCommit(repo, ref, commit!, async () => draft(large((index) => index === 9 && execFileSync('pkill', ['-KILL', '-P', String(process.pid), 'git'])))));
  assert.is(killed.code, 'git.failed');
  assert.is(await readRef(repo, ref), commit);
});

importing('takes every path that a tree can hold', async () => {
  const repo = await fresh();
  const paths = ['a b', '"quoted"', 'new\nline', 'tab\there', '-rf', '--', 'ünï💎', 'back\\slash', '\\"', 'deep/er/$(touch pwned)', ' leading', 'trailing ', '\u0001', 'done', '#no comment'];
  const commit = await importCommit(repo, ref, null, async () => draft(Object.fromEntries(paths.map((path) => [path, path]))));
  assert.equal((await git(repo.gitDir, ['ls-tree', '-r', '-z', '--name-only', commit!])).split('\0').filter(Boolean).sort(), [...paths].sort());
  const next = await importCommit(repo, ref, commit!, async (tree) => {
    for (const path of paths) assert.is((await tree.read(path))?.toString(), path, path);
    return draft({ ...Object.fromEntries(paths.map((path) => [path, null])), last: '' });
  });
  assert.is(await git(repo.gitDir, ['ls-tree', '-r', '--name-only', next!]), 'last');
});

importing('refuses paths that leave the tree or that git would run', async () => {
  const repo = await fresh();
  for (const path of ['', '/', '/a', 'a/', 'a//b', '../a', 'a/../b', './a', '.git/config', 'a/.GIT/hooks/x', 'nul\0']) {
    assert.is((await thrown(() => importCommit(repo, ref, null, async () => draft({ [path]: 'x' })))).code, 'tree.bad-path', JSON.stringify(path));
    assert.is((await thrown(() => importCommit(repo, ref, null, async (tree) => ((await tree.read(path)) ? undefined : undefined)))).code, 'tree.bad-path');
  }
  assert.is(await readRef(repo, ref), undefined);
});

importing('puts a folder where a file was, and back', async () => {
  const repo = await fresh();
  const one = await importCommit(repo, ref, null, async () => draft({ a: 'file' }));
  const two = await importCommit(repo, ref, one!, async () => draft({ 'a/b': 'inside', a: null }));
  assert.is(await git(repo.gitDir, ['ls-tree', '-r', '--name-only', two!]), 'a/b');
  const three = await importCommit(repo, ref, two!, async () => draft({ a: 'file' }));
  assert.is(await git(repo.gitDir, ['ls-tree', '-r', '--name-only', three!]), 'a');
});

importing('puts an object that is there already at a path', async () => {
  const repo = await fresh();
  const oid = await writeBlob(repo, 'known');
  const commit = await importCommit(repo, ref, null, async () => draft({ a: { oid, mode: '100755' } }));
  assert.is(await git(repo.gitDir, ['ls-tree', commit!]), `100755 blob ${oid}\ta`);
});

importing('writes nothing where there is nothing to do', async () => {
  const repo = await fresh({ bare: true });
  assert.is(await importCommit(repo, ref, null, async () => undefined), undefined);
  assert.is(await readRef(repo, ref), undefined);
  assert.equal(filesOf(join(repo.gitDir, 'objects'), '').filter((name) => /[0-9a-f]{38}/.test(name)), []);
});

importing('writes nothing when drafting fails', async () => {
  const repo = await fresh({ bare: true });
  const before = readdirSync(repo.gitDir);
  assert.match((await thrown(() => importCommit(repo, ref, null, () => Promise.reject(new Error('no such bead'))))).message, 'no such bead');
  assert.is(await readRef(repo, ref), undefined);
  assert.equal(readdirSync(repo.gitDir), before);
});

importing('starts from an empty tree where it is told to', async () => {
  const repo = await fresh();
  const one = await importCommit(repo, ref, null, async () => draft({ a: '', b: '' }));
  const two = await importCommit(repo, ref, one!, async () => draft({ c: '' }, { clear: true }));
  assert.is(await git(repo.gitDir, ['ls-tree', '-r', '--name-only', two!]), 'c');
});

eachFormat(importing, 'is refused when the ref moved in between', async (format) => {
  const repo = await fresh({ format });
  const one = (await importCommit(repo, ref, null, async () => draft({ a: '1' })))!;
  const two = (await importCommit(repo, ref, one, async () => draft({ a: '2' })))!;
  const during = async (now: string | null, parent: string | null, then: string | null, more: Partial<CommitDraft> = {}): Promise<void> => {
    const error = await thrown(() =>
      importCommit(repo, ref, parent, async () => {
        await updateRefs(repo, [{ ref, from: now, to: then }]);
        return draft({ a: 'mine' }, more);
      }),
    );
    assert.is(error.code, 'ref.moved');
    assert.is((await readRef(repo, ref)) ?? null, then);
  };
  await during(two, two, one); // back
  await during(one, one, two); // on
  await during(two, two, null); // away
  await during(null, null, one); // there, where it was not
  await during(one, one, two, { extraParents: [two] }); // on, to what the new commit contains
});

importing('cuts history where the ref is what is expected', async () => {
  const repo = await fresh();
  const one = (await importCommit(repo, ref, null, async () => draft({ a: '1' })))!;
  const two = (await importCommit(repo, ref, one, async () => draft({ a: '2' })))!;
  assert.is((await thrown(() => importCommit(repo, ref, null, async () => draft({ a: '2' }), { expected: one }))).code, 'ref.moved');
  const cut = (await importCommit(repo, ref, null, async () => draft({ a: '2' }), { expected: two }))!;
  assert.equal([await readRef(repo, ref), await git(repo.gitDir, ['rev-list', '--count', ref])], [cut, '1']);
  assert.is(await git(repo.gitDir, ['for-each-ref', 'refs/gastown']), '');
});

importing('works from a linked worktree and with packed refs', async () => {
  const main = await fresh();
  const path = join(temporary(), 'furiosa');
  await git(main.worktree!, ['worktree', 'add', '-q', '--detach', path]);
  const repo = openRepository(path);
  const one = (await importCommit(repo, ref, null, async () => draft({ a: '1' })))!;
  await git(path, ['pack-refs', '--all']);
  const two = await importCommit(repo, ref, one, async (tree) => draft({ a: `${(await tree.read('a'))?.toString()}2` }));
  assert.equal([await readRef(main, ref), await git(path, ['cat-file', 'blob', `${ref}:a`])], [two, '12']);
});

importing('works in a repository of SHA-256', async () => {
  const path = temporary();
  await git(path, ['init', '-q', '--object-format=sha256']);
  const repo = openRepository(path);
  const one = (await importCommit(repo, ref, null, async () => draft({ a: '1' })))!;
  const two = (await importCommit(repo, ref, one, async (tree) => draft({ a: `${(await tree.read('a'))?.toString()}2` })))!;
  const cut = (await importCommit(repo, ref, null, async () => draft({ a: 'cut' }), { expected: two }))!;
  assert.equal([cut.length, await readRef(repo, ref), await git(path, ['cat-file', 'blob', `${two}:a`])], [64, cut, '12']);
});

importing('makes a merge of several parents', async () => {
  const repo = await fresh();
  const one = (await importCommit(repo, ref, null, async () => draft({ a: '1' })))!;
  const other = await looseCommit(repo, 'replica');
  const merge = await importCommit(repo, ref, one, async () => draft({ a: '2' }, { extraParents: [other] }));
  assert.is(await git(repo.gitDir, ['log', '-1', '--format=%P', merge!]), `${one} ${other}`);
});

importing('lets exactly one of four processes win each step', async () => {
  const repo = await fresh({ bare: true });
  const racers = Array.from({ length: 4 }, (_, index) => output([...script('racer.ts'), 'import', repo.gitDir, ref, String(index), '25'], { timeoutMs: 120_000 }));
  assert.equal((await Promise.all(racers)).map(Number), [25, 25, 25, 25]);
  assert.is(await git(repo.gitDir, ['cat-file', 'blob', `${ref}:count`]), '100');
  assert.is(await git(repo.gitDir, ['rev-list', '--count', ref]), '100');
  assert.is((await git(repo.gitDir, ['ls-tree', '--name-only', `${ref}:by`])).split('\n').length, 100);
  assert.is(await git(repo.gitDir, ['fsck', '--no-dangling']), '');
  assert.equal(filesOf(repo.gitDir, '.lock'), []);
  assert.equal(readdirSync(repo.gitDir).filter((name) => name.startsWith('fast_import_crash')), []);
});

importing('leaves the ref and the objects whole when it is killed in mid-stream', async () => {
  const repo = await fresh({ bare: true });
  const one = (await importCommit(repo, ref, null, async () => draft({ a: '1' })))!;
  for (let round = 0; round < 8; round += 1) {
    const [file = '', ...args] = [...script('half.ts'), repo.gitDir, ref];
    const child = spawn(file, args, { env: process.env, stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((begun) => child.stdout.once('data', begun));
    await new Promise((resume) => setTimeout(resume, round * 12));
    child.kill('SIGKILL');
    await new Promise((ended) => child.once('close', ended));
  }
  await new Promise((resume) => setTimeout(resume, 300)); // fast-import ends when its input does
  assert.is(await readRef(repo, ref), one);
  assert.is(await git(repo.gitDir, ['fsck', '--no-dangling']), '');
  assert.equal(filesOf(repo.gitDir, '.lock'), []);
  let last = (await importCommit(repo, ref, one, async (tree) => draft({ a: `${(await tree.read('a'))?.toString()}2` })))!;
  assert.is(await git(repo.gitDir, ['cat-file', 'blob', `${last}:a`]), '12');
  for (let step = 0; step < 25; step += 1) last = (await importCommit(repo, ref, last, async () => draft({ a: String(step) })))!;
  assert.equal(readdirSync(repo.gitDir).filter((name) => name.startsWith('fast_import_crash')), []);
});

importing('fails and moves nothing when fast-import dies', async () => {
  const repo = await fresh({ bare: true });
  const error = await thrown(() =>
    importCommit(repo, ref, null, async () => {
      const isOurs = (pid: string): boolean => {
        try {
          return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`GIT_DIR=${repo.gitDir}\0`);
        } catch {
          return false;
        }
      };
      let pids: string[] = [];
      // It may not have begun yet.
      while (pids.length === 0) pids = (await run(['pgrep', 'git'])).stdout.split('\n').filter(isOurs);
      for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
      return draft({ a: 'x'.repeat(1 << 20) });
    }),
  );
  assert.is(error.code, 'git.failed');
  assert.is(await readRef(repo, ref), undefined);
});

importing('fails and moves nothing when the objects cannot be written', async () => {
  const repo = await fresh({ bare: true });
  rmSync(join(repo.gitDir, 'objects/pack'), { recursive: true });
  writeFileSync(join(repo.gitDir, 'objects/pack'), '');
  const error = await thrown(() => importCommit(repo, ref, null, async () => draft({ a: '1' })));
  assert.is(error.code, 'git.failed');
  assert.is(await readRef(repo, ref), undefined);
  assert.equal(readdirSync(repo.gitDir).filter((name) => name.startsWith('fast_import_crash')), []);
});

importing('waits for a lock on the ref, and removes one of a dead process', async () => {
  const repo = await fresh({ bare: true });
  const one = (await importCommit(repo, ref, null, async () => draft({ a: '1' })))!;
  const lock = join(repo.gitDir, `${ref}.lock`);
  writeFileSync(lock, '');
  setTimeout(() => rmSync(lock), 1800);
  const two = (await importCommit(repo, ref, one, async () => draft({ a: '2' })))!;
  writeFileSync(lock, '');
  utimesSync(lock, 1_700_000_000, 1_700_000_000);
  const notes: string[] = [];
  const three = await importCommit(repo, ref, two, async () => draft({ a: '3' }), { note: (sentence) => notes.push(sentence) });
  assert.is(await readRef(repo, ref), three);
  assert.is(notes.length, 1);
});

importing('writes packs, and has them joined before there are many, by a git that nobody waits for', async () => {
  const repo = await fresh({ bare: true });
  const packs = (): number => filesOf(join(repo.gitDir, 'objects/pack'), '.pack').length;
  let last: string | null = null;
  for (let step = 0; step < 60; step += 1) last = (await importCommit(repo, ref, last, async () => draft({ [`a/${step}`]: String(step) })))!;
  const note = join(repo.gitDir, 'gastown-repacking');
  const end = performance.now() + 20_000;
  // What was written while others were joined waits for the next write.
  for (let step = 60; packs() > 24 && performance.now() < end; step += 1) last = (await importCommit(repo, ref, last, async () => draft({ [`a/${step}`]: String(step) })))!;
  assert.ok(packs() <= 24, `${packs()} packs`);
  assert.ok(existsSync(note));
  while (existsSync(`/proc/${readFileSync(note, 'utf8')}`) && performance.now() < end) await new Promise((resume) => setTimeout(resume, 10));
  assert.equal(filesOf(join(repo.gitDir, 'objects/pack'), '.keep'), []);
  assert.equal(readdirSync(join(repo.gitDir, 'objects')).filter((name) => name.length === 2), []);
  assert.is(await git(repo.gitDir, ['fsck', '--no-dangling']), '');
});

importing('joins packs itself before they slow every reader down, where the git that should have done so is not heard of', async () => {
  const repo = await fresh({ bare: true });
  writeFileSync(join(repo.gitDir, 'gastown-repacking'), String(process.pid));
  const counts: number[] = [];
  for (let step = 0, last: string | null = null; step < 100; step += 1) {
    last = (await importCommit(repo, ref, last, async () => draft({ a: String(step) })))!;
    counts.push(filesOf(join(repo.gitDir, 'objects/pack'), '.pack').length);
  }
  assert.ok(Math.max(...counts) === 95 && counts.at(-1)! <= 24, counts.join(' '));
  assert.is(await git(repo.gitDir, ['show', `${ref}:a`]), '99');
});

importing('loses nothing to a gc that prunes at the same time', async () => {
  const repo = await fresh({ bare: true });
  await importCommit(repo, ref, null, async () => draft({ a: '1' }));
  let writing = true;
  const collecting = (async () => {
    while (writing) await git(repo.gitDir, ['gc', '-q', '--prune=now']).catch(() => {});
  })();
  for (let step = 0; step < 150; step += 1) {
    await importCommit(repo, ref, (await readRef(repo, ref))!, async () => draft({ [`a/${step}`]: String(step), a: null })).catch(() => {});
  }
  writing = false;
  await collecting;
  assert.is(await git(repo.gitDir, ['fsck', '--no-dangling']), '');
});

importing.run();
