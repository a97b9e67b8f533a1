import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { git, gt, gtJson, gtOutput, project, soloTown, sourceGt, townWithRig } from '../helpers/town.ts';
import { ownEnvironment, repository, temporary } from '../helpers/temporary.ts';

interface Report {
  name: string;
  folder: string;
  url: string;
  prefix: string;
  target: string;
  remote?: string;
  gate: { kind: string; proposal?: string; command?: string };
  notes: string[];
}

interface Listing {
  name: string;
  there: boolean;
}

async function emptyTown(): Promise<string> {
  const town = join(temporary(), 'town');
  await gtOutput('/', ['install', town]);
  return town;
}

async function rigNames(town: string): Promise<string[]> {
  return (await gtJson<Listing[]>(town, ['rig', 'list'])).map(({ name }) => name);
}

const adding = suite('gt rig add');

adding('clones a repository, with a ledger and agents of its own', async () => {
  const { town, hub, rig } = await townWithRig();
  const repo = join(rig, '.repo.git');
  assert.equal(JSON.parse(await git(repo, ['show', 'refs/beads/main:format.json'])), { format: 1, prefixes: ['shop'], cut: 0 });
  assert.is(await git(repo, ['rev-parse', 'refs/heads/main']), await git(hub, ['rev-parse', 'main']));
  assert.is(await git(repo, ['config', 'remote.origin.fetch']), '+refs/heads/*:refs/remotes/origin/*');
  for (const role of ['witness', 'refinery']) assert.ok(await git(repo, ['grep', '-h', `"id":"shop-shop-${role}"`, 'refs/beads/main', '--', 'beads']));
  const { shop } = JSON.parse(await git(town, ['show', 'refs/beads/main:settings/rigs.json'])) as Record<string, Report>;
  assert.equal([shop?.prefix, shop?.target, shop?.remote, shop?.url], ['shop', 'main', 'origin', hub]);
  assert.is(await git(town, ['status', '--porcelain']), '');
  assert.equal(await rigNames(town), ['shop']);
  assert.match((await gt(town, ['trust', 'origin'])).stderr, /"origin" is neither a remote of this repository nor a replica\n {2}try: gt trust origin --rig shop/);
  assert.match(await gtOutput(town, ['trust', 'origin', '--rig', 'shop']), /commands that come from origin run/);
});

adding('derives prefixes that nobody has, eight characters at most', async () => {
  const town = await emptyTown();
  const source = await project();
  assert.is((await gtJson<Report>(town, ['rig', 'add', 'rock_riders_one', source])).prefix, 'rockride');
  assert.is((await gtJson<Report>(town, ['rig', 'add', 'rock_riders_two', source])).prefix, 'rockrid2');
  assert.is((await gtJson<Report>(town, ['rig', 'add', 'hq_web', source])).prefix, 'hqweb');
});

adding('proposes the tests that the target has', async () => {
  const town = await emptyTown();
  const source = await project({ Makefile: 'test:\n\ttrue\n' });
  assert.equal((await gtJson<Report>(town, ['rig', 'add', 'one', source])).gate, { kind: 'undecided', proposal: 'make test' });
  assert.equal((await gtJson<Report>(town, ['rig', 'add', 'two', source, '-y'])).gate, { kind: 'command', command: 'make test' });
});

adding('lands in the rig where the source has its target checked out, and says how to take it over', async () => {
  const town = await emptyTown();
  const source = await project();
  const report = await gtJson<Report>(town, ['rig', 'add', 'shop', source]);
  assert.is(report.remote, undefined);
  assert.match(report.notes.join(), new RegExp(`git -C ${source} pull ${town}/shop/.repo.git main`));
  await git(source, ['config', 'receive.denyCurrentBranch', 'updateInstead']);
  assert.is((await gtJson<Report>(town, ['rig', 'add', 'willing', source])).remote, 'origin');
  await git(source, ['checkout', '-q', '-b', 'elsewhere']);
  assert.is((await gtJson<Report>(town, ['rig', 'add', 'free', source, '--branch', 'main'])).remote, 'origin');
});

adding('takes over a ledger that the source has, but not that of a town', async () => {
  const { town, rig } = await townWithRig();
  const hub = join(temporary(), 'hub.git');
  await git('/', ['clone', '-q', '--bare', join(rig, '.repo.git'), hub]);
  await git(join(rig, '.repo.git'), ['push', '-q', hub, 'refs/beads/main']);
  const other = await emptyTown();
  assert.is((await gtJson<Report>(other, ['rig', 'add', 'copy', hub])).prefix, 'shop');
  assert.match((await gt(town, ['rig', 'add', 'copy', hub])).stderr, /the prefix shop is taken/);
  assert.match((await gt(other, ['rig', 'add', 'again', hub, '--prefix', 'web'])).stderr, /the prefix shop is taken/);
  assert.match((await gtJson<Report>(other, ['rig', 'add', 'solo', await soloTown()])).notes.join(), /its beads stay there/);
});

adding('refuses in words, and leaves the town as it was', async () => {
  const { town, hub } = await townWithRig();
  const empty = await repository({ bare: true });
  mkfile(join(town, 'mine/file'));
  const before = await git(town, ['for-each-ref']);
  const refused: [string[], RegExp][] = [
    [['shop', hub], /there is a rig shop already/],
    [['web', hub, '--prefix', 'shop'], /the prefix shop is taken/],
    [['web', hub, '--prefix', 'hq'], /the prefix hq is taken/],
    [['web', hub, '--prefix', 'Web!'], /cannot be a prefix/],
    [['web', hub, '--branch', 'nowhere'], /there is no branch nowhere/],
    [['web', hub, '--branch', '--force'], /needs a value|is no name/],
    [['web', hub, '--branch=--force'], /is no name for a ref/],
    [['web', empty], /has no commits yet/],
    [['web', join(town, 'gone')], /neither a URL nor the path/],
    [['web', temporary()], /neither a URL nor the path/],
    [['web', `file://${join(town, 'gone')}`], /neither a URL nor the path/],
    [['web', 'ext::sh -c touch% pwned'], /neither a URL nor the path/],
    [['web', '--', '--upload-pack=touch pwned'], /neither a URL nor the path/],
    [['web', '-oProxyCommand=touch:pwned'], /has no flag|neither a URL/],
    [['web', 'a\nb'], /neither a URL nor the path/],
    [['mine', hub], /is there already and is not empty/],
    ...['../../x', '$(touch pwned)', 'a\nb', 'hq', 'Web', 'a-b', '', 'polecats', 'x'.repeat(60)].map((name): [string[], RegExp] => [[name, hub], /cannot name a rig/]),
    [['--', '--force', hub], /cannot name a rig/],
  ];
  for (const [args, words] of refused) {
    const ran = await gt(town, ['rig', 'add', ...args]);
    assert.ok(ran.code === 1 || ran.code === 2 || ran.code === 4, `${args.join(' ')}: ${ran.code} ${ran.stderr}`);
    assert.match(ran.stderr, words, args.join(' '));
  }
  assert.is(await git(town, ['for-each-ref']), before);
  assert.equal(readdirSync(town).sort(), ['.git', '.gitignore', 'mayor', 'mine', 'shop']);
  assert.match((await gt(await soloTown(), ['rig', 'add', 'web', hub])).stderr, /is a town by itself/);
});

function mkfile(path: string): void {
  const folder = join(path, '..');
  if (!existsSync(folder)) renameSync(temporary(), folder);
  writeFileSync(path, '');
}

adding('keeps no secret of the URL in the ledger', async () => {
  const town = await emptyTown();
  const ran = await gt(town, ['rig', 'add', 'web', 'http://ada:secret@127.0.0.1:1/x.git']);
  assert.is(ran.code, 4);
  assert.not.match(ran.stdout + ran.stderr.split('\n').filter((line) => line.startsWith('cloning')).join(''), /secret/);
});

adding('takes up what a killed attempt has left', async () => {
  const town = await emptyTown();
  const source = await project();
  for (const [index, delay] of [40, 90, 140, 190, 240, 290, 340].entries()) {
    const name = `rig${index}`;
    const child = spawn(sourceGt[0]!, [...sourceGt.slice(1), 'rig', 'add', name, source, '--no-gate'], { cwd: town, env: ownEnvironment(), stdio: 'ignore', detached: true });
    const ended = once(child, 'exit');
    await sleep(delay);
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // it was done already
    }
    await ended;
    const listed = await rigNames(town);
    const again = await gt(town, ['rig', 'add', name, source, '--no-gate']);
    assert.is(again.code, listed.includes(name) ? 1 : 0, again.stderr);
    assert.ok((await rigNames(town)).includes(name));
    assert.is(await git(join(town, name, '.repo.git'), ['config', 'alias.done']).then((value) => value.startsWith('!')), true);
  }
  assert.equal(readdirSync(town).filter((name) => name.includes('.new-')), []);
  assert.is(await git(town, ['fsck']), '');
});

adding('is done once by several at once, each rig for itself', async () => {
  const town = await emptyTown();
  const source = await project();
  const names = ['one', 'two', 'two', 'three'];
  const ran = await Promise.all(names.map((name) => gt(town, ['rig', 'add', name, source, '--no-gate'])));
  assert.is(ran.filter(({ code }) => code === 0).length, 3, ran.map(({ stderr }) => stderr).join(''));
  assert.equal(await rigNames(town), ['one', 'three', 'two']);
  assert.equal(readdirSync(town).sort(), ['.git', '.gitignore', 'mayor', 'one', 'three', 'two']);
  const again = await gt(town, ['rig', 'add', 'four', source, '--no-gate', '--prefix', 'one']);
  assert.match(again.stderr, /the prefix one is taken/);
});

adding('clones again what was lost', async () => {
  const { town, hub, rig } = await townWithRig();
  rmSync(rig, { recursive: true });
  assert.equal(await gtJson<Listing[]>(town, ['rig', 'list']).then((rigs) => rigs.map(({ name, there }) => [name, there])), [['shop', false]]);
  assert.match((await gt(town, ['crew', 'add', 'max', '--rig', 'shop'])).stderr, /rig shop has lost its repository/);
  await gtOutput(town, ['rig', 'add', 'shop', hub]);
  await gtOutput(town, ['crew', 'add', 'max', '--rig', 'shop']);
});

adding.run();

const removing = suite('gt rig remove');

removing('takes a rig out, whose folder stays and can be taken up again', async () => {
  const { town, hub, rig } = await townWithRig();
  await gtOutput(town, ['rig', 'remove', 'shop']);
  assert.equal(await rigNames(town), []);
  assert.ok(existsSync(join(rig, '.repo.git')));
  await gtOutput(town, ['rig', 'add', 'shop', hub]);
  assert.equal(await rigNames(town), ['shop']);
});

removing('refuses while somebody works there', async () => {
  const { town } = await townWithRig();
  await gtOutput(town, ['crew', 'add', 'max', '--rig', 'shop']);
  assert.match((await gt(town, ['rig', 'remove', 'shop'])).stderr, /people work in/);
  assert.match((await gt(town, ['rig', 'remove', 'web'])).stderr, /there is no rig "web"/);
});

removing.run();

const crew = suite('gt crew');

crew('gives a person a checkout on a branch of their own', async () => {
  const { town, hub, rig } = await townWithRig();
  const made = await gtJson<{ made: boolean; folder: string; address: string }>(join(rig), ['crew', 'add', 'max']);
  assert.equal([made.made, made.folder, made.address], [true, join(rig, 'crew/max'), 'shop/crew/max']);
  assert.is(await git(made.folder, ['symbolic-ref', 'HEAD']), 'refs/heads/crew/max');
  assert.is(await git(made.folder, ['rev-parse', 'HEAD']), await git(hub, ['rev-parse', 'main']));
  assert.is(await git(made.folder, ['config', 'gastown.agent']), 'shop/crew/max');
  assert.is(await git(made.folder, ['config', 'user.name']), 'Ada Lovelace');
  assert.is((await gtJson<{ made: boolean }>(town, ['crew', 'add', 'max', '--rig', 'shop'])).made, false);
  writeFileSync(join(made.folder, 'new'), '');
  const listed = await gtJson<{ address: string; branch: string; clean: boolean }[]>(made.folder, ['crew', 'list']);
  assert.equal(listed.map(({ address, branch, clean }) => [address, branch, clean]), [['shop/crew/max', 'crew/max', false]]);
});

crew('works in a repository that is a town by itself', async () => {
  const path = await soloTown();
  assert.is((await gtJson<{ folder: string }>(path, ['crew', 'add', 'max'])).folder, `${path}.town/crew/max`);
  assert.is((await gtJson<unknown[]>(`${path}.town/crew/max`, ['crew', 'list'])).length, 1);
});

crew('refuses names that are none, and a rig that was not named', async () => {
  const { town } = await townWithRig();
  for (const name of ['../../x', '$(touch pwned)', 'a\nb', 'polecats', 'A']) assert.match((await gt(town, ['crew', 'add', '--rig', 'shop', '--', name])).stderr, /cannot name a crew member/);
  assert.match((await gt(town, ['crew', 'add', 'max'])).stderr, /which rig\?\n {2}try: --rig shop/);
});

crew.run();
