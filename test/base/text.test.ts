import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { clean, countOf, displayWidth, editDistance, fewOf, nearest, oneLine, shellWord, truncate } from '../../src/base/text.ts';
import { ownEnvironment } from '../helpers/temporary.ts';

const env = ownEnvironment();

const cleaning = suite('clean');

cleaning('spells out what a terminal would obey', () => {
  assert.is(clean('\u001b[31mred\u0007'), '\\u001b[31mred\\u0007');
  assert.is(clean('\u009b31m \u202eevil\u2066'), '\\u009b31m \\u202eevil\\u2066');
  assert.is(clean('nul \u0000, half of a pair \ud83d'), 'nul \\u0000, half of a pair \\ud83d');
});

cleaning('keeps words, line breaks and pictures', () => {
  const text = 'Ada\tand\nÉmilie 👩‍🚀 夜';
  assert.is(clean(text), text);
  assert.is(clean('one\r\ntwo'), 'one\ntwo');
});

cleaning('leaves JSON the same JSON', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.is(JSON.parse(clean(JSON.stringify(text))), text);
    }),
  );
});

cleaning('puts a title on one line', () => {
  assert.is(oneLine('first\n  second\tthird\u001b'), 'first second third\\u001b');
});

cleaning.run();

const measuring = suite('displayWidth');

measuring('counts columns as terminals do', () => {
  const columns = { plain: 5, 'é': 1, 'e\u0301': 1, 夜: 2, '👩‍🚀': 2, '👍🏽': 2, '🇫🇷': 2, '❤️': 2, '✓': 1, '…': 1, 한글: 4 };
  for (const [text, expected] of Object.entries(columns)) assert.is(displayWidth(text), expected, text);
});

measuring.run();

const cutting = suite('truncate');

cutting('leaves what fits', () => {
  assert.is(truncate('夜の街', 6), '夜の街');
});

cutting('ends what does not fit in an ellipsis', () => {
  assert.is(truncate('night town', 6), 'night…');
  assert.is(truncate('夜の街', 5), '夜の…');
  assert.is(truncate('夜の街', 4), '夜…');
  assert.is(truncate('👩‍🚀👩‍🚀', 3), '👩‍🚀…');
  assert.is(truncate('x', 0), '');
});

cutting('never takes more columns than given', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, columns) => {
      assert.ok(displayWidth(truncate(text, columns)) <= columns);
    }),
  );
});

cutting('is done with a long text as soon as the columns are full', () => {
  const { segment } = Intl.Segmenter.prototype;
  let looked = 0;
  Intl.Segmenter.prototype.segment = function (this: Intl.Segmenter, text: string): Intl.Segments {
    const segments = segment.call(this, text);
    function* counting(): Generator<Intl.SegmentData> {
      for (const one of segments) {
        looked += 1;
        yield one;
      }
    }
    return Object.assign(Object.create(segments) as Intl.Segments, { [Symbol.iterator]: counting });
  };
  try {
    truncate('👩‍🚀'.repeat(100_000), 20);
  } finally {
    Intl.Segmenter.prototype.segment = segment;
  }
  assert.ok(looked > 0 && looked <= 11, `${looked}`);
});

cutting.run();

const counting = suite('countOf');

counting('says one of a thing, and several of them', () => {
  assert.equal([0, 1, 2].map((count) => countOf(count, 'closed bead')), ['0 closed beads', '1 closed bead', '2 closed beads']);
});

counting.run();

const naming = suite('fewOf');

naming('names the first of many, and counts the others', () => {
  assert.equal([[], ['a'], ['a', 'b'], ['a', 'b', 'c', 'd']].map((words) => fewOf(words, 2)), ['', 'a', 'a, b', 'a, b and 2 more']);
});

naming.run();

const meaning = suite('nearest');

meaning('counts a swap of neighbours as one slip', () => {
  assert.is(editDistance('craete', 'create'), 1);
  assert.is(editDistance('', 'rig'), 3);
  assert.is(editDistance('ca', 'abc'), 3);
});

meaning('finds the word that was meant', () => {
  const verbs = ['create', 'close', 'claim', 'ready', 'show', 'update'];
  assert.is(nearest('craete', verbs), 'create');
  assert.is(nearest('upd', verbs), 'update');
  assert.is(nearest('shwo', verbs), 'show');
  assert.is(nearest('polecat', verbs), undefined);
  assert.is(nearest('x'.repeat(100_000), verbs), undefined);
});

meaning.run();

const words = suite('shellWord');

words('is read by sh as the very text, whatever it is', () => {
  const hostile = fc.array(fc.constantFrom('$(touch pwned)', '`id`', "'", '"', '\\', '\n', ' ', ';', '&', '#', '!', '*', '~', '--', '$x', '🐝', '\r', '=', 'a'), { maxLength: 12 }).map((parts) => parts.join(''));
  const any = fc.string({ unit: 'grapheme' }).map((text) => text.toWellFormed().replaceAll('\0', ''));
  fc.assert(
    fc.property(fc.array(fc.oneof(hostile, any), { minLength: 1, maxLength: 20 }), (texts) => {
      const { stdout } = spawnSync('sh', ['-c', `printf '%s\\0' ${texts.map(shellWord).join(' ')}`], { env, encoding: 'utf8' });
      assert.equal(stdout.split('\0').slice(0, -1), texts);
    }),
    { numRuns: 100 },
  );
});

words('leaves plain words as they are', () => {
  assert.is(shellWord('/usr/bin/gt'), '/usr/bin/gt');
  assert.is(shellWord(''), "''");
});

words.run();
