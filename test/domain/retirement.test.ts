import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { overdue, retiredAfter, watched, type Sight, type Watch } from '../../src/domain/retirement.ts';

const day = 86_400_000;
const start = Date.parse('2026-05-01T08:00:00Z');
const nux: Sight = { replica: 'nux001', sign: 'a', behind: true };

/** What is known after looks at these times, each with the same sight unless told. */
function looks(times: readonly number[], sightAt: (look: number) => readonly Sight[] = () => [nux]): Watch {
  return times.reduce<Watch | undefined>((watch, now, look) => watched(watch, sightAt(look), now), undefined)!;
}

const daily = (count: number): number[] => Array.from({ length: count }, (_, index) => start + index * day);

const watching = suite('watched');

watching('counts how long a clone has lagged behind without a sign, and from when', () => {
  assert.equal(looks(daily(31)).seen, { nux001: { sign: 'a', silent: 30 * day, since: start } });
  assert.equal([overdue(looks(daily(31))), overdue(looks([...daily(31), start + 30 * day + 1]))], [[], ['nux001']]);
  assert.equal(overdue(looks(Array.from({ length: 31 * 24 }, (_, hour) => start + hour * 3_600_000))), ['nux001']);
});

watching('begins anew with every sign, and where the clone has all that there is', () => {
  for (const [sight, silent] of [[{ sign: 'b' }, 23], [{ behind: false }, 24]] as const) {
    const watch = looks(daily(60), (look) => [look === 35 ? { ...nux, ...sight } : nux]);
    assert.equal([watch.seen['nux001']?.silent, overdue(watch)], [silent * day, []]);
  }
  assert.equal(overdue(looks(daily(90), () => [{ ...nux, behind: false }])), [], 'nobody has written anything for three months');
  assert.equal(looks(daily(40), (look) => (look === 20 ? [] : [nux])).seen['nux001']?.silent, 18 * day, 'one that was gone and came back');
});

watching('believes no clock that jumps', () => {
  assert.equal(overdue(looks([start, start + 3650 * day, start + 3650 * day + 60_000])), []);
  assert.is(looks([start, start + 3650 * day]).seen['nux001']?.silent, day);
  assert.is(looks([start, start - 3650 * day, start]).seen['nux001']?.silent, day);
  assert.equal(overdue(looks(Array.from({ length: 200 }, (_, look) => start + look * 10_000 + (look % 2) * 3650 * day))), [], 'two clocks in turn, as of a clone that two machines see');
});

watching('retires nobody before thirty looks without a sign, whatever the clock says', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: -4000, max: 4000 }), fc.boolean()), { minLength: 2, maxLength: 60 }), (steps) => {
      let [now, sign, since] = [start, 0, 0];
      let watch: Watch | undefined;
      for (const [look, [days, moves]] of steps.entries()) {
        now += days * day;
        if (moves && look % 5 === 0) [sign, since] = [sign + 1, look];
        watch = watched(watch, [{ ...nux, sign: String(sign) }], now);
        if (overdue(watch).length > 0) assert.ok(look - since > retiredAfter / day, `after ${look - since} looks`);
      }
    }),
  );
});

watching.run();
