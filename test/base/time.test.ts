import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BadTime, compareTimes, parseDuration, parseTime, shortDuration, timeOf, timestamp } from '../../src/base/time.ts';

const now = Date.parse('2026-03-31T12:00:00Z');
const at = (text: string): string => timestamp(parseTime(text, now));

const times = suite('a time');

times('may be typed as a distance, a day, a date or RFC 3339', () => {
  assert.is(at('+6h'), '2026-03-31T18:00:00Z');
  assert.is(at('-2w'), '2026-03-17T12:00:00Z');
  assert.is(at('3d'), '2026-04-03T12:00:00Z');
  assert.is(at('1y'), '2027-03-31T12:00:00Z');
  assert.is(at('tomorrow'), '2026-04-01T00:00:00Z');
  assert.is(at('now'), '2026-03-31T12:00:00Z');
  assert.is(at('3 days ago'), '2026-03-28T12:00:00Z');
  assert.is(at('7d ago'), '2026-03-24T12:00:00Z');
  assert.is(at('in 2 weeks'), '2026-04-14T12:00:00Z');
  assert.is(at('an hour ago'), '2026-03-31T11:00:00Z');
  assert.is(at('2days ago'), '2026-03-29T12:00:00Z');
  assert.is(at('Last Month'), '2026-03-03T12:00:00Z');
  assert.is(at('next year'), '2027-03-31T12:00:00Z');
  assert.equal(['tuesday', 'next wednesday', 'last monday', 'last tuesday'].map(at), ['2026-04-07T00:00:00Z', '2026-04-01T00:00:00Z', '2026-03-30T00:00:00Z', '2026-03-24T00:00:00Z']);
  assert.is(at('2030-01-31'), '2030-01-31T00:00:00Z');
  assert.is(at('2030-01-31T12:00:00+02:00'), '2030-01-31T10:00:00Z');
});

times('is written and read back alike', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 4e12 }), (milliseconds) => assert.is(timeOf(timestamp(milliseconds)), milliseconds)));
});

times('comes before a later one, with or without a fraction', () => {
  const moment = fc.integer({ min: 0, max: 4e9 }).chain((seconds) => fc.constantFrom(0, 1, 999).map((milliseconds) => seconds * 1000 + milliseconds));
  fc.assert(fc.property(moment, fc.integer({ min: -1500, max: 1500 }), (milliseconds, step) => {
    const [one, other] = [timestamp(milliseconds), timestamp(Math.max(0, milliseconds + step))];
    assert.is(compareTimes(one, other), Math.sign(milliseconds - Math.max(0, milliseconds + step)));
  }));
});

times('that is none is refused', () => {
  for (const text of ['', 'soon', '5', 'h', '2030-13-40', '+5parsecs', '999999y', 'week', 'last sunrise', 'constructor', '__proto__', '5 parsecs ago', 'any', 'am']) assert.throws(() => parseTime(text, now), (error: unknown) => error instanceof BadTime);
});

times('of any fraction and offset is read from old files', () => {
  assert.is(timeOf('2025-12-28T00:07:10.885229-08:00'), Date.parse('2025-12-28T08:07:10.885Z'));
  assert.is(timeOf('2025-11-24T13:58:03.677572681Z'), Date.parse('2025-11-24T13:58:03.677Z'));
  assert.is(timeOf(null), undefined);
  assert.is(timeOf('5'), undefined);
});

times.run();

const durations = suite('a duration');

durations('may have several units', () => {
  assert.equal(['90s', '5m', '1h30m', '2d', '45', '250ms'].map(parseDuration), [90e3, 300e3, 5400e3, 172_800e3, 45e3, 250]);
  for (const text of ['', 'm', '5x', '1h 30m', '-5m']) assert.throws(() => parseDuration(text), (error: unknown) => error instanceof BadTime);
});

durations('is told in one unit', () => {
  assert.equal([0, 59e3, 61e3, 3 * 3600e3, 50 * 3600e3].map(shortDuration), ['0s', '59s', '1m', '3h', '2d']);
});

durations.run();
