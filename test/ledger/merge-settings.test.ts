import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nextStamp } from '../../src/base/clock.ts';
import { canonical } from '../../src/base/jsonl.ts';
import { evolveSettings, settingAt, setSetting } from '../../src/domain/setting.ts';
import { parseFormat, type Format } from '../../src/ledger/init.ts';
import { mergeFormat, mergeSettings } from '../../src/ledger/merge-settings.ts';
import { stampForSetting } from '../../src/ledger/stamps.ts';
import { refusal } from '../helpers/garage.ts';

type Settings = Readonly<Record<string, unknown>>;

const keys = ['a', 'a.b', 'a.b.c', 'a.d', 'e', 'f.g'];
const values: readonly unknown[] = [1, 'x', undefined, { b: 2 }, { b: { c: 3 }, d: 4 }, [1, 2], {}];
const step = fc.record({ replica: fc.nat(2), key: fc.constantFrom(...keys), value: fc.constantFrom(...values), meets: fc.option(fc.nat(2), { nil: undefined, freq: 4 }) });

/** Three replicas of one settings file after a history; their clocks are an hour apart. */
function replicasAfter(steps: readonly { replica: number; key: string; value: unknown; meets: number | undefined }[]): [Settings, Settings, Settings] {
  const states: [Settings, Settings, Settings] = [{}, {}, {}];
  const lasts: (string | undefined)[] = [];
  steps.forEach(({ replica, key, value, meets }, index) => {
    const now = states[replica] ?? {};
    if (meets !== undefined) return void (states[replica] = mergeSettings(now, states[meets] ?? {}));
    const base = nextStamp(1e12 + index * 1000 + replica * 3_600_000, lasts[replica], ['aaaaaa', 'bbbbbb', 'cccccc'][replica] ?? '');
    lasts[replica] = base;
    for (const change of setSetting(now, 'config', key, value)) states[replica] = JSON.parse(JSON.stringify(evolveSettings(now, change, stampForSetting(base, now, key)))) as Settings;
  });
  return states;
}

const laws = suite('mergeSettings');

laws('is commutative, associative and idempotent, and brings nothing back', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
      const [a, b, c] = replicasAfter(steps);
      const merged = mergeSettings(mergeSettings(a, b), c);
      assert.is(canonical(mergeSettings(a, b)), canonical(mergeSettings(b, a)), 'commutative');
      assert.is(canonical(merged), canonical(mergeSettings(a, mergeSettings(b, c))), 'associative');
      assert.is(canonical(merged), canonical(mergeSettings(b, mergeSettings(c, a))), 'in another order');
      assert.is(canonical(mergeSettings(a, a)), canonical(a), 'idempotent');
      assert.is(canonical(mergeSettings(merged, b)), canonical(merged), 'absorbing');
    }),
    { numRuns: 10_000 },
  );
});

laws('takes each key from whoever wrote it last, and lets a removal stand', () => {
  const [a, b] = replicasAfter([
    { replica: 0, key: 'e', value: 1, meets: undefined },
    { replica: 1, key: 'e', value: 'x', meets: undefined },
    { replica: 0, key: 'f.g', value: 1, meets: undefined },
    { replica: 1, key: 'a', value: { b: 2 }, meets: undefined },
    { replica: 1, key: 'f.g', value: 1, meets: 0 },
    { replica: 1, key: 'f.g', value: undefined, meets: undefined },
  ]);
  const merged = mergeSettings(a, b);
  assert.equal([settingAt(merged, 'e'), settingAt(merged, 'f.g'), settingAt(merged, 'a')], ['x', undefined, { b: 2 }]);
});

laws.run();

const formats = suite('mergeFormat');

formats('has all prefixes and the newer cut, whoever asks', () => {
  const [a, b] = [{ format: 1 as const, prefixes: ['hq', 'gt'], cut: 1 }, { format: 1 as const, prefixes: ['gt', 'az'], cut: 0 }];
  assert.equal(mergeFormat(a, b), { format: 1, prefixes: ['gt', 'az', 'hq'], cut: 1 });
  assert.equal(mergeFormat(b, a), mergeFormat(a, b));
  assert.equal(mergeFormat(a, a), a);
});

formats('takes one that counts no cuts for one that was never cut, and none that counts them in no number', () => {
  const [never, once] = ['{"format":1,"prefixes":["gt"]}', '{"cut":1,"format":1,"prefixes":["gt"]}'].map((text) => parseFormat('feedbeef', text)) as [Format, Format];
  assert.equal([never.cut, mergeFormat(never, once), mergeFormat(once, never)], [0, once, once]);
  for (const cut of ['"1"', '0.5', '-1', '[]']) assert.throws(() => parseFormat('feedbeef', `{"cut":${cut},"format":1,"prefixes":["gt"]}`), refusal('ledger.bad-format'), cut);
});

formats.run();
