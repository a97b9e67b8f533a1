import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BadReplica, isStamp, makeStamp, nextStamp, stampAfter, stampReplica, stampTime } from '../../src/base/clock.ts';

const replica = fc.stringMatching(/^[0-9a-z]{6}$/);
const time = fc.integer({ min: 0, max: 4_102_444_800_000 });

const clock = suite('a stamp');

clock('holds its time and its replica', () => {
  fc.assert(
    fc.property(time, fc.nat(46_655), replica, (milliseconds, counter, name) => {
      const stamp = makeStamp(milliseconds, counter, name);
      assert.ok(isStamp(stamp));
      assert.is(stampTime(stamp), milliseconds);
      assert.is(stampReplica(stamp), name);
    }),
  );
});

clock('compares as its time does', () => {
  fc.assert(fc.property(time, time, replica, (a, b, name) => assert.is(makeStamp(a, 0, name) < makeStamp(b, 0, name), a < b)));
});

clock('is followed by a greater one, even when the clock has gone back an hour', () => {
  fc.assert(
    fc.property(time, fc.nat(46_655), replica, replica, (milliseconds, counter, mine, other) => {
      const last = makeStamp(milliseconds, counter, other);
      assert.ok(stampAfter(last, mine) > last);
      assert.ok(nextStamp(milliseconds - 3_600_000, last, mine) > last);
    }),
  );
});

clock('moves on to the next millisecond when its counter is used up', () => {
  const last = makeStamp(1_700_000_000_000, 46_655, 'aaaaaa');
  assert.equal([stampTime(stampAfter(last, 'bbbbbb')), stampAfter(last, 'bbbbbb').slice(9, 12)], [1_700_000_000_001, '000']);
});

clock('is never given out twice by one replica, whatever its clock does', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -10, max: 10 }), { maxLength: 50 }), (jumps) => {
      let now = 1_700_000_000_000;
      let last: string | undefined;
      for (const jump of jumps) {
        now += jump;
        const next = nextStamp(now, last, 'aaaaaa');
        assert.ok((last === undefined || next > last) && stampTime(next) >= now);
        last = next;
      }
    }),
  );
});

clock('takes the time that it is when nothing lies ahead', () => {
  assert.is(stampTime(nextStamp(1_700_000_000_000, makeStamp(1_600_000_000_000, 7, 'aaaaaa'), 'bbbbbb')), 1_700_000_000_000);
});

clock('needs a replica of six characters', () => {
  assert.throws(() => makeStamp(1, 0, 'short'), (error: unknown) => error instanceof BadReplica);
});

clock.run();
