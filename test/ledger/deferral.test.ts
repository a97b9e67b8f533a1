import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { create } from '../../src/domain/content.ts';
import { liveBeads, readyBeads } from '../../src/ledger/projection.ts';
import { nux } from '../helpers/garage.ts';
import { newLedger, write } from '../helpers/ledger.ts';

const deferral = suite('deferred work');

deferral('becomes ready by time alone, each bead at its own', async () => {
  const start = Date.parse('2026-05-01T08:00:00Z');
  const watch = { time: start };
  const ledger = await newLedger(watch);
  await write(ledger, (view) => [
    ...create(view, 'gt-now', { title: 'Weld' }, nux),
    ...create(view, 'gt-one', { title: 'Grind', defer_until: '2026-05-01T09:00:00Z' }, nux),
    ...create(view, 'gt-two', { title: 'Paint', defer_until: '2026-05-01T12:00:00+02:00' }, nux),
  ]);
  const ready = async (): Promise<string[]> => (await readyBeads(ledger, Infinity)).beads.map(({ id }) => id).sort();
  const seen: string[][] = [];
  for (const minutes of [0, 59, 60, 119, 120, 121]) {
    watch.time = start + minutes * 60_000;
    seen.push(await ready());
    assert.is([...(await liveBeads(ledger)).all()].length, 3);
  }
  const [first, second, third] = [['gt-now'], ['gt-now', 'gt-one'], ['gt-now', 'gt-one', 'gt-two']];
  assert.equal(seen, [first, first, second, second, third, third]);
});

deferral.run();
