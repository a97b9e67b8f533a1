import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { queryOf } from '../../src/domain/evaluation.ts';
import { BadQuery, formatExpression, parseExpression, type Expression } from '../../src/domain/expression.ts';
import type { Operator } from '../../src/domain/expression-field.ts';
import { matches } from '../../src/domain/matching.ts';
import { wantsDone } from '../../src/domain/query.ts';
import { findQuery, forgetQuery, savedQueries, saveQuery } from '../../src/domain/saved-query.ts';
import { bead, garage, refusal } from '../helpers/garage.ts';

const now = Date.parse('2026-04-10T12:00:00Z');

const plain = { noNullPrototype: true } as const;
const equality = fc.constantFrom<Operator>('=', '!=');
const anyOperator = fc.constantFrom<Operator>('=', '!=', '<', '<=', '>', '>=');
const anyTerm: fc.Arbitrary<Expression> = fc.oneof(
  fc.record({ kind: fc.constant('term' as const), field: fc.constantFrom('title', 'notes', 'label', 'assignee', 'status', 'has_metadata_key'), operator: equality, value: fc.string({ unit: 'binary' }) }, plain),
  fc.record({ kind: fc.constant('term' as const), field: fc.constantFrom('title', 'metadata.and', 'metadata.jira.Sprint'), operator: equality, value: fc.constantFrom('AND', 'not', '', 'a b', '"', "it's", '\\', '(', 'a=b', 'é\n\u0000') }, plain),
  fc.record({ kind: fc.constant('term' as const), field: fc.constant('priority'), operator: anyOperator, value: fc.constantFrom('0', 'P1', 'p4') }, plain),
  fc.record({ kind: fc.constant('term' as const), field: fc.constantFrom('updated', 'due'), operator: anyOperator, value: fc.constantFrom('7d', '3 days ago', '2026-01-31', 'last friday', '-2w') }, plain),
);
const { anyExpression } = fc.letrec<{ anyExpression: Expression }>((tie) => ({
  anyExpression: fc.oneof({ maxDepth: 4 }, anyTerm, fc.record({ kind: fc.constant('not' as const), of: tie('anyExpression') }, plain), fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), of: fc.array(tie('anyExpression'), { minLength: 2, maxLength: 3 }) }, plain)),
}));

/** What a text means, or where it is wrong. */
function readingOf(text: string): string {
  try {
    return formatExpression(parseExpression(text));
  } catch (error) {
    assert.ok(error instanceof BadQuery, `${JSON.stringify(text)} threw ${String(error)}`);
    return `${error.data['at'] as number}: ${error.data['why'] as string}`;
  }
}

const parsing = suite('parseExpression');

parsing('reads back what formatExpression writes', () => {
  fc.assert(fc.property(anyExpression, (expression) => assert.equal(parseExpression(formatExpression(expression)), expression)), { numRuns: 3000 });
});

parsing('throws nothing but BadQuery, whatever is typed', () => {
  const piece = fc.constantFrom('status', '=', '!=', '<', '!', 'open', 'AND', 'or', 'NOT', '(', ')', '"', "'", '\\', ' ', 'priority', '1', 'metadata.', 'closed', '7d', '@', '🔥', '\ud800', 'title', '==', '>=<');
  const text = fc.oneof(fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(' ')), fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join('')), fc.string({ unit: 'binary' }));
  fc.assert(fc.property(text, (each) => void readingOf(each)), { numRuns: 5000 });
  for (const deep of ['('.repeat(100_000), 'NOT '.repeat(100_000), `${'('.repeat(99)}status=open${')'.repeat(99)}`, 'status=open AND '.repeat(20_000)]) readingOf(deep);
});

parsing('binds NOT before AND before OR, and takes words of any case', () => {
  assert.is(readingOf('status=open and Priority<=P1 or not TYPE = bug'), '(status = open AND priority <= P1) OR NOT type = bug');
  assert.is(readingOf('status=open AND (priority=1 OR priority=2)'), 'status = open AND (priority = 1 OR priority = 2)');
  assert.is(readingOf('NOT (a = b)'), '6: there is no field "a"');
  assert.is(readingOf('not not pinned = yes'), 'NOT NOT pinned = yes');
});

parsing('joins words up to what goes on with the question', () => {
  assert.is(readingOf('updated > 7d ago AND title = oil the hinges'), 'updated > "7d ago" AND title = "oil the hinges"');
  assert.is(readingOf(`title = "say \\"no\\"" OR title = 'AND'`), 'title = "say \\"no\\"" OR title = "AND"');
  assert.is(readingOf('created_at >= 2026-01-01 AND desc != x AND issue_type = bug'), 'created >= 2026-01-01 AND description != x AND type = bug');
});

parsing('says where it stopped, and what is wrong there', () => {
  const cases: [string, string][] = [
    ['', '1: the query asks for nothing'], ['  ', '3: the query asks for nothing'], ['status', '7: status is compared with nothing: =, !=, <, <=, > or >= is missing'],
    ['🔥🔥 = 1', '1: there is no field "🔥🔥"'], ['title = 🔥 AND', '14: a field is missing, such as status or priority'],
    ['status = open priority = 1', '15: AND or OR is missing'], ['(status = open', '1: this bracket is not closed'], ['status = open)', '14: this bracket closes none'],
    ['title = "a', '9: a quotation mark is not closed'], ['status ! open', '8: an exclamation mark alone says nothing'], ['status = AND', '10: status is compared with nothing: a value is missing, in quotation marks where it is more than a word'],
    ['status < open', '10: status is compared by = and != alone'], ['priority = 5', '12: a priority is 0 (most urgent) to 4, or P0 to P4, not "5"'], ['pinned = maybe', '10: pinned is true or false, not "maybe"'],
    ['updated > soon', '11: "soon" is not a time, such as 7d, 2030-01-31 or yesterday'], ['closed > none', '10: none is compared by = and != alone'], ['metadata. = x', '1: there is no field "metadata."'],
  ];
  for (const [text, fault] of cases) assert.is(readingOf(text), fault, text);
});

parsing('offers the field that was meant', () => {
  assert.throws(() => parseExpression('statsu = open AND priority = 1'), (error: unknown) => error instanceof BadQuery && error.hint === 'gt query "status = open AND priority = 1"' && error.exit === 2);
});

parsing.run();

/** The ids, without their prefix, that a question finds in the garage and one bead more. */
function found(text: string, all = false): string[] {
  const query = queryOf(parseExpression(text), all, now);
  const extra = bead('garage-extra', { created_at: '2026-04-08T09:00:00Z', updated_at: '2026-04-09T09:00:00Z', due_at: '2026-04-12T09:00:00Z', owner: 'Ace', notes: 'Hot Work', spec_id: 'road/7', labels: ['area:road'], metadata: { team: 'Web', points: 5, 'jira.sprint': 'x' }, mol_type: 'patrol' });
  return [...garage().all(), extra, bead('garage-agent', { issue_type: 'agent' }), bead('garage-mark', { pinned: true }), bead('garage-old', { pinned: true, status: 'closed' }), bead('garage-proto', { is_template: true })]
    .filter((each) => (wantsDone(query) || !['closed', 'pinned'].includes(each.status)) && matches(query, each)).map(({ id }) => id.slice('garage-'.length)).sort();
}

const asking = suite('a question');

const questions: [string, string[]][] = [
  ['priority = 0', ['brakes', 'frame']], ['priority > 2 AND type = task', ['horn', 'spikes']], ['status = closed', ['map', 'old', 'scout']], ['status = CLOSED AND type = spike', ['map']],
  ['closed > 2026-04-08', ['scout']], ['closed >= 2026-04-08', ['map', 'scout']], ['closed = 2026-04-08', ['map']], ['closed <= 2026-04-08', ['map']], ['closed < 2026-04-08', []],
  ['assignee = NUX', ['frame']], ['assignee != none', ['frame']], ['label = welding AND NOT priority = 0', ['spikes', 'tank']], ['label = area:*', ['extra']], ['label = none AND priority = 4', ['horn']],
  ['title = HORN', ['horn']], ['description = canyon', ['tank']], ['notes = hot', ['extra']], ['id = garage-h*', ['haul', 'horn', 'hoses']], ['spec = road/*', ['extra']], ['spec != none', ['extra']],
  ['parent = garage-haul AND type != bug', ['frame', 'spikes', 'water']], ['parent = haul AND priority = 0', ['brakes', 'frame']], ['type = agent', ['agent']], ['type = feat', ['tank']],
  ['pinned = true', ['mark']], ['template = yes', ['proto']], ['owner = ace', ['extra']], ['has_metadata_key = team', ['extra']], ['metadata.team = web', ['extra']], ['metadata.points >= 5', ['extra']], ['metadata.points > 5', []],
  ['metadata.jira.sprint = X', ['extra']], ['mol_type = patrol', ['extra']], ['created > 7d', ['extra']], ['updated > 2 days ago', ['extra', 'run', 'toll', 'water']], ['due < 3d', ['extra']], ['due < tomorrow', []], ['due != none', ['extra']],
  ['started = none AND priority = 4', ['horn']], ['updated = yesterday', ['extra']], ['(priority = 4 OR priority = 0) AND (type = bug OR title = horn)', ['brakes', 'horn']],
];

for (const [text, ids] of questions) asking(`finds what ${text}`, () => assert.equal(found(text), ids));

asking('leaves out what is closed unless it speaks of it, or all is wanted', () => {
  assert.not.ok(found('type != bug').includes('map'));
  assert.ok(found('type != bug', true).includes('map'));
  assert.ok(found('status != open').includes('map'));
  assert.not.ok(found('priority >= 0').includes('agent'));
});

asking('that is turned round finds the others', () => {
  fc.assert(fc.property(anyExpression, (expression) => {
    const one = queryOf(expression, true, now);
    const other = queryOf({ kind: 'not', of: expression }, true, now);
    for (const each of garage().all()) assert.is.not(matches(one, each), matches(other, each));
  }), { numRuns: 200 });
});

asking.run();

const saving = suite('a saved query');

saving('is kept in its own spelling, found by its name, and forgotten', () => {
  assert.equal(saveQuery({}, 'mine', 'Priority<2 and type=bug'), [{ op: 'setting.set', name: 'queries', key: 'mine', value: 'priority < 2 AND type = bug' }]);
  const settings = { mine: 'priority < 2', clock: { mine: 'x' } };
  assert.equal(saveQuery(settings, 'mine', 'priority < 2'), []);
  assert.equal(savedQueries(settings), [{ name: 'mine', query: 'priority < 2' }]);
  assert.is(findQuery(settings, 'mine').query, 'priority < 2');
  assert.equal(forgetQuery(settings, 'mine'), [{ op: 'setting.set', name: 'queries', key: 'mine' }]);
});

saving('refuses names that cannot be typed, questions that say nothing, and what is not there', () => {
  for (const name of ['', 'a b', 'clock', '__proto__', 'a.b', 'x'.repeat(51)]) assert.throws(() => saveQuery({}, name, 'priority = 1'), refusal('query.bad-name'));
  assert.throws(() => saveQuery({}, 'mine', 'priority'), refusal('query.bad'));
  assert.throws(() => findQuery({ mine: 'priority = 1' }, 'mien'), (error: unknown) => refusal('query.unknown')(error) && (error as { hint?: string }).hint === 'gt query @mine');
  assert.throws(() => forgetQuery({}, 'constructor'), refusal('query.unknown'));
});

saving.run();
