import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareWorktree } from '../../src/actions/worker.ts';
import { openTown, rigNamed } from '../../src/town.ts';
import { git, gtJson, gtOutput, soloTown, townWithRig } from '../helpers/town.ts';
import { ownEnvironment } from '../helpers/temporary.ts';

Object.assign(process.env, ownEnvironment());

/** The worktree of a worker `nux` of the town's rig. */
async function worktreeOf(place: string, rigName: string): Promise<string> {
  const town = openTown(place, () => Date.now());
  const rig = rigNamed(town, rigName);
  const start = await git(rig.repository.commonDir, ['rev-parse', 'refs/heads/main']);
  return prepareWorktree(town, rig, 'nux', 'polecat/nux/shop-1', start);
}

function trailersOf(path: string): Promise<string> {
  return git(path, ['log', '-1', '--format=%(trailers:unfold)']).then((text) => text.trim());
}

const commits = suite('commits');

commits('of a worker name it, and the bead of its session', async () => {
  const { town } = await townWithRig();
  const path = await worktreeOf(town, 'shop');
  await git(path, ['commit', '--allow-empty', '-qm', 'Paint']);
  assert.is(await trailersOf(path), 'Agent: shop/polecats/nux');
  const env = { GT_AGENT: 'shop/polecats/nux', GT_BEAD: 'shop-x1y2z' };
  await git(path, ['commit', '--allow-empty', '-qm', 'Paint'], { env });
  assert.is(await trailersOf(path), 'Bead: shop-x1y2z\nAgent: shop/polecats/nux');
  await git(path, ['commit', '--amend', '--allow-empty', '--no-edit', '-q'], { env });
  assert.is(await trailersOf(path), 'Bead: shop-x1y2z\nAgent: shop/polecats/nux');
});

commits('of a worker name the bead that hangs on its hook', async () => {
  const solo = await soloTown();
  const path = await worktreeOf(solo, 'shop');
  const { id } = await gtJson<{ id: string }>(solo, ['bead', 'create', 'Paint the door']);
  await gtOutput(solo, ['bead', 'update', id, '--status', 'hooked', '--assignee', 'shop/polecats/nux']);
  await git(path, ['commit', '--allow-empty', '-qm', 'Paint']);
  assert.is(await trailersOf(path), `Bead: ${id}\nAgent: shop/polecats/nux`);
});

commits('of people carry none', async () => {
  const path = await soloTown();
  await git(path, ['commit', '--allow-empty', '-qm', 'Paint']);
  assert.is(await trailersOf(path), '');
});

commits('that git composes keep what they are made of', async () => {
  const { town } = await townWithRig();
  const path = await worktreeOf(town, 'shop');
  await git(path, ['commit', '--allow-empty', '-qm', 'fixup! Begin']);
  assert.is(await trailersOf(path), '');
  await git(path, ['checkout', '-q', '-b', 'side', 'HEAD~']);
  writeFileSync(join(path, 'door'), '');
  await git(path, ['add', '.']);
  await git(path, ['commit', '-qm', 'Side']);
  await git(path, ['merge', '-q', '--no-edit', 'polecat/nux/shop-1']);
  assert.is(await trailersOf(path), '');
});

commits.run();
