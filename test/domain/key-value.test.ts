import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { drop, entriesIn, findEntry, keep, slugOf, type Entry } from '../../src/domain/key-value.ts';
import { evolveSettings } from '../../src/domain/setting.ts';
import { refusal } from '../helpers/garage.ts';

function after(entries: readonly Entry[], before: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return entries.reduce<Record<string, unknown>>((settings, entry) => keep(settings, 'kv', entry).reduce((now, change) => evolveSettings(now, change, 'stamp'), settings), { ...before });
}

const kept = suite('what is kept under keys');

const anyKey = fc.oneof(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), fc.constantFrom('clock', '__proto__', 'constructor', 'a', 'a.b', 'a_b', 'a__b', '_x63lock', '🔥', 'a b', '\ufeffa')).filter((key) => key !== '' && Buffer.byteLength(key) <= 50 && !/[\u0000-\u001f\ud800-\udfff]/u.test(key));
const anyEntry = fc.record({ key: anyKey, value: fc.string({ maxLength: 20 }).filter((value) => !value.includes('\0') && value.isWellFormed()) }, { noNullPrototype: true });

kept('comes back as it was, whatever its key, beside all the others', () => {
  fc.assert(fc.property(fc.array(anyEntry, { maxLength: 8 }), (entries) => {
    const last = new Map(entries.map(({ key, value }) => [key, value]));
    assert.equal(entriesIn(after(entries)), [...last].map(([key, value]) => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1)));
  }), { numRuns: 2000 });
});

kept('goes when it is dropped, and nothing else does', () => {
  const settings = after([{ key: 'a', value: '1' }, { key: 'a.b', value: '2' }]);
  const dropped = drop(settings, 'kv', 'a').reduce((now, change) => evolveSettings(now, change, 'later'), settings);
  assert.equal(entriesIn(dropped), [{ key: 'a.b', value: '2' }]);
  assert.equal(keep(settings, 'kv', { key: 'a', value: '1' }), []);
});

kept('is refused where it could not be read back, and not found where it is not', () => {
  for (const entry of [{ key: '', value: 'x' }, { key: 'a\nb', value: 'x' }, { key: 'x'.repeat(61), value: 'x' }, { key: '🔥'.repeat(20), value: 'x' }, { key: 'a', value: 'x\0' }, { key: 'a', value: '\ud800' }, { key: '\ud800', value: 'x' }]) assert.throws(() => keep({}, 'kv', entry), (error: unknown) => refusal('entry.bad')(error) && (error as { hint?: string }).hint?.startsWith('gt kv set ') === true);
  assert.throws(() => findEntry({}, 'memory', 'constructor'), refusal('entry.unknown'));
  assert.throws(() => drop({}, 'kv', 'a'), refusal('entry.unknown'));
});

kept('is named by its first words', () => {
  assert.is(slugOf('The brake-lines come from the Bullet Farm, not from here!'), 'the-brake-lines-come-from-the-bullet-farm');
  assert.is(slugOf('  …  '), '');
  assert.is(slugOf(`${'x'.repeat(59)} y`), 'x'.repeat(59));
});

kept.run();
