import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BadBatch, namesIn, parseBatch, runBatch } from '../../src/domain/batch.ts';
import { evolving, find, type Beads } from '../../src/domain/bead.ts';
import { garage, nux, refusal } from '../helpers/garage.ts';

const now = Date.parse('2026-05-01T08:00:00Z');
const numbering = { prefixes: ['garage'], infix: '', count: 12, seed: 'x' };

function after(text: string, beads: Beads = garage()): { beads: Beads; created: readonly string[] } {
  const { changes, created } = runBatch(beads, parseBatch(text, now), new Map([['horn', 'garage-horn']]), numbering, nux);
  const known = evolving(beads);
  known.take(changes);
  return { beads: known, created };
}

const batch = suite('a batch');

batch('reads one verb a line', () => {
  const steps = parseBatch(`# remarks and empty lines say nothing

create bug P1 "Say \\"no\\"" twice
update garage-a priority=0 "title=New one" assignee= due=+1d
close garage-a it is 'all done'
reopen garage-a
comment garage-a Said\\ so
label add garage-a hot
dep add garage-a @1
dep remove garage-a garage-b`, now);
  assert.equal(steps, [
    { line: 3, verb: 'create', type: 'bug', priority: 1, title: 'Say "no" twice' },
    { line: 4, verb: 'update', bead: 'garage-a', fields: { priority: 0, title: 'New one', assignee: null, due_at: '2026-05-02T08:00:00Z' } },
    { line: 5, verb: 'close', bead: 'garage-a', text: 'it is all done' },
    { line: 6, verb: 'reopen', bead: 'garage-a' },
    { line: 7, verb: 'comment', bead: 'garage-a', text: 'Said so' },
    { line: 8, verb: 'label add', bead: 'garage-a', label: 'hot' },
    { line: 9, verb: 'dep add', bead: 'garage-a', on: '@1', type: 'blocks' },
    { line: 10, verb: 'dep remove', bead: 'garage-a', on: 'garage-b', type: '' },
  ]);
  assert.equal(namesIn(steps), ['garage-a', 'garage-b']);
});

batch('names the line that cannot be understood, and what was meant', () => {
  const wrong: [string, RegExp, string][] = [
    ['clsoe gt-a', /^line 1 .*there is no verb "clsoe"/, 'close <bead> [reason]'], ['close', /close needs more words/, 'close <bead> [reason]'], ['reopen a b', /reopen does not expect "b"/, 'reopen <bead>'], ['\nclose "a', /^line 2 .*a quotation mark/, 'gt batch --help'], ['close a done\\', /nothing follows the backslash/, 'gt batch --help'], ['close "a\\', /a quotation mark/, 'gt batch --help'],
    ['create task 7 x', /a priority is 0/, 'gt batch --help'], ['update a prioriti=1', /"prioriti=1" sets no field/, 'priority=<value>'], ['update a due=soon', /"soon" is not a time/, 'use 5m'], ['create task 1', /create needs more words/, 'create <type>'], ['__proto__', /no verb/, 'gt batch --help'],
  ];
  for (const [text, says, hint] of wrong) assert.throws(() => parseBatch(text, now), (error: unknown) => error instanceof BadBatch && says.test(error.message) && error.hint?.startsWith(hint) === true, text);
});

batch('throws nothing but BadBatch, whatever is written', () => {
  const piece = fc.constantFrom('create', 'task', '1', 'update', 'close', 'dep', 'add', '"', "'", '\\', ' ', '\n', '#', '=', 'due=', 'gt-a', '@1', '🔥', '\ud800');
  fc.assert(fc.property(fc.oneof(fc.array(piece, { maxLength: 12 }).map((all) => all.join('')), fc.array(piece, { maxLength: 12 }).map((all) => all.join(' ')), fc.string({ unit: 'binary' })), (text) => {
    try {
      parseBatch(text, now);
    } catch (error) {
      assert.ok(error instanceof BadBatch, String(error));
    }
  }), { numRuns: 3000 });
});

batch('lets each line see what those above it did', () => {
  const { beads, created } = after('create task 1 First\ncreate task 2 Second\ndep add @2 @1\nlabel add @1 hot\nclose @1\nclose @2 done too\nupdate horn title=Louder status=in_progress');
  assert.equal(created.map((id) => [find(beads, id).title, find(beads, id).status, find(beads, id).close_reason]), [['First', 'closed', 'Closed'], ['Second', 'closed', 'done too']]);
  assert.equal([find(beads, 'garage-horn').title, find(beads, 'garage-horn').status, find(beads, 'garage-horn').started_at], ['Louder', 'in_progress', nux.at]);
});

batch('is refused whole, by the line that a rule forbids', () => {
  for (const [text, line, cause] of [['close horn\nclose garage-run', 2, 'bead.close-refused'], ['close @3', 1, 'bead.unknown'], ['create task 1 a\nupdate horn title=', 2, 'field.bad'], ['update horn status=shiny', 1, 'status.unknown'], ['update horn status=', 1, 'status.unknown'], ['update horn type=', 1, 'type.unknown']] as const) {
    assert.throws(() => after(text), (error: unknown) => refusal('batch.refused')(error) && (error as { data: { line: number; cause: string } }).data.line === line && (error as { data: { cause: string } }).data.cause === cause, text);
  }
  assert.throws(() => after('update horn status=clsoed'), (error: unknown) => (error as { hint: string }).hint === 'status=closed');
});

batch.run();
