import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { contains, hasKey, hasNoLabel, hasNoParent, inSpan, isEmpty, isOverdue, isPutOff, keySays, likePattern, not, saysExactly, someLabel, specBegins } from '../../src/domain/condition.ts';
import type { Test } from '../../src/domain/query.ts';
import { bead, garage } from '../helpers/garage.ts';

const rig = bead('gt-rig', {
  description: 'Weld the POD.', labels: ['area:road', 'hot'], due_at: '2026-05-01T00:00:00Z', defer_until: '2026-04-01T00:00:00Z', spec_id: 'road/7', mol_type: 'patrol',
  metadata: { tool: 'torch', turns: 3, on: null },
  dependencies: [{ issue_id: 'gt-rig', depends_on_id: 'gt-haul', type: 'parent-child', created_at: '', created_by: '' }],
});
const bare = bead('gt-bare');
const now = Date.parse('2026-05-02T00:00:00Z');

const condition = suite('a condition');

const cases: [string, Test, boolean, boolean][] = [
  ['a text says something', contains('description', 'pod'), true, false],
  ['a text is empty', isEmpty('description'), false, true],
  ['a label is like that', someLabel(likePattern('area:*')), true, false],
  ['there is no label', hasNoLabel, false, true],
  ['there is no parent', hasNoParent, false, true],
  ['it was put off', isPutOff, true, false],
  ['it is overdue', isOverdue(now), true, false],
  ['it is due in a span', inSpan('due_at', { after: Date.parse('2026-05-01T00:00:00Z'), before: now }), true, false],
  ['it is due before a span', inSpan('due_at', { after: now, before: undefined }), false, false],
  ['it has a key', hasKey('on'), true, false],
  ['a key says a text', keySays('tool', 'torch'), true, false],
  ['a key says a number', keySays('turns', '3'), true, false],
  ['no key comes from the language', hasKey('constructor'), false, false],
  ['its spec begins so', specBegins('road/'), true, false],
  ['every spec begins with nothing', specBegins(''), true, false],
  ['a field says a word', saysExactly('mol_type', 'patrol'), true, false],
  ['the other way round', not(hasNoLabel), true, false],
];

for (const [name, test, ofRig, ofBare] of cases) condition(`tells whether ${name}`, () => assert.equal([test(rig), test(bare)], [ofRig, ofBare]));

condition('about being overdue does not hold for what is done', () => {
  assert.not.ok(isOverdue(now)({ ...rig, status: 'closed' }));
  assert.ok([...garage().all()].every((each) => !isOverdue(now)(each)));
});

condition.run();

const patterns = suite('likePattern');

patterns('lets a star stand for anything and a question mark for one character', () => {
  for (const [pattern, text, fits] of [['gt-*', 'gt-a.1', true], ['gt-*', 'hq-a', false], ['*', '', true], ['', '', true], ['', 'a', false], ['a?c', 'abc', true], ['a?c', 'ac', false], ['*a*b', 'xaxbxb', true], ['AREA:*', 'area:x', true], ['a**', 'a', true]] as const) {
    assert.is(likePattern(pattern)(text), fits, `${pattern} ${text}`);
  }
  assert.not.ok(likePattern('AREA:*', true)('area:x'));
});

patterns('says what a regular expression would', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
  fc.assert(fc.property(word, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }), (pattern, text) => {
    const regex = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
    assert.is(likePattern(pattern)(text), regex.test(text), `${pattern} ${text}`);
  }), { numRuns: 2000 });
});

patterns('is quick about stars that fit in many ways', () => {
  assert.not.ok(likePattern('*a'.repeat(50))('a'.repeat(40)));
  assert.not.ok(likePattern(`${'a*'.repeat(40)}b`)('a'.repeat(5000)));
});

patterns.run();
