import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gt, gtJson, gtOutput, project, soloTown, townWithRig } from '../helpers/town.ts';

const naming = suite('naming a worker');

naming('asks for more than a name that workers of two rigs have', async () => {
  const { town } = await townWithRig();
  await gtOutput(town, ['rig', 'add', 'yard', await project(), '--no-gate']);
  for (const rig of ['shop', 'yard']) {
    const { id } = await gtJson<{ id: string }>(town, ['create', `Sweep the ${rig}`, '--rig', rig, '--run', 'true']);
    await gtOutput(town, ['sling', id, `${rig}/nux`, '--no-start']);
  }
  const { code, stderr } = await gt(town, ['polecat', 'nuke', 'nux', '--force']);
  assert.is(code, 1);
  assert.match(stderr, 'shop/polecats/nux, yard/polecats/nux');
  assert.is((await gtJson<unknown[]>(town, ['polecat', 'list'])).length, 2);
  await gtOutput(town, ['polecat', 'nuke', 'yard/nux', '--force']);
  assert.equal((await gtJson<{ address: string }[]>(town, ['polecat', 'list'])).map(({ address }) => address), ['shop/polecats/nux']);
});

naming.run();

const tracking = suite('slinging a bead again');

tracking('keeps the convoy that tracks it', async () => {
  const shop = await soloTown();
  const { id } = await gtJson<{ id: string }>(shop, ['create', 'Sweep the shop', '--run', 'true']);
  await gtOutput(shop, ['sling', id, '--no-start']);
  await gtOutput(shop, ['unsling', id]);
  await gtOutput(shop, ['sling', id, '--no-start']);
  assert.equal((await gtJson<{ title: string }[]>(shop, ['convoy', 'list', '--all'])).map(({ title }) => title), ['Work: Sweep the shop']);
});

tracking.run();
