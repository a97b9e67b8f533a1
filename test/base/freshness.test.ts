import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Freshness } from '../../src/base/freshness.ts';

const freshness = suite('Freshness');

freshness('knows what was done so short a time ago, each by itself', () => {
  let now = 0;
  const done = new Freshness(() => now);
  assert.not(done.isWithin('shop', 30));
  done.note('shop');
  now = 30;
  assert.equal([done.isWithin('shop', 30), done.isWithin('shop', 29), done.isWithin('yard', 30)], [true, false, false]);
  done.note('shop');
  done.forget('shop');
  assert.not(done.isWithin('shop', 30));
});

freshness('goes by no clock that somebody sets', () => {
  const done = new Freshness();
  const real = Date.now;
  done.note('shop');
  const end = performance.now() + 2;
  while (performance.now() < end);
  try {
    Date.now = () => 0;
    assert.not(done.isWithin('shop', 1));
    assert.ok(done.isWithin('shop', 60_000));
  } finally {
    Date.now = real;
  }
});

freshness.run();
