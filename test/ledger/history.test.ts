import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { close, remove } from '../../src/domain/closing.ts';
import { create } from '../../src/domain/content.ts';
import { claim } from '../../src/domain/hook.ts';
import { differences } from '../../src/domain/history.ts';
import { versionsOf } from '../../src/ledger/history.ts';
import { openSnapshot } from '../../src/ledger/read.ts';
import { transact } from '../../src/ledger/transact.ts';
import { nux, slit } from '../helpers/garage.ts';
import { ace, newLedger, write } from '../helpers/ledger.ts';

const history = suite('versionsOf');

history('tells who changed a bead and how, and nothing of its neighbours', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await write(ledger, (view) => create(view, 'gt-a.1', { title: 'Grind' }, nux));
  await transact(ledger, { ...ace, actor: 'nux' }, 'Claim', (view) => claim(view, 'gt-a', nux));
  await write(ledger, (view) => close(view, 'gt-a', { reason: 'done' }, slit));
  await write(ledger, (view) => remove(view, 'gt-a', { reason: 'off', force: true }, nux));
  const versions = await versionsOf(ledger, 'gt-a');
  assert.equal(versions.map(({ actor, before, after }) => [actor, differences(before, after).join(', ')]), [
    ['ace', 'created as open task P2: Weld'],
    ['nux', 'status open → in_progress, given to nux'],
    ['ace', 'closed: done'],
    ['ace', 'deleted: off'],
  ]);
  assert.equal(await versionsOf(ledger, 'gt-zzz'), []);
});

history('can be looked at as it was', async () => {
  const ledger = await newLedger();
  const { commit } = await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await write(ledger, (view) => close(view, 'gt-a', { reason: 'done' }, slit));
  const then = await openSnapshot(ledger, commit);
  assert.is(await then.ask((view) => view.get('gt-a')?.status), 'open');
});

history.run();
