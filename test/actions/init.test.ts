import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { git, gt, gtJson, gtOutput, project, soloTown } from '../helpers/town.ts';
import { ownEnvironment, repository, run, temporary } from '../helpers/temporary.ts';

interface Report {
  made: boolean;
  name: string;
  prefix: string;
  target: string;
  workers: string;
  gate: { kind: string; command?: string; proposal?: string };
  notes: string[];
}

const init = suite('gt init');

init('makes a repository a town, and leaves the checkout as it was', async () => {
  const path = await project();
  const report = await gtJson<Report>(path, ['init', '--no-gate']);
  assert.equal([report.made, report.name, report.prefix, report.target, report.workers], [true, 'shop', 'shop', 'main', `${path}.town`]);
  assert.equal(JSON.parse(await git(path, ['show', 'refs/beads/main:format.json'])), { format: 1, prefixes: ['shop', 'hq'], cut: 0 });
  assert.is(await git(path, ['status', '--porcelain', '--ignored']), '');
  assert.is(await git(path, ['log', '-1', '--format=%an <%ae>', 'refs/beads/main']), 'Ada Lovelace <ada@example.com>');
  assert.is(await git(path, ['fsck', '--strict']), '');
});

init('changes nothing when it is run again', async () => {
  const path = await soloTown();
  const before = await git(path, ['rev-parse', 'refs/beads/main']);
  const report = await gtJson<Report>(path, ['init']);
  assert.is(report.made, false);
  assert.equal(report.gate, { kind: 'none' });
  assert.is(await git(path, ['rev-parse', 'refs/beads/main']), before);
});

init('works from a folder below, and from another worktree', async () => {
  const path = await project();
  const other = join(temporary(), 'other');
  await git(path, ['worktree', 'add', '-q', other]);
  await gtOutput(other, ['init', '--no-gate']);
  assert.is((await gtJson<Report & { repository: string }>(join(path, '.git'), ['init'])).repository, path);
});

init('takes a prefix and a name, and keeps them', async () => {
  const path = await project();
  await gtOutput(path, ['init', '--prefix', 'app', '--name', 'store', '--no-gate']);
  const report = await gtJson<Report>(path, ['init']);
  assert.equal([report.name, report.prefix], ['store', 'app']);
  const other = await gt(path, ['init', '--prefix', 'web']);
  assert.is(other.code, 1);
  assert.match(other.stderr, /the prefix here is app already/);
});

init('says nothing when it is quiet, as bd init is called', async () => {
  const path = await project();
  const ran = await gt(path, ['init', '--prefix', 'bd', '--quiet'], { env: { GT_ARGV0: 'bd' } });
  assert.equal([ran.code, ran.stdout, ran.stderr], [0, '', '']);
});

init('proposes the tests of the project, and sets them on a yes', async () => {
  const path = await project({ 'package.json': '{"scripts":{"test":"node --test"}}' });
  const asked = await gtJson<Report>(path, ['init']);
  assert.equal(asked.gate, { kind: 'undecided', proposal: 'npm test' });
  const told = await gtJson<Report>(path, ['init', '-y']);
  assert.equal(told.gate, { kind: 'command', command: 'npm test' });
  assert.is(await gtOutput(path, ['config', 'get', 'merge_queue.gates.test.command']), 'npm test');
});

init('tells how to set a gate where no tests are known', async () => {
  const said = await gtOutput(await project(), ['init', '-y']);
  assert.match(said, /nothing lands yet: gt config set merge_queue.gates.test.command/);
});

init('refuses gates that are none', async () => {
  const path = await project();
  assert.is((await gt(path, ['init', '--gate', ' '])).code, 2);
  assert.is((await gt(path, ['init', '--gate', 'true', '--no-gate'])).code, 2);
  assert.is((await run(['git', 'rev-parse', '-q', '--verify', 'refs/beads/main'], { cwd: path })).code, 1);
});

init('begins before the first commit, and says what to do', async () => {
  const path = await repository({ commit: false });
  assert.match(await gtOutput(path, ['init', '--no-gate']), /main has no commits yet: make the first one/);
});

init('takes the main branch, or the only one, where none is checked out, and asks where neither is there', async () => {
  const path = await project();
  await git(path, ['branch', '-q', 'next']);
  await git(path, ['checkout', '-q', '--detach']);
  assert.is((await gtJson<Report>(path, ['init', '--no-gate'])).target, 'main');
  const other = await project();
  await git(other, ['branch', '-qm', 'main', 'trunk']);
  await git(other, ['checkout', '-q', '--detach']);
  assert.is((await gtJson<Report>(other, ['init', '--no-gate'])).target, 'trunk');
});

init('asks for a branch where none is checked out, and several could be meant', async () => {
  const path = await project();
  await git(path, ['branch', '-qm', 'main', 'red']);
  await git(path, ['branch', '-q', 'blue']);
  await git(path, ['checkout', '-q', '--detach']);
  const ran = await gt(path, ['init', '--no-gate']);
  assert.is(ran.code, 1);
  assert.match(ran.stderr, /has no branch checked out\n {2}try: gt init --branch/);
  assert.is((await gtJson<Report>(path, ['init', '--branch', 'blue', '--no-gate'])).target, 'blue');
});

init('refuses what is no repository, what is bare, and what belongs to a town', async () => {
  assert.match((await gt(temporary(), ['init'])).stderr, /is not inside a git repository\n {2}try: git init/);
  assert.match((await gt(await repository({ bare: true }), ['init'])).stderr, /has no checkout/);
  const town = join(temporary(), 'town');
  await gtOutput('/', ['install', town]);
  assert.match((await gt(join(town, 'mayor'), ['init'])).stderr, /is a town's own repository/);
});

init('tells who git does not know, and goes on', async () => {
  const path = await project();
  const ran = await gt(path, ['init', '--no-gate'], { env: { HOME: temporary() } });
  assert.is(ran.code, 0);
  assert.match(ran.stdout, /note: git does not know who you are: git config --global user.name/);
});

init('takes over the ledger that the remote has, and says so', async () => {
  const hub = await soloTown();
  const clone = join(temporary(), 'clone');
  await git('/', ['clone', '-q', hub, clone]);
  const before = await git(clone, ['for-each-ref', 'refs/beads']);
  assert.is((await gt(clone, ['init', '--no-gate', '--prefix', 'other'])).code, 1);
  assert.is(await git(clone, ['for-each-ref', 'refs/beads']), before, 'a refusal leaves nothing behind');
  const report = await gtJson<Report>(clone, ['init', '--no-gate']);
  assert.equal([report.prefix, report.notes], ['shop', ['the ledger was fetched from origin; gates and commands in it run here only after: gt trust origin']]);
  assert.is(await git(clone, ['rev-parse', 'refs/beads/main']), await git(hub, ['rev-parse', 'refs/beads/main']));
});

init('that is killed when it has taken over a ledger says so the next time', async () => {
  const hub = await soloTown();
  const clone = join(temporary(), 'clone');
  await git('/', ['clone', '-q', hub, clone]);
  // Whoever asks this git for something dies when it is done and the ledger is there.
  const deadly = temporary();
  writeFileSync(join(deadly, 'git'), `#!/bin/sh\nPATH="\${PATH#*:}"\ngit "$@"\nended=$?\nif [ -e '${clone}/.git/refs/beads/main' ]; then kill -9 $PPID; fi\nexit $ended\n`, { mode: 0o755 });
  assert.is((await gt(clone, ['init', '--no-gate'], { env: { PATH: `${deadly}:${ownEnvironment()['PATH']}` } })).code, null);
  assert.equal([existsSync(join(clone, '.git/refs/beads/main')), existsSync(join(clone, '.git/gastown/town.json'))], [true, false]);
  const told = async (): Promise<unknown> => (await gtJson<Report>(clone, ['init', '--no-gate'])).notes;
  assert.equal([await told(), await told()], [['the ledger was fetched from origin; gates and commands in it run here only after: gt trust origin'], []]);
});

init('works where the remote cannot be reached', async () => {
  const path = await project();
  await git(path, ['remote', 'add', 'origin', join(temporary(), 'gone.git')]);
  assert.match(await gtOutput(path, ['init', '--no-gate']), /note: origin did not answer/);
});

init('refuses remotes, branches, names and prefixes that are none, in words', async () => {
  const path = await project();
  const hostile = ['../../x', '--force', '$(touch pwned)', 'a\nb', 'hq', '', 'Ünï', 'x'.repeat(300)];
  for (const word of hostile) {
    for (const option of ['prefix', 'name', 'branch', 'remote']) {
      if (option === 'branch' && word === 'Ünï') continue;
      const ran = await gt(path, ['init', '--no-gate', `--${option}=${word}`]);
      assert.ok(ran.code === 1 || ran.code === 2, `--${option}=${word}: ${ran.code} ${ran.stderr}`);
      assert.match(ran.stderr, /^gt: .+/);
    }
  }
  assert.is((await run(['git', 'rev-parse', '-q', '--verify', 'refs/beads/main'], { cwd: path })).code, 1);
  assert.not.ok(existsSync(join(path, 'pwned')));
});

init('finds everything again in the ledger when this machine has forgotten it', async () => {
  const path = await project();
  await gtOutput(path, ['init', '--prefix', 'app', '--name', 'store', '--no-gate']);
  const before = await git(path, ['rev-parse', 'refs/beads/main']);
  for (const damage of ['{', '']) {
    writeFileSync(join(path, '.git/gastown/town.json'), damage);
    const report = await gtJson<Report>(path, ['init']);
    assert.equal([report.name, report.prefix, report.target], ['store', 'app', 'main']);
    assert.is(await git(path, ['rev-parse', 'refs/beads/main']), before);
  }
});

init('is done once by several at once', async () => {
  const path = await project();
  const ran = await Promise.all([1, 2, 3, 4].map(() => gt(path, ['init', '--no-gate'])));
  assert.equal(ran.map(({ code }) => code), [0, 0, 0, 0], ran.map(({ stderr }) => stderr).join(''));
  assert.is(await git(path, ['log', '--format=%s', 'refs/beads/main']), 'Begin shop\nBegin a ledger for shop, hq');
  assert.is((await gt(path, ['githooks', 'status', '--json'])).code, 0);
});

init('works at a path that a shell would take for something else', async () => {
  const path = join(temporary(), "it's $(touch pwned) here");
  await repository({ path });
  await gtOutput(path, ['init', '--no-gate', '--prefix', 'x', '--name', 'x']);
  await git(path, ['config', 'core.hooksPath', '$(touch pwned);"']);
  await gtOutput(path, ['githooks', 'install']);
  await git(path, ['commit', '--allow-empty', '-qm', 'Paint']);
  assert.ok(existsSync(join(path, '.git/gastown/poke')));
  assert.is((await gtJson<{ folder: string }>(path, ['crew', 'add', 'max'])).folder, `${path}.town/crew/max`);
  assert.is(await git(path, ['status', '--porcelain']), '');
});

init('works where the git directory stands apart, and in a submodule', async () => {
  const path = join(temporary(), 'apart');
  await git('/', ['clone', '-q', '--separate-git-dir', join(temporary(), 'git'), await project(), path]);
  assert.is((await gtJson<Report & { repository: string }>(path, ['init', '--no-gate'])).repository, path);
  await gtOutput(path, ['crew', 'add', 'max']);
  assert.is(await gtOutput(`${path}.town/crew/max`, ['config', 'get', 'merge_queue.gates']), 'none');
  const outer = await project();
  await git(outer, ['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', await project(), 'inner']);
  assert.is((await gtJson<Report & { repository: string }>(join(outer, 'inner'), ['init', '--no-gate'])).repository, join(outer, 'inner'));
});

init('keeps the workers of a copy beside the copy', async () => {
  const path = await soloTown();
  const copy = `${path}2`;
  await run(['cp', '-r', path, copy]);
  assert.is((await gtJson<Report>(copy, ['init'])).workers, `${copy}.town`);
  renameSync(copy, `${path}3`);
  assert.is((await gtJson<Report>(`${path}3`, ['init'])).workers, `${path}3.town`);
  assert.match(readFileSync(join(path, '.git/gastown/town.json'), 'utf8'), new RegExp(`"root":"${path}.town"`));
});

init.run();
