import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { create } from '../../src/domain/content.ts';
import { shardOf } from '../../src/base/ids.ts';
import { differenceSince } from '../../src/ledger/difference.ts';
import { importCommit } from '../../src/git/import.ts';
import { keptDifference } from '../../src/ledger/kept-difference.ts';
import { readRef, updateRefs } from '../../src/git/refs.ts';
import { openPage } from '../../src/ledger/open-page.ts';
import { written } from '../../src/ledger/live.ts';
import { allIds, keepProjection, liveBeads, readyBeads, roughCount } from '../../src/ledger/projection.ts';
import { nux, refusal } from '../helpers/garage.ts';
import { ledgerAt, loseObject, newLedger, write } from '../helpers/ledger.ts';
import { answers, cacheFolder, doOrRefuse, firstLook, glimpsed } from '../helpers/projecting.ts';
import { repository } from '../helpers/temporary.ts';

const projection = suite('the projection where something is wrong');

projection('is worked out ahead whole, where whoever did that was killed between two files', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await keepProjection(ledger);
  const files = readdirSync(cacheFolder(ledger)).sort();
  assert.equal(files, [...written].sort());
  for (const lost of written) {
    rmSync(join(cacheFolder(ledger), lost));
    await keepProjection(ledger);
    assert.equal([readdirSync(cacheFolder(ledger)).sort(), roughCount(ledger)], [files, 1], lost);
  }
});

projection('is never trusted for another commit', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  const first = (await readRef(ledger.repository, ledger.ref)) ?? '';
  await write(ledger, (view) => create(view, 'gt-b', { title: 'Paint' }, nux));
  assert.equal(await allIds(ledger), ['gt-a', 'gt-b']);
  await updateRefs(ledger.repository, [{ ref: ledger.ref, from: (await readRef(ledger.repository, ledger.ref)) ?? '', to: first }]);
  assert.equal(await allIds(ledger), ['gt-a']);
  assert.is((await readyBeads(ledger, 9)).total, 1);
});

projection('takes no bead from a shard where nobody would find it, brought up to date or worked out from nothing', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await answers(ledger);
  const parent = (await readRef(ledger.repository, ledger.ref)) ?? '';
  const sign = { name: 'x', email: 'x@y.z', epochSeconds: 1, zone: '+0000' };
  const misplaced = [`beads/${shardOf('gt-a')}.jsonl`, '{"clock":{"born":"000000001000aaaaaa"},"created_at":"","id":"gt-zzz","issue_type":"task","priority":0,"status":"open","title":"x","updated_at":""}\n'] as const;
  await importCommit(ledger.repository, ledger.ref, parent, async () => ({ message: 'x', author: sign, committer: sign, files: new Map([misplaced]) }));
  for (const forget of [false, true]) {
    if (forget) rmSync(cacheFolder(ledger), { recursive: true });
    for (const question of [() => readyBeads(ledger, 5), () => firstLook(ledger, 5)]) {
      const said = await question().then((list) => JSON.stringify(list), (error: Error) => error.message);
      assert.match(said, `${misplaced[0]}, line 1: gt-zzz belongs into another shard`);
    }
  }
});

projection('may be damaged in any way and is worked out anew', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  const good = await answers(ledger);
  for (const file of readdirSync(cacheFolder(ledger))) {
    const path = join(cacheFolder(ledger), file);
    const text = readFileSync(path, 'utf8');
    for (const damage of ['', 'x', '{"version":3}\n', text.slice(0, text.indexOf('\n') + 1).replace('"commit":"', '"commit":"0'), text.replace('"version":', '"version":1')]) {
      writeFileSync(path, damage);
      await glimpsed(ledger);
      assert.equal(await answers(ledger), good, `${file}: ${damage.slice(0, 40)}`);
    }
  }
});

projection('learns from writers what they change, and believes no mark that does not fit', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => [...create(view, 'gt-a', { title: 'Weld' }, nux), ...create(view, 'gt-b', { title: 'Paint' }, nux)]);
  await answers(ledger);
  const newest = async (): Promise<string> => (await readRef(ledger.repository, ledger.ref)) ?? '';
  const from = await newest();
  const path = join(cacheFolder(ledger), 'difference');
  for (const verb of ['label', 'close', 'reopen', 'remove', 'create']) {
    await doOrRefuse(ledger, verb, verb === 'create' ? 'gt-d' : 'gt-a', 'gt-b');
    const to = await newest();
    const told = keptDifference(ledger, from, to);
    rmSync(path);
    assert.equal(told, await differenceSince(ledger, from, to), verb);
  }
  for (const tail of ['', '[null,{"id":"gt-x"', '[null,{"id":"gt-x"}]\n', 'null\n', '5\n', '{"base":"1234","commit":"5678"}\n', '[null,{"id":"gt-x"}]\n{"base":"1234","commit":"5678"}\n']) {
    rmSync(cacheFolder(ledger), { recursive: true });
    await answers(ledger);
    await doOrRefuse(ledger, 'label', 'gt-b', 'gt-b');
    appendFileSync(path, tail);
    for (const verb of ['close', 'reopen']) {
      await doOrRefuse(ledger, verb, 'gt-b', 'gt-b');
      const told = await answers(ledger);
      rmSync(cacheFolder(ledger), { recursive: true });
      assert.equal(await answers(ledger), told, tail);
      if (verb === 'close') await doOrRefuse(ledger, 'label', 'gt-d', 'gt-b').then(() => appendFileSync(path, tail));
    }
  }
});

projection('takes no commit for an empty ledger that is none', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await answers(ledger);
  const tip = (await readRef(ledger.repository, ledger.ref)) ?? '';
  const person = { name: 'nux', email: 'nux@citadel.example', epochSeconds: 1_777_000_000, zone: '+0000' };
  const code = await importCommit(ledger.repository, 'refs/heads/main', null, async () => ({ message: 'Code\n', author: person, committer: person, files: new Map([['README', 'x\n']]) }));
  await updateRefs(ledger.repository, [{ ref: ledger.ref, from: tip, to: code ?? '' }]);
  const asked: (() => Promise<unknown>)[] = [() => liveBeads(ledger), () => readyBeads(ledger, 9), () => allIds(ledger)];
  for (const ask of asked) assert.is(await ask().then(() => 'answered', (error: { code?: string }) => error.code), 'ledger.bad-format');
  assert.is(await openPage(ledger, 9), undefined);
});

projection('refuses a bead that stands where nobody would find it', async () => {
  const ledger = await newLedger();
  const parent = (await readRef(ledger.repository, ledger.ref)) ?? '';
  const sign = { name: 'x', email: 'x@y.z', epochSeconds: 1, zone: '+0000' };
  const line = '{"clock":{"born":"000000001000aaaaaa"},"id":"gt-a","title":"Weld"}\n';
  const elsewhere = `beads/${shardOf('gt-b')}.jsonl`;
  await importCommit(ledger.repository, ledger.ref, parent, async () => ({ message: 'x', author: sign, committer: sign, files: new Map([[elsewhere, line]]) }));
  for (const question of [() => allIds(ledger), () => readyBeads(ledger, 9)]) {
    await question().then(() => assert.unreachable(), (error: unknown) => assert.ok(refusal('ledger.bad-line')(error)));
  }
});

projection('tells a shard that the repository has lost from one that says nothing', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await loseObject(ledger, `${ledger.ref}:beads/${shardOf('gt-a')}.jsonl`);
  for (const question of [() => allIds(ledger), () => readyBeads(ledger, 9), () => firstLook(ledger, 9)]) {
    await question().then(() => assert.unreachable(), (error: unknown) => assert.ok(refusal('object.missing')(error)));
  }
});

projection('of a ledger that is missing is not empty', async () => {
  const ledger = ledgerAt(await repository());
  for (const question of [() => allIds(ledger), () => liveBeads(ledger), () => readyBeads(ledger, 9)]) {
    await question().then(() => assert.unreachable(), (error: unknown) => assert.ok(refusal('ledger.missing')(error)));
  }
  assert.is(roughCount(ledger), 0);
});

projection.run();
