import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shardOf } from '../../src/base/ids.ts';
import { create } from '../../src/domain/content.ts';
import { ObjectReader } from '../../src/git/objects.ts';
import { mainRef } from '../../src/ledger/ledger.ts';
import { listShards, readShard } from '../../src/ledger/read.ts';
import { nux, refusal } from '../helpers/garage.ts';
import { loseObject, newLedger, write } from '../helpers/ledger.ts';

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
