import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evolveSettings, setSetting, settingAt, settingLeaves } from '../../src/domain/setting.ts';
import { refusal } from '../helpers/garage.ts';

const stamp = '000000001000aaaaaa';
const gates = { merge_queue: { gates: { test: { command: 'make test' } } } };

const setting = suite('a setting');

setting('is set at a dotted key, and its stamp is remembered', () => {
  const [change] = setSetting(gates, 'config', 'merge_queue.gates.test.timeout', '5m');
  assert.ok(change);
  const after = evolveSettings(gates, change, stamp);
  assert.equal(after, { merge_queue: { gates: { test: { command: 'make test', timeout: '5m' } } }, clock: { 'merge_queue.gates.test.timeout': stamp } });
  assert.equal(settingLeaves(after), [['merge_queue.gates.test.command', 'make test'], ['merge_queue.gates.test.timeout', '5m']]);
});

setting('is removed with the folders that it leaves empty', () => {
  const [change] = setSetting(gates, 'config', 'merge_queue.gates.test.command', undefined);
  assert.ok(change);
  assert.equal(evolveSettings(gates, change, stamp), { clock: { 'merge_queue.gates.test.command': `-${stamp}` } });
});

setting('that says so already changes nothing', () => {
  assert.equal(setSetting(gates, 'config', 'merge_queue.gates.test.command', 'make test'), []);
  assert.equal(setSetting(gates, 'config', 'default_agent', undefined), []);
});

setting('has a key of words and dots', () => {
  for (const key of ['', '.a', 'a..b', 'a b', '__proto__', 'a.__proto__.b', 'a.clock', `a.${'x'.repeat(300)}`]) assert.throws(() => setSetting({}, 'config', key, 1), refusal('setting.bad-key'), key);
});

setting('is found again where it was put', () => {
  const key = fc.array(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('.'));
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.oneof(fc.nat(9), fc.constant(undefined))), { maxLength: 8 }), (writes) => {
      let settings: Readonly<Record<string, unknown>> = {};
      for (const [name, value] of writes) {
        for (const change of setSetting(settings, 'config', name, value)) settings = evolveSettings(settings, change, stamp);
        assert.is(settingAt(settings, name), value);
        assert.equal(setSetting(settings, 'config', name, value), []);
      }
    }),
  );
});

setting.run();
