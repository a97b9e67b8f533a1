import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sha1, sha256 } from '../../src/base/hash.ts';

const hash = suite('a hash');

hash('is what the runtime says it is, for any text', () => {
  const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.nat(200).map((length) => 'x'.repeat(length)));
  fc.assert(
    fc.property(texts, (text) => {
      assert.is(sha1(text), createHash('sha1').update(text).digest('hex'));
      assert.is(sha256(text), createHash('sha256').update(text).digest('hex'));
    }),
    { numRuns: 500 },
  );
});

hash.run();
