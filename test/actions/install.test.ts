import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { git, gt, gtJson, gtOutput, soloTown } from '../helpers/town.ts';
import { temporary } from '../helpers/temporary.ts';

interface Report {
  made: boolean;
  root: string;
  name: string;
  owner: { name: string; email: string };
  rigs: string[];
}

const install = suite('gt install');

install('makes a folder that is a git repository of its own', async () => {
  const root = join(temporary(), 'deep/town');
  const report = await gtJson<Report>('/', ['install', root, '--git']);
  assert.equal([report.made, report.root, report.name, report.owner], [true, root, 'town', { name: 'Ada Lovelace', email: 'ada@example.com' }]);
  assert.ok(existsSync(join(root, 'mayor')));
  assert.is(await git(root, ['status', '--porcelain']), '');
  assert.equal(JSON.parse(await git(root, ['show', 'refs/beads/main:format.json'])), { format: 1, prefixes: ['hq'], cut: 0 });
  assert.match(await git(root, ['grep', '-h', '"id":"hq-mayor"', 'refs/beads/main', '--', 'beads']), /gt:agent/);
});

install("makes a town whose status tells of its own beads, too", async () => {
  const root = join(temporary(), 'town');
  await gtOutput('/', ['install', root]);
  const [plan] = await Promise.all(['Plan the convoy', 'Call the crews'].map((title) => gtOutput(root, ['create', title, '--silent'])));
  await gtOutput(root, ['claim', plan ?? '', '--actor', 'mayor']);
  const { own, work } = await gtJson<{ own: unknown; work: unknown }>(root, ['status']);
  assert.equal([own, work], [{ ready: 1, working: 1 }, [{ id: plan, title: 'Plan the convoy', agent: 'mayor' }]]);
  assert.match(await gtOutput(root, ['status']), "the town's own beads (hq): 1 ready, 1 worked on");
});

install('takes an empty folder, and the one that one stands in', async () => {
  const root = temporary();
  assert.is((await gtJson<Report>(root, ['install', '.', '--name', 'New Bullet Farm', '--owner', 'Furiosa <f@citadel.example>'])).name, 'New Bullet Farm');
  assert.is(await git(root, ['log', '-1', '--format=%an <%ae>', 'refs/beads/main']), 'Furiosa <f@citadel.example>');
});

install('changes nothing when it is run again', async () => {
  const root = join(temporary(), 'town');
  await gtOutput('/', ['install', root]);
  const before = await git(root, ['for-each-ref']);
  assert.is((await gtJson<Report>(root, ['install', root])).made, false);
  assert.is(await git(root, ['for-each-ref']), before);
});

install('refuses folders that hold something, and places inside a town', async () => {
  const full = temporary();
  writeFileSync(join(full, 'mine'), '');
  assert.match((await gt('/', ['install', full])).stderr, /is there already and is not empty/);
  assert.match((await gt(full, ['install', 'mine'])).stderr, /is there already and is not empty/);
  const root = join(temporary(), 'town');
  await gtOutput('/', ['install', root]);
  assert.match((await gt(root, ['install', 'mayor/town'])).stderr, /lies inside the town at/);
  assert.match((await gt(await soloTown(), ['install', 'town'])).stderr, /lies inside the repository whose town works/);
  assert.not.ok(existsSync(join(root, 'mayor/town')));
});

install('goes on where it was stopped', async () => {
  for (const made of ['.git', '.git/gastown', 'the note']) {
    const root = join(temporary(), 'town');
    mkdirSync(join(root, made === '.git' ? made : '.git/gastown'), { recursive: true });
    if (made === 'the note') writeFileSync(join(root, '.git/gastown/installing'), '');
    assert.is((await gtJson<Report>('/', ['install', root])).made, true, made);
    assert.is(await git(root, ['status', '--porcelain']), '');
  }
  const foreign = join(temporary(), 'town');
  mkdirSync(join(foreign, '.git/objects'), { recursive: true });
  const worktree = temporary();
  writeFileSync(join(worktree, '.git'), 'gitdir: /nowhere\n');
  for (const path of [foreign, worktree]) assert.match((await gt('/', ['install', path])).stderr, /is there already and is not empty/);
});

install('refuses paths, names and owners that are none, in words', async () => {
  const folder = temporary();
  for (const args of [['a\nb'], [''], ['ok', '--name', 'a\nb'], ['ok', '--name', ''], ['ok', '--owner', 'nobody'], ['ok', '--owner', 'a\nb <c@d>']]) {
    const ran = await gt(folder, ['install', ...args]);
    assert.ok(ran.code === 1 || ran.code === 2, `${args.join(' ')}: ${ran.code} ${ran.stderr}`);
  }
  assert.not.ok(existsSync(join(folder, 'ok')));
  await gtOutput(folder, ['install', '--', '--force']);
  assert.ok(existsSync(join(folder, '--force/mayor')));
});

install.run();
