import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stackRequest } from '../../src/actions/stack.ts';
import { gitText } from '../../src/git/run.ts';
import { thrown } from '../git/ground.ts';
import { hubTown, submitted, tip } from '../helpers/queue.ts';

const stacking = suite('stackRequest');

stacking('brings a stack to the hub by another number where another clone was faster with the one that it has here', async () => {
  const world = await hubTown();
  const { town, rig, place } = world;
  const { request } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  const onto = { commit: await tip(rig), tree: '' };
  await gitText(place, ['update-ref', 'refs/heads/mq/main/try/1', request.head]);
  assert.is((await thrown(() => stackRequest(town, rig, request, onto))).code, 'push.refused');
  await gitText(rig.repository, ['fetch', '-q', 'origin']);
  const stack = await stackRequest(town, rig, request, onto);
  const there = await gitText(place, ['for-each-ref', '--format=%(refname:lstrip=4) %(objectname)', 'refs/heads/mq/main/try']);
  assert.equal(there.split('\n'), [`try/1 ${request.head}`, `try/2 ${stack.kind === 'built' ? stack.commit : ''}`]);
  assert.equal(await stackRequest(town, rig, request, onto), stack);
});

stacking.run();
