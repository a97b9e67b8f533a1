import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { git, gt, gtJson, gtOutput, project, soloTown, townWithRig } from '../helpers/town.ts';
import { run, temporary } from '../helpers/temporary.ts';

interface Report {
  folder?: string;
  handsOnTo?: string;
  hooks: { name: string; state: string; chained?: string }[];
}

const ours = ['post-checkout', 'post-commit', 'post-merge', 'pre-push', 'prepare-commit-msg', 'reference-transaction'];

function script(path: string, body: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

/** The files of a hooks folder with what they hold. */
function contents(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

async function states(path: string): Promise<string[]> {
  return (await gtJson<Report>(path, ['githooks', 'status'])).hooks.map(({ state }) => state);
}

const hooks = suite('git hooks');

hooks('are set by gt init and in every rig', async () => {
  const path = await soloTown();
  assert.equal(new Set(await states(path)), new Set(['installed']));
  const { rig } = await townWithRig();
  assert.equal(readdirSync(join(rig, '.repo.git/hooks')).sort(), ours);
});

hooks('call those that were there first, with their arguments and input, and go by their word', async () => {
  const path = await project();
  const log = join(temporary(), 'log');
  const folder = join(path, '.git/hooks');
  for (const name of ours) script(join(folder, name), `echo "${name} $# $(case $0 in *pre-push*|*reference*) cat;; esac | wc -l)" >>${log}`);
  const before = contents(folder);
  await gtOutput(path, ['init', '--no-gate']);
  await git(path, ['commit', '--allow-empty', '-qm', 'Begin again']);
  const said = readFileSync(log, 'utf8');
  assert.match(said, /^prepare-commit-msg 2 0$/m);
  assert.match(said, /^reference-transaction 1 [12]$/m);
  assert.match(said, /^post-commit 0 0$/m);
  const hub = join(temporary(), 'hub.git');
  await git('/', ['init', '-q', '--bare', hub]);
  await git(path, ['push', '-q', hub, 'main']);
  assert.match(readFileSync(log, 'utf8'), /^pre-push 2 1$/m);

  script(join(folder, 'prepare-commit-msg.before-gastown'), 'exit 3');
  assert.is((await run(['git', 'commit', '--allow-empty', '-qm', 'no'], { cwd: path })).code, 1);
  script(join(folder, 'pre-push.before-gastown'), 'exit 3');
  assert.is((await run(['git', 'push', '-q', hub, 'main:other'], { cwd: path })).code, 1);
  script(join(folder, 'reference-transaction.before-gastown'), '[ "$1" != prepared ]');
  assert.ok((await run(['git', 'update-ref', 'refs/heads/no', 'HEAD'], { cwd: path })).code !== 0);

  for (const [name, text] of Object.entries(before)) if (ours.includes(name)) writeFileSync(join(folder, `${name}.before-gastown`), text);
  await gtOutput(path, ['githooks', 'remove']);
  assert.equal(contents(folder), before);
});

hooks('are set once however often they are set', async () => {
  const path = await project();
  const folder = join(path, '.git/hooks');
  script(join(folder, 'post-commit'), 'true');
  await gtOutput(path, ['init', '--no-gate']);
  const once = contents(folder);
  await gtOutput(path, ['githooks', 'install']);
  assert.equal(contents(folder), once);
});

hooks('leave alone what somebody has set over them', async () => {
  const path = await project();
  const folder = join(path, '.git/hooks');
  script(join(folder, 'post-commit'), 'true # first');
  await gtOutput(path, ['init', '--no-gate']);
  script(join(folder, 'post-commit'), 'true # second');
  const report = await gtJson<Report>(path, ['githooks', 'install']);
  assert.is(report.hooks.find(({ name }) => name === 'post-commit')?.state, 'foreign');
  await gtOutput(path, ['githooks', 'remove']);
  assert.match(readFileSync(join(folder, 'post-commit'), 'utf8'), /second/);
});

hooks('hand on to the folder that core.hooksPath names, and leave it as it was', async () => {
  const path = await project();
  const log = join(temporary(), 'log');
  for (const name of ['pre-commit', 'commit-msg', 'post-commit', 'prepare-commit-msg']) script(join(path, '.husky', name), `echo ${name} >>${log}`);
  await git(path, ['add', '.']);
  await git(path, ['commit', '-qm', 'Hook']);
  await git(path, ['config', 'core.hooksPath', '.husky']);
  const report = await gtJson<{ githooks: Report }>(path, ['init', '--no-gate']);
  assert.is(report.githooks.handsOnTo, '.husky');
  await git(path, ['commit', '--allow-empty', '-qm', 'one']);
  assert.is(readFileSync(log, 'utf8'), 'pre-commit\nprepare-commit-msg\ncommit-msg\npost-commit\n');
  assert.ok(existsSync(join(path, '.git/gastown/poke')));
  assert.is(await git(path, ['status', '--porcelain']), '');

  const other = join(temporary(), 'other');
  await git(path, ['worktree', 'add', '-q', other]);
  rmSync(log);
  await git(other, ['commit', '--allow-empty', '-qm', 'two']);
  assert.match(readFileSync(log, 'utf8'), /pre-commit/);
  script(join(path, '.husky/pre-commit'), 'exit 1');
  assert.is((await run(['git', 'commit', '--allow-empty', '-qm', 'no'], { cwd: path })).code, 1);

  await gtOutput(path, ['githooks', 'install']);
  await gtOutput(path, ['githooks', 'remove']);
  assert.is(await git(path, ['config', 'core.hooksPath']), '.husky');
});

hooks('say so where core.hooksPath switches them off, or was changed since', async () => {
  const path = await project();
  await git(path, ['config', 'core.hooksPath', '/dev/null']);
  assert.match(await gtOutput(path, ['init', '--no-gate']), /note: core.hooksPath switches git hooks off/);
  assert.equal(new Set(await states(path)), new Set(['missing']));
  await git(path, ['config', '--unset', 'core.hooksPath']);
  await gtOutput(path, ['githooks', 'install']);
  assert.equal(new Set(await states(path)), new Set(['installed']));
  await git(path, ['config', 'core.hooksPath', '.husky']);
  assert.equal(new Set(await states(path)), new Set(['missing']));
  await gtOutput(path, ['githooks', 'install']);
  assert.equal(new Set(await states(path)), new Set(['installed']));
});

hooks('stop nobody where the town is gone or broken, or gt is', async () => {
  const path = await soloTown();
  const commit = async (): Promise<void> => assert.equal(await run(['git', 'commit', '--allow-empty', '-qm', 'one'], { cwd: path }).then(({ code, stdout, stderr }) => [code, stdout, stderr]), [0, '', '']);
  const hub = join(temporary(), 'hub.git');
  await git('/', ['init', '-q', '--bare', hub]);
  const push = async (): Promise<void> => assert.is((await run(['git', 'push', '-q', hub, 'main'], { cwd: path, env: { GT_AGENT: 'shop/polecats/nux' } })).code, 0);
  writeFileSync(join(path, '.git/gastown/town.json'), '{');
  await commit();
  await push();
  rmSync(join(path, '.git/gastown'), { recursive: true });
  await commit();
  await gtOutput(path, ['init', '--no-gate']);
  for (const name of ours) {
    const hook = join(path, '.git/hooks', name);
    writeFileSync(hook, readFileSync(hook, 'utf8').replaceAll(process.execPath, '/nowhere/gt'));
  }
  await commit();
  await push();
  const broken = join(temporary(), 'gt');
  script(broken, 'exit 70');
  for (const name of ours) {
    const hook = join(path, '.git/hooks', name);
    writeFileSync(hook, readFileSync(hook, 'utf8').replaceAll('/nowhere/gt', broken));
  }
  await commit();
  await push();
});

hooks('of our own git processes do not run', async () => {
  const path = await soloTown();
  const log = join(temporary(), 'log');
  script(join(path, '.git/hooks/reference-transaction.before-gastown'), `echo x >>${log}`);
  await gtOutput(path, ['config', 'set', 'scheduler.max_polecats', '0']);
  await gtOutput(path, ['crew', 'add', 'max']);
  assert.not.ok(existsSync(log));
});

hooks('are not there for a repository without a town', async () => {
  const ran = await gt(await project(), ['githooks', 'install']);
  assert.is(ran.code, 4);
  assert.match(ran.stderr, /belongs to no town/);
});

hooks.run();
