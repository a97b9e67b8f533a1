import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { candidateIds, hashText, idLength, prefixOf, rootOf, shardOf, shardOnce } from '../../src/base/ids.ts';

const ids = suite('an id');

ids('grows with the ledger', () => {
  assert.is(idLength(0), 5);
  assert.is(idLength(5_000), 5);
  assert.is(idLength(6_000), 6);
  assert.is(idLength(40_000), 7);
  assert.is(idLength(10_000_000), 8);
});

ids('has its root before the first dot or plus', () => {
  assert.equal(['gt-a', 'gt-a.1', 'gt-a.1.2', 'gt-a+x.1'].map(rootOf), ['gt-a', 'gt-a', 'gt-a', 'gt-a']);
});

ids('belongs to the longest prefix that fits', () => {
  assert.is(prefixOf('my-app-x1', ['my', 'my-app']), 'my-app');
  assert.is(prefixOf('my-x1', ['my', 'my-app']), 'my');
  assert.is(prefixOf('myx1', ['my']), undefined);
});

ids('lies in one of 4,096 shards, beside its parent', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^gt-[0-9a-z]{5}$/), fc.nat(99), (root, child) => {
      assert.match(shardOf(root), /^[0-7]{2}\/[0-7]{2}$/);
      assert.is(shardOf(`${root}.${child}`), shardOf(root));
      assert.equal([shardOf(root), shardOnce(root), shardOnce(`${root}.${child}`)], [hashShard(root), hashShard(root), hashShard(root)]);
    }),
  );
});

/** The first twelve bits of the SHA-1, by the runtime's own means. */
function hashShard(id: string): string {
  const digits = parseInt(process.getBuiltinModule('node:crypto').createHash('sha1').update(id).digest('hex').slice(0, 3), 16).toString(8).padStart(4, '0');
  return `${digits.slice(0, 2)}/${digits.slice(2)}`;
}

ids('is tried at several places before it grows', () => {
  const tried = [...candidateIds('gt', 'Oil the hinges', 0)];
  assert.is(new Set(tried).size, 40);
  assert.equal([...new Set(tried.map((id) => id.length))], [8, 9, 10, 11]);
  assert.equal(tried, [...candidateIds('gt', 'Oil the hinges', 0)]);
});

ids('is hashed as bd hashes', () => {
  const said = ['Fix login', 'Details', 'jira-import', `${Date.parse('2024-01-02T03:04:05.006Z')}000000`, '0'].join('|');
  assert.equal([3, 4, 5, 6, 7, 8].map((length) => hashText(said, length)), ['vju', '8d8e', 'bi3tk', '8bi3tk', 'r5sr6bm', '8r5sr6bm']);
});

ids('grows where the chance that two are alike passes one in four', () => {
  assert.equal([5_898, 5_899, 35_389, 35_390, 212_339, 212_340].map(idLength), [5, 6, 6, 7, 7, 8]);
});

ids('is made of the characters of base 36', () => {
  fc.assert(fc.property(fc.string(), fc.integer({ min: 1, max: 8 }), (text, length) => assert.match(hashText(text, length), new RegExp(`^[0-9a-z]{${length}}$`))));
});

ids.run();
