import { chmodSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readRef, updateRefs } from '../../src/git/refs.ts';
import type { Repository } from '../../src/git/repository.ts';
import { cloneBare, defaultBranch, fetch, listRemoteRefs, push, remoteUrl } from '../../src/git/remotes.ts';
import { output, temporary } from '../helpers/temporary.ts';
import { eachFormat, fresh, git, looseCommit, thrown } from './ground.ts';

/** A hub with a branch `trunk` that is its main one, and another. */
async function hub(): Promise<Repository> {
  const seed = await fresh();
  const repo = await fresh({ bare: true });
  await git(seed.worktree!, ['tag', 'v1']);
  await git(seed.worktree!, ['push', '-q', repo.gitDir, 'main:trunk', 'main:other', 'v1']);
  await git(repo.gitDir, ['symbolic-ref', 'HEAD', 'refs/heads/trunk']);
  return repo;
}

const cloning = suite('cloneBare');

cloning('takes the main branch as its own and the others as the remote has them', async () => {
  const from = await hub();
  const clone = await cloneBare(from.gitDir, join(temporary(), '.repo.git'));
  const head = await readRef(from, 'refs/heads/trunk');
  const refs = ['refs/heads/trunk', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/other', 'refs/remotes/origin/trunk', 'refs/tags/v1'];
  assert.equal((await git(clone.gitDir, ['for-each-ref', '--format=%(refname)'])).split('\n'), refs);
  assert.is(await readRef(clone, 'HEAD'), head);
  assert.equal([clone.bare, await defaultBranch(clone), await remoteUrl(clone)], [true, 'trunk', from.gitDir]);
  await git(clone.gitDir, ['fetch', '-q', 'origin']);
});

cloning('clones what is empty', async () => {
  const clone = await cloneBare((await fresh({ bare: true })).gitDir, join(temporary(), 'x'));
  assert.equal([await readRef(clone, 'HEAD'), await defaultBranch(clone)], [undefined, 'main']);
});

cloning('leaves nothing behind when it fails', async () => {
  const path = join(temporary(), 'x');
  const error = await thrown(() => cloneBare('/no/such/repository', path));
  assert.is(error.code, 'remote.unreachable');
  assert.not(existsSync(path));
});

cloning('refuses what runs programs, what looks like an option, and a folder with things in it', async () => {
  const pwned = join(temporary(), 'pwned');
  const path = join(temporary(), 'x');
  for (const url of [`ext::sh -c "touch% ${pwned}"`, '--upload-pack=touch', '', 'a\nb']) assert.is((await thrown(() => cloneBare(url, path))).code, 'remote.bad-name');
  assert.not(existsSync(pwned));
  mkdirSync(path);
  writeFileSync(join(path, 'mine'), '');
  assert.is((await thrown(() => cloneBare('/x', path))).code, 'path.taken');
  assert.ok(existsSync(join(path, 'mine')));
});

cloning.run();

const near = suite('a remote with a relative address');

near('is where git itself finds it: from the top of the worktree', async () => {
  const repo = await fresh();
  await git(repo.worktree!, ['init', '-q', '--bare', '../near.git']);
  await git(repo.worktree!, ['remote', 'add', 'origin', '../near.git']);
  const main = (await readRef(repo, 'refs/heads/main')) ?? '';
  await push(repo, 'origin', { updates: [{ ref: 'refs/heads/main', from: null, to: main }] });
  await fetch(repo, 'origin', []);
  assert.equal([await readRef(repo, 'refs/remotes/origin/main'), (await listRemoteRefs(repo, 'origin', ['refs/heads/*'])).length], [main, 1]);
});

near.run();

const fetching = suite('fetch');

/** Runs a script of the shell whenever a hub is about to answer a fetch. */
async function whileHubAnswers(script: string, run: () => Promise<void>): Promise<void> {
  const folder = temporary();
  writeFileSync(join(folder, 'hook'), `#!/bin/sh\n${script}\nexec "$@"\n`, { mode: 0o755 });
  writeFileSync(join(folder, 'config'), `[uploadpack]\n\tpackObjectsHook = ${join(folder, 'hook')}\n`);
  process.env['GIT_CONFIG_GLOBAL'] = join(folder, 'config');
  try {
    await run();
  } finally {
    delete process.env['GIT_CONFIG_GLOBAL'];
  }
}

fetching('brings refs by these refspecs alone', async () => {
  const from = await hub();
  const clone = await cloneBare(from.gitDir, join(temporary(), 'x'));
  const beads = await looseCommit(from, 'beads');
  await updateRefs(from, [{ ref: 'refs/beads/main', from: null, to: beads }, { ref: 'refs/heads/new', from: null, to: beads }, { ref: 'refs/tags/v2', from: null, to: beads }]);
  await fetch(clone, 'origin', ['+refs/beads/*:refs/beads-remotes/origin/*']);
  assert.equal(await Promise.all(['refs/beads-remotes/origin/main', 'refs/remotes/origin/new', 'refs/tags/v2'].map((ref) => readRef(clone, ref))), [beads, undefined, undefined]);
  await fetch(clone, 'origin', []);
  assert.is(await readRef(clone, 'refs/remotes/origin/new'), beads);
});

fetching('takes away what the remote no longer has only when told to', async () => {
  const from = await hub();
  const clone = await cloneBare(from.gitDir, join(temporary(), 'x'));
  await git(clone.gitDir, ['config', 'fetch.prune', 'true']);
  await git(from.gitDir, ['branch', '-D', 'other']);
  await fetch(clone, 'origin', []);
  assert.ok(await readRef(clone, 'refs/remotes/origin/other'));
  await fetch(clone, 'origin', [], { prune: true });
  assert.is(await readRef(clone, 'refs/remotes/origin/other'), undefined);
});

fetching('goes on over the locks of a dead process', async () => {
  const from = await hub();
  const clone = await cloneBare(from.gitDir, join(temporary(), 'x'));
  const commit = await looseCommit(from, 'new', [(await readRef(from, 'refs/heads/other'))!]);
  await git(from.gitDir, ['update-ref', 'refs/heads/other', commit]);
  const lock = join(clone.gitDir, 'refs/remotes/origin/other.lock');
  writeFileSync(lock, '');
  utimesSync(lock, 1_700_000_000, 1_700_000_000);
  await fetch(clone, 'origin', []);
  assert.is(await readRef(clone, 'refs/remotes/origin/other'), commit);
});

fetching('goes on where others fetch into the same refs, three times in a row', async () => {
  const from = await hub();
  const clone = await cloneBare(from.gitDir, join(temporary(), 'x'));
  const ref = 'refs/heads/other';
  await git(from.gitDir, ['update-ref', ref, await looseCommit(from, 'new')]);
  const folder = temporary();
  const others = await Promise.all(['one', 'two', 'three'].map((name) => looseCommit(clone, name)));
  writeFileSync(join(folder, 'others'), `${others.join('\n')}\n`);
  // Whenever the hub is about to answer, both sides move once more.
  const script = `other=$(head -n 1 ${folder}/others)
sed -i 1d ${folder}/others
if [ -n "$other" ]; then
  git --git-dir ${clone.gitDir} update-ref refs/remotes/origin/other "$other"
  git --git-dir ${from.gitDir} update-ref ${ref} "$(git --git-dir ${from.gitDir} -c user.name=x -c user.email=x@y.z commit-tree -m "$other" ${ref}^{tree})"
fi`;
  await whileHubAnswers(script, () => fetch(clone, 'origin', []));
  assert.is(readFileSync(join(folder, 'others'), 'utf8'), '');
  assert.is(await readRef(clone, 'refs/remotes/origin/other'), await readRef(from, ref));
});

/** The administration of a worktree that git has just begun to make: its head names no commit yet. */
function beginWorktree(repo: Repository, changedAt?: number): string {
  const folder = join(repo.commonDir, 'worktrees/furiosa');
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of [['HEAD', '0'.repeat(40)], ['commondir', '../..'], ['gitdir', '/nowhere/.git'], ['locked', 'initializing']] as const) writeFileSync(join(folder, name), `${content}\n`);
  if (changedAt !== undefined) utimesSync(folder, changedAt, changedAt);
  return folder;
}

fetching('goes on once a worktree is made that was half made when it looked', async () => {
  const from = await hub();
  const clone = await cloneBare(from.gitDir, join(temporary(), 'x'));
  const commit = await looseCommit(from, 'new');
  await git(from.gitDir, ['update-ref', 'refs/heads/new', commit]);
  const head = join(beginWorktree(clone), 'HEAD');
  const looks = join(temporary(), 'looks');
  // By the time that the hub answers for the second time, the worktree is made.
  await whileHubAnswers(`echo >>${looks}; [ "$(wc -l <${looks})" = 1 ] || echo ${commit} >${head}`, () => fetch(clone, 'origin', []));
  assert.is(await readRef(clone, 'refs/remotes/origin/new'), commit);
  assert.is(readFileSync(looks, 'utf8'), '\n\n');
});

fetching('goes on over a worktree that a dead process has left half made', async () => {
  const from = await hub();
  const clone = await cloneBare(from.gitDir, join(temporary(), 'x'));
  const commit = await looseCommit(from, 'new');
  await git(from.gitDir, ['update-ref', 'refs/heads/new', commit]);
  const folder = beginWorktree(clone, 1_700_000_000);
  await fetch(clone, 'origin', []);
  assert.equal([await readRef(clone, 'refs/remotes/origin/new'), existsSync(folder)], [commit, false]);
});

fetching('says what is in the way where the remote has given up a branch for others below its name or above it, and how it goes, whatever else the remote is fetched by', async () => {
  for (const [old, now, configured] of [['other', 'other/one', '*'], ['other', 'other/one', 'trunk'], ['new/a/b', 'new', 'trunk']] as const) {
    const from = await hub();
    if (old !== 'other') await git(from.gitDir, ['branch', '-m', 'other', old]);
    const clone = await cloneBare(from.gitDir, join(temporary(), 'x'));
    await git(clone.gitDir, ['config', 'remote.origin.fetch', `+refs/heads/${configured}:refs/remotes/origin/${configured}`]);
    await git(from.gitDir, ['branch', '-m', old, now]);
    const refspec = `+refs/heads/${now}:refs/remotes/origin/${now}`;
    const error = await thrown(() => fetch(clone, 'origin', [refspec]));
    assert.equal([error.code, error.message.split(' ', 1)[0]], ['fetch.blocked', `refs/remotes/origin/${old}`]);
    await output(['sh', '-c', (error.hint ?? '').split(' (', 1)[0]!], { cwd: clone.gitDir });
    await fetch(clone, 'origin', [refspec]);
    assert.ok(await readRef(clone, `refs/remotes/origin/${now}`));
  }
});

fetching('says that a remote cannot be reached', async () => {
  const error = await thrown(async () => fetch(await fresh(), '/no/such/repository', []));
  assert.is(error.code, 'remote.unreachable');
  assert.match(error.message, /\/no\/such\/repository/);
});

fetching('says that a remote cannot be reached where the connection was lost at the very end', async () => {
  const from = await hub();
  const clone = await cloneBare(from.gitDir, join(temporary(), 'x'));
  const ssh = join(temporary(), 'ssh');
  writeFileSync(ssh, '#!/bin/sh\nsh -c "$2"\necho "client_loop: send disconnect: Broken pipe" >&2\nexit 255\n', { mode: 0o755 });
  await git(clone.gitDir, ['config', 'remote.origin.url', `far:${from.gitDir}`]);
  await git(from.gitDir, ['update-ref', 'refs/heads/new', await looseCommit(from, 'new')]);
  process.env['GIT_SSH'] = ssh;
  process.env['GIT_SSH_VARIANT'] = 'simple';
  try {
    const error = await thrown(() => fetch(clone, 'origin', []));
    assert.equal([error.code, error.message], ['remote.unreachable', 'origin cannot be reached: client_loop: send disconnect: Broken pipe']);
  } finally {
    delete process.env['GIT_SSH'];
    delete process.env['GIT_SSH_VARIANT'];
  }
});

fetching('refuses refspecs that are options', async () => {
  const repo = await fresh();
  for (const refspec of ['--upload-pack=x', 'refs/heads/a:--x', 'main']) assert.is((await thrown(() => fetch(repo, '/x', [refspec]))).code, 'ref.bad-name');
});

fetching.run();

const pushing = suite('push');

async function pair(format?: 'reftable'): Promise<{ far: Repository; near: Repository; one: string; two: string; side: string }> {
  const far = await fresh({ bare: true, format });
  const near = await fresh({ format });
  await git(near.worktree!, ['remote', 'add', 'origin', far.gitDir]);
  const one = await looseCommit(near, 'one');
  return { far, near, one, two: await looseCommit(near, 'two', [one]), side: await looseCommit(near, 'side') };
}

const ref = 'refs/beads/main';

eachFormat(pushing, 'moves refs from the values that they must have', async (format) => {
  const { far, near, one, two, side } = await pair(format);
  await push(near, 'origin', { updates: [{ ref, from: null, to: one }, { ref: 'refs/claims/gt-1', from: null, to: one }] });
  await push(near, 'origin', { updates: [{ ref, from: one, to: two }, { ref: 'refs/claims/gt-1', from: one, to: null }] });
  assert.equal([await readRef(far, ref), await readRef(far, 'refs/claims/gt-1')], [two, undefined]);
  await push(near, 'origin', { updates: [{ ref, from: two, to: side }] });
  assert.is(await readRef(far, ref), side);
  assert.equal(await listRemoteRefs(near, 'origin', ['refs/beads/*']), [{ ref, oid: side }]);
});

eachFormat(pushing, 'moves nothing when one lease fails', async (format) => {
  const { far, near, one, two } = await pair(format);
  await push(near, 'origin', { updates: [{ ref, from: null, to: one }] });
  for (const from of [two, null]) {
    const error = await thrown(() => push(near, 'origin', { updates: [{ ref: 'refs/heads/x', from: undefined, to: one }, { ref, from, to: two }] }));
    assert.is(error.code, 'push.refused');
    assert.equal(error.data?.['refs'], [ref]);
  }
  assert.equal([await readRef(far, ref), await readRef(far, 'refs/heads/x')], [one, undefined]);
});

pushing('moves without a lease only forward', async () => {
  const { far, near, one, two, side } = await pair();
  await push(near, 'origin', { updates: [{ ref, from: undefined, to: one }] });
  await push(near, 'origin', { updates: [{ ref, from: undefined, to: two }] });
  assert.is((await thrown(() => push(near, 'origin', { updates: [{ ref, from: undefined, to: side }] }))).code, 'push.refused');
  assert.is(await readRef(far, ref), two);
});

pushing("tells a hub's refusal from a lost race, in the hub's words", async () => {
  const { far, near, one } = await pair();
  mkdirSync(join(far.gitDir, 'hooks'), { recursive: true });
  const hook = join(far.gitDir, 'hooks/update');
  writeFileSync(hook, '#!/bin/sh\ncase $1 in refs/heads/main) echo "main is protected" >&2; exit 1;; esac\n');
  chmodSync(hook, 0o755);
  const error = await thrown(() => push(near, 'origin', { updates: [{ ref: 'refs/heads/main', from: null, to: one }, { ref: 'refs/heads/x', from: null, to: one }] }));
  assert.is(error.code, 'push.denied');
  assert.match(error.message, /does not take refs\/heads\/main: main is protected$/);
  assert.is(await readRef(far, 'refs/heads/x'), undefined);
});

pushing("takes a hub's refusal for no lost race because a word in it ends like one of a race", async () => {
  const { far, near, one } = await pair();
  await git(far.gitDir, ['config', 'receive.procReceiveRefs', 'refs/heads/main']);
  mkdirSync(join(far.gitDir, 'hooks'), { recursive: true });
  const hook = join(far.gitDir, 'hooks/proc-receive');
  for (const [reason, code] of [['push blocked by policy', 'push.denied'], ['reference-transaction hook: main is frozen', 'push.denied'], ['unexpected author', 'push.denied'], ['cannot lock ref', 'push.refused'], ['main.lock: File exists', 'push.refused']] as const) {
    const said = `ng refs/heads/main ${reason}`;
    writeFileSync(hook, `#!/bin/sh\nprintf '000eversion=1\\n0000%04x%s0000' ${said.length + 4} '${said}'\ncat >/dev/null\n`);
    chmodSync(hook, 0o755);
    assert.is((await thrown(() => push(near, 'origin', { updates: [{ ref: 'refs/heads/main', from: null, to: one }] }))).code, code, reason);
  }
});

pushing('takes it for a refusal where a hub that says no more than that it failed has moved nothing', async () => {
  const { far, near, one, two } = await pair();
  await push(near, 'origin', { updates: [{ ref: 'refs/heads/main', from: null, to: one }] });
  await git(far.gitDir, ['config', 'receive.procReceiveRefs', 'refs/heads/main']);
  mkdirSync(join(far.gitDir, 'hooks'), { recursive: true });
  for (const [from, reason] of [[one, 'failed to update ref'], [undefined, 'failed to update ref'], [one, 'atomic transaction failed']] as const) {
    const said = `ng refs/heads/main ${reason}`;
    writeFileSync(join(far.gitDir, 'hooks/proc-receive'), `#!/bin/sh\nprintf '000eversion=1\\n0000%04x%s0000' ${said.length + 4} '${said}'\ncat >/dev/null\n`, { mode: 0o755 });
    assert.is((await thrown(() => push(near, 'origin', { updates: [{ ref: 'refs/heads/main', from, to: two }] }))).code, 'push.denied', reason);
  }
});

pushing('takes it for a refusal where a hub has a ref of the name of a folder that the push needs', async () => {
  const { near, one } = await pair();
  await push(near, 'origin', { updates: [{ ref: 'refs/heads/main', from: null, to: one }] });
  const error = await thrown(() => push(near, 'origin', { updates: [{ ref: 'refs/heads/main/mine', from: null, to: one }] }));
  assert.is(error.code, 'push.denied');
  assert.match(error.message, /'refs\/heads\/main' exists/);
});

pushing('takes it for a lost race where somebody moves a ref while the hub takes the push', async () => {
  const { far, near, one, two, side } = await pair();
  await push(near, 'origin', { updates: [{ ref, from: null, to: one }] });
  const other = await looseCommit(far, 'other', [one]);
  mkdirSync(join(far.gitDir, 'hooks'), { recursive: true });
  for (const from of [one, undefined]) {
    for (const atomic of [true, false]) {
      await git(far.gitDir, ['update-ref', ref, one]);
      writeFileSync(join(far.gitDir, 'hooks/pre-receive'), `#!/bin/sh\nunset GIT_QUARANTINE_PATH\ngit update-ref ${ref} ${other}\n`, { mode: 0o755 });
      const error = await thrown(() => push(near, 'origin', { updates: [{ ref, from, to: two }, { ref: 'refs/claims/gt-1', from: null, to: side }], atomic }));
      assert.equal([error.code, error.data?.['refs']], ['push.refused', [ref]]);
    }
  }
  assert.is(await readRef(far, ref), other);
});

pushing('lets exactly one of eight pushes make a claim', async () => {
  const { far, near } = await pair();
  const claims = await Promise.all(Array.from({ length: 8 }, (_, index) => looseCommit(near, `claim ${index}`)));
  const outcomes = await Promise.allSettled(claims.map((to) => push(near, 'origin', { updates: [{ ref: 'refs/claims/gt-1', from: null, to }] })));
  const won = outcomes.flatMap((outcome, index) => (outcome.status === 'fulfilled' ? [claims[index]] : []));
  assert.equal(won, [await readRef(far, 'refs/claims/gt-1')]);
  const codes = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [(outcome.reason as { code: string }).code] : []));
  assert.equal([...new Set(codes)], ['push.refused']);
});

pushing('says that a remote cannot be reached', async () => {
  const { near, one } = await pair();
  assert.is((await thrown(() => push(near, '/no/such/repository', { updates: [{ ref, from: null, to: one }] }))).code, 'remote.unreachable');
});

pushing.run();

const asking = suite('remoteUrl');

asking('answers undefined where there is no such remote', async () => {
  const repo = await fresh();
  assert.is(await remoteUrl(repo), undefined);
  await git(repo.worktree!, ['remote', 'add', 'hub', 'https://example.com/x.git']);
  assert.is(await remoteUrl(repo, 'hub'), 'https://example.com/x.git');
});

asking.run();

const choosing = suite('defaultBranch');

choosing("takes the repository's own head where there is no remote", async () => assert.is(await defaultBranch(await fresh()), 'main'));

choosing.run();

const listing = suite('listRemoteRefs');

listing('fetches nothing', async () => {
  const { far, near } = await pair();
  const commit = await looseCommit(far, 'far');
  await updateRefs(far, [{ ref, from: null, to: commit }]);
  assert.equal(await listRemoteRefs(near, 'origin', []), [{ ref, oid: commit }]);
  assert.is((await thrown(() => git(near.gitDir, ['cat-file', '-e', commit]))).name, 'Error');
});

listing.run();
