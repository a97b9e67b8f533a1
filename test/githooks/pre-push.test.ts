import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareWorktree } from '../../src/actions/worker.ts';
import { openTown, rigNamed } from '../../src/town.ts';
import { git, gtJson, gtOutput, townWithRig } from '../helpers/town.ts';
import { ownEnvironment, run, temporary } from '../helpers/temporary.ts';

Object.assign(process.env, ownEnvironment());

async function worktree(): Promise<{ town: string; hub: string; path: string }> {
  const { town: place, hub } = await townWithRig();
  const town = openTown(place, () => Date.now());
  const rig = rigNamed(town, 'shop');
  const path = await prepareWorktree(town, rig, 'nux', 'polecat/nux/shop-1', await git(rig.repository.commonDir, ['rev-parse', 'refs/heads/main']));
  await git(path, ['commit', '--allow-empty', '-qm', 'Paint']);
  return { town: place, hub, path };
}

const push = suite('a push');

push('of a worker to the target is refused, and it is told what to do', async () => {
  const { hub, path } = await worktree();
  const before = await git(hub, ['for-each-ref']);
  for (const refspec of ['HEAD:main', '+HEAD:refs/heads/main', 'HEAD:refs/heads/mq/main/in/mr-1', 'HEAD:main HEAD:side']) {
    const ran = await run(['git', 'push', '-q', 'origin', ...refspec.split(' ')], { cwd: path });
    assert.is(ran.code, 1, refspec);
    assert.match(ran.stderr, /merge queue.*\n {2}try: gt done/);
  }
  const deleted = await run(['git', 'push', '-q', 'origin', ':main'], { cwd: path });
  assert.match(deleted.stderr, /try: gt done/);
  assert.is(await git(hub, ['for-each-ref']), before);
});

push('of a worker to its own branch passes, and the ledger goes along, whatever is wrong with another rig', async () => {
  const { town, hub, path } = await worktree();
  const yard = join(temporary(), 'yard.git');
  await git('/', ['clone', '-q', '--bare', hub, yard]);
  await gtOutput(town, ['rig', 'add', 'yard', yard, '--no-gate']);
  await git(join(town, 'yard/.repo.git'), ['update-ref', '-d', 'refs/beads/main']);
  renameSync(yard, `${yard}.away`);
  await git(path, ['push', '-q', 'origin', 'HEAD']);
  assert.is(await git(hub, ['rev-parse', 'refs/beads/main']), await git(path, ['rev-parse', 'refs/beads/main']));
  assert.is(await git(hub, ['rev-parse', 'polecat/nux/shop-1']), await git(path, ['rev-parse', 'HEAD']));
});

push('of a person passes, unless the role says worker', async () => {
  const { town, hub } = await worktree();
  const { folder } = await gtJson<{ folder: string }>(town, ['crew', 'add', 'max', '--rig', 'shop']);
  await git(folder, ['commit', '--allow-empty', '-qm', 'Straight']);
  assert.is((await run(['git', 'push', '-q', 'origin', 'HEAD:main'], { cwd: folder, env: { GT_ROLE: 'polecat' } })).code, 1);
  await git(folder, ['push', '-q', 'origin', 'HEAD:main']);
  assert.is(await git(hub, ['rev-parse', 'main']), await git(folder, ['rev-parse', 'HEAD']));
});

push.run();
