import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asWords, shellWord } from '../../src/sessions/shell.ts';
import { ownEnvironment } from '../helpers/temporary.ts';

const env = ownEnvironment();
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

const talk = suite('asWords');

talk('lets no text begin with the sign of a command', () => {
  for (const text of ['/exit', '!rm -rf .', '  #note', '@file', '?']) assert.is(asWords(text), `» ${text}`);
  for (const text of ['check your hook', '--force', '']) assert.is(asWords(text), text);
});

talk.run();
