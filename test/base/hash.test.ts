import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sha1, sha256 } from '../../src/base/hash.ts';

const hash = suite('a hash');

const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.nat(200).map((length) => 'x'.repeat(length)));

/** Does something as where there is no Node, such as in a browser. */
function withoutNode<T>(work: () => T): T {
  const own = Object.getOwnPropertyDescriptor(globalThis, 'process')!;
  Object.defineProperty(globalThis, 'process', { value: undefined, configurable: true, writable: true });
  try {
    return work();
  } finally {
    Object.defineProperty(globalThis, 'process', own);
  }
}

for (const [where, hashed] of [['where there is no Node', withoutNode], ['whoever works it out', <T>(work: () => T): T => work()]] as const) {
  hash(`is what the runtime says it is, for any text, ${where}`, () => {
    fc.assert(
      fc.property(texts, (text) => {
        assert.equal(hashed(() => [sha1(text), sha256(text)]), ['sha1', 'sha256'].map((name) => createHash(name).update(text).digest('hex')));
      }),
      { numRuns: 500 },
    );
  });
}

hash.run();
