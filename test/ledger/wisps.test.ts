import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { create, edit } from '../../src/domain/content.ts';
import { initLedger } from '../../src/ledger/init.ts';
import { allIds } from '../../src/ledger/projection.ts';
import { consult } from '../../src/ledger/read.ts';
import { isWispId, wispsOf } from '../../src/ledger/wisps.ts';
import { nux } from '../helpers/garage.ts';
import { ace, gitIn, newLedger, write } from '../helpers/ledger.ts';

const wisps = suite('ephemeral beads');

wisps('lie on a ref of their own, beside the ledger', async () => {
  const ledger = await newLedger();
  const fleeting = wispsOf(ledger);
  await initLedger(fleeting, ace);
  await write(fleeting, (view) => create(view, 'gt-wisp-a', { title: 'Ping', ephemeral: true }, nux));
  assert.equal([await allIds(fleeting), await allIds(ledger)], [['gt-wisp-a'], []]);
  assert.ok(isWispId('gt-wisp-a') && !isWispId('gt-a'));
});

wisps('have no past', async () => {
  const fleeting = wispsOf(await newLedger());
  await initLedger(fleeting, ace);
  await write(fleeting, (view) => create(view, 'gt-wisp-a', { title: 'Ping' }, nux));
  await write(fleeting, (view) => create(view, 'gt-wisp-b', { title: 'Pong' }, nux));
  await write(fleeting, (view) => edit(view, 'gt-wisp-a', { priority: 0 }, nux));
  assert.is(await gitIn(fleeting, 'rev-list', '--count', 'refs/wisps/main'), '1');
  assert.equal(await consult(fleeting, (view) => ['gt-wisp-a', 'gt-wisp-b'].map((id) => view.get(id)?.priority)), [0, 2]);
  await write(fleeting, () => [{ op: 'bead.withdrawn', id: 'gt-wisp-a' }]);
  assert.equal([await allIds(fleeting), await consult(fleeting, (view) => view.get('gt-wisp-a'))], [['gt-wisp-b'], undefined]);
  assert.is(await gitIn(fleeting, 'fsck', '--strict', '--no-dangling'), '');
});

wisps.run();
