import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shardOf } from '../../src/base/ids.ts';
import { create } from '../../src/domain/content.ts';
import { ObjectReader } from '../../src/git/objects.ts';
import { mainRef } from '../../src/ledger/ledger.ts';
import { listShards, readShard } from '../../src/ledger/read.ts';
import { nux, refusal } from '../helpers/garage.ts';
import { gitIn, loseObject, newLedger, write } from '../helpers/ledger.ts';
import { temporary } from '../helpers/temporary.ts';

const reading = suite('readShard');

reading('tells a shard that the repository has lost from one that says nothing, and from one that cannot be read', async () => {
  const ledger = await newLedger();
  const { commit = '' } = await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  const shard = shardOf('gt-a');
  const oid = (await listShards(ledger, commit)).get(shard) ?? '';
  const read = async (where: string): Promise<string[]> => {
    const reader = ObjectReader.open(ledger.repository);
    try {
      return [...(await readShard(reader, where, oid, commit)).keys()];
    } finally {
      await reader.close();
    }
  };
  assert.equal(await read(shard), ['gt-a']);
  assert.ok(refusal('ledger.bad-line')(await read('00/00').catch((error: unknown) => error)));
  await loseObject(ledger, `${mainRef}:beads/${shard}.jsonl`);
  assert.ok(refusal('object.missing')(await read(shard).catch((error: unknown) => error)));
});

reading.run();

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
