import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addTrailers } from '../../src/domain/trailer.ts';

const both = [{ key: 'Bead', value: 'gt-x1y2z' }, { key: 'Agent', value: 'web/polecats/nux' }];
const lines = 'Bead: gt-x1y2z\nAgent: web/polecats/nux\n';

const trailers = suite('addTrailers');

trailers('stand in a paragraph of their own at the end', () => {
  assert.is(addTrailers('Paint the door\n', both), `Paint the door\n\n${lines}`);
  assert.is(addTrailers('Paint the door\n\nIt was bare.\n\n', both), `Paint the door\n\nIt was bare.\n\n${lines}`);
});

trailers('join those that are there', () => {
  assert.is(addTrailers('Paint\n\nSigned-off-by: Ada <a@b>\n', both), `Paint\n\nSigned-off-by: Ada <a@b>\n${lines}`);
  assert.is(addTrailers('fix: the door\n', both), `fix: the door\n\n${lines}`);
});

trailers('are added once', () => {
  const once = addTrailers('Paint\n', both);
  assert.is(addTrailers(once, both), once);
  assert.is(addTrailers('Paint\n\nBead: gt-other\n', both), 'Paint\n\nBead: gt-other\nAgent: web/polecats/nux\n');
});

trailers('stand above what git will cut off', () => {
  const comments = '# Please enter the commit message\n#\n#\tnew file: door\n';
  assert.is(addTrailers(`Paint\n\n${comments}`, both), `Paint\n\n${lines}\n${comments}`);
  const diff = '# ------------------------ >8 ------------------------\n# Do not touch\ndiff --git a b\n+x\n';
  assert.is(addTrailers(`Paint\n${diff}`, both), `Paint\n\n${lines}\n${diff}`);
});

trailers('leave fixups and messages that say nothing as they are', () => {
  for (const message of ['fixup! Paint\n', 'squash! Paint\n\nmore\n', 'amend! Paint\n', '', '\n\n# Please enter\n']) assert.is(addTrailers(message, both), message);
});

trailers('take a line with # that a person typed for text', () => {
  assert.is(addTrailers('#12 paint\n', both), `#12 paint\n\n${lines}`);
});

trailers.run();
