import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shardOf } from '../../src/base/ids.ts';
import { create } from '../../src/domain/content.ts';
import { mainRef } from '../../src/ledger/ledger.ts';
import { listShards } from '../../src/ledger/read.ts';
import { nux, refusal } from '../helpers/garage.ts';
import { gitIn, loseObject, newLedger, write } from '../helpers/ledger.ts';
import { temporary } from '../helpers/temporary.ts';

const listing = suite('listShards');

listing('names the object that the repository has lost, be it the commit, its tree or a folder, and takes nothing else for a loss', async () => {
  const folder = `${mainRef}:beads/${shardOf('gt-a').slice(0, 2)}`;
  for (const lost of [folder, `${mainRef}^{tree}`, mainRef]) {
    const ledger = await newLedger();
    const { commit = '' } = await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
    assert.equal([...(await listShards(ledger, commit)).keys()], [shardOf('gt-a')]);
    const oid = (await gitIn(ledger, 'rev-parse', folder)).trim();
    await loseObject(ledger, lost);
    const error = await listShards(ledger, commit).catch((failure: unknown) => failure);
    assert.ok(refusal('object.missing')(error), String(error));
    assert.match((error as Error).message, lost === folder ? oid : commit);
    const nowhere = { ...ledger.repository, gitDir: temporary() };
    assert.ok(refusal('git.failed')(await listShards({ repository: nowhere }, commit).catch((failure: unknown) => failure)));
  }
});

listing.run();
