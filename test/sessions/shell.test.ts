import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asWords } from '../../src/sessions/shell.ts';

const talk = suite('asWords');

talk('lets no text begin with the sign of a command', () => {
  for (const text of ['/exit', '!rm -rf .', '  #note', '@file', '?']) assert.is(asWords(text), `» ${text}`);
  for (const text of ['check your hook', '--force', '']) assert.is(asWords(text), text);
});

talk.run();
