import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { git, gtJson, gtOutput, project, soloTown, townWithRig } from '../helpers/town.ts';
import { environment, run, temporary } from '../helpers/temporary.ts';

interface Report {
  aliases: { set: string[]; kept: { name: string; value: string }[] };
}

const aliases = suite('git aliases');

aliases('run in a plain repository without gt on the PATH', async () => {
  const path = await soloTown();
  assert.match(await git(path, ['config', '--local', 'alias.convoy']), /gt convoy$/);
  assert.match(await git(path, ['convoy', 'list', '--all']), /convoy/);
});

aliases('run the gt on the PATH where there is one', async () => {
  const path = await soloTown();
  const bin = temporary();
  writeFileSync(join(bin, 'gt'), '#!/bin/sh\necho "mine $*"\n');
  chmodSync(join(bin, 'gt'), 0o755);
  assert.is(await git(path, ['convoy', 'a b', '$(touch pwned)'], { env: { PATH: `${bin}:${process.env.PATH}` } }), 'mine convoy a b $(touch pwned)');
});

aliases('resolve paths where they were typed', async () => {
  const path = await soloTown();
  mkdirSync(join(path, 'deep/er'), { recursive: true });
  const crew = await gtJson<{ folder: string }>(join(path, 'deep'), ['-C', '..', 'crew', 'add', 'max']);
  assert.is(crew.folder, `${path}.town/crew/max`);
  await git(path, ['config', 'alias.where', (await git(path, ['config', 'alias.convoy'])).replace(/gt convoy$/, 'gt install')]);
  const refused = await run(['git', 'where', 'er'], { cwd: join(path, 'deep') });
  assert.match(refused.stderr, new RegExp(`${path}/deep/er lies inside`));
});

aliases('of the person stay as they are', async () => {
  const path = await project();
  await git(path, ['config', 'alias.done', 'status']);
  const report = await gtJson<Report>(path, ['init', '--no-gate']);
  assert.equal(report.aliases.kept, [{ name: 'done', value: 'status' }]);
  assert.not.ok(report.aliases.set.includes('done'));
  assert.is(await git(path, ['config', 'alias.done']), 'status');
});

aliases('are set in every repository of a town, and taken away again', async () => {
  const { town, rig } = await townWithRig();
  for (const place of [town, join(rig, '.repo.git')]) assert.match(await git(place, ['config', '--local', 'alias.sling']), /gt sling$/);
  await gtOutput(town, ['aliases', '--remove']);
  for (const place of [town, join(rig, '.repo.git')]) assert.is((await run(['git', 'config', '--get-regexp', '^alias'], { cwd: place })).stdout, '');
});

aliases('are set for the person with --global, and then not here', async () => {
  const home = temporary();
  const env = environment(home);
  const path = await project();
  await gtOutput(path, ['init', '--no-gate', '--global'], { env });
  assert.match(readFileSync(join(home, '.gitconfig'), 'utf8'), /gt sling/);
  assert.is((await run(['git', 'config', '--local', '--get-regexp', '^alias'], { cwd: path, env })).stdout, '');
  await gtOutput(temporary(), ['aliases', '--global', '--remove'], { env });
  assert.not.match(readFileSync(join(home, '.gitconfig'), 'utf8'), /gt sling/);
});

aliases.run();
