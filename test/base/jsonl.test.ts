import fc from 'fast-check';
import stableStringify from 'fast-json-stable-stringify';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BadLine, canonical, parseLines } from '../../src/base/jsonl.ts';

const jsonl = suite('canonical JSON');

jsonl('is the same for the same value, whatever the order of its keys', () => {
  assert.is(canonical({ b: 1, a: { d: [2, 1], c: null } }), '{"a":{"c":null,"d":[2,1]},"b":1}');
  assert.is(canonical({ a: { c: null, d: [2, 1] }, b: 1 }), canonical({ b: 1, a: { d: [2, 1], c: null } }));
});

jsonl('is read back as it was, and written again as it stands', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonical(value);
      assert.not.match(text, /\n/);
      assert.is(canonical(JSON.parse(text)), text);
    }),
  );
});

jsonl('keeps keys in the order of their texts, numbers and odd ones too', () => {
  const odd = JSON.parse('{"b":{"10":1,"9":2,"__proto__":{"z":1}},"__proto__":[3],"constructor":null,"a":[{"2":0,"10":0}],"":[]}') as unknown;
  assert.is(canonical(odd), '{"":[],"__proto__":[3],"a":[{"10":0,"2":0}],"b":{"10":1,"9":2,"__proto__":{"z":1}},"constructor":null}');
  fc.assert(fc.property(fc.object({ key: fc.oneof(fc.string(), fc.nat().map(String)), values: [fc.string(), fc.integer(), fc.double(), fc.constant(undefined), fc.constant(null)] }), (value) => assert.is(canonical(value), stableStringify(value))));
  assert.is(canonical(undefined), undefined);
});

jsonl.run();

const lines = suite('JSON Lines');

lines('are numbered, with empty ones left out', () => {
  assert.equal(parseLines('\uFEFF{"a":1}\r\n\n  \n{"b":2}', 'x'), [{ line: 1, value: { a: 1 } }, { line: 4, value: { b: 2 } }]);
});

lines('name the first that cannot be read', () => {
  for (const [text, line] of [['{"a":1}\n{', 2], ['[]', 1], ['{}\n\nnull', 3], ['{"a":1}{"b":2}', 1]] as const) {
    assert.throws(() => parseLines(text, 'chores.jsonl'), (error: unknown) => error instanceof BadLine && error.line === line && error.message.startsWith(`chores.jsonl, line ${line}: `));
  }
});

lines('are told from the marks that a merge by text leaves', () => {
  for (const mark of ['<<<<<<< ours', '||||||| 1234567', '=======', '=======\r', '>>>>>>> theirs']) {
    assert.throws(() => parseLines(`{"a":1}\n${mark}\n`, 'x'), /x, line 2: it is a mark that a merge left/);
  }
  assert.throws(() => parseLines('========', 'x'), (error: unknown) => error instanceof BadLine && !error.message.includes('a merge left'));
});

lines.run();
