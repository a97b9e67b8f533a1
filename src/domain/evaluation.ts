import { timeOf } from '../base/time.ts';
import { edgesOf, type Bead } from './bead.ts';
import { contains, hasKey, hasNoLabel, hasNoParent, likePattern, not, someLabel, valueOf, type TextField } from './condition.ts';
import { formatExpression, termsOf, type Expression, type Term } from './expression.ts';
import { fieldOf, isNone, readFlag, readTime, type Field, type Operator } from './expression-field.ts';
import { typeNamed } from './kind.ts';
import { openWork, type Query, type Test } from './query.ts';

/** The query that asks an expression at a time: of work that is not done, unless it speaks of what is, or `all` is wanted. */
export function queryOf(expression: Expression, all: boolean, now: number): Query {
  const terms = termsOf(expression);
  const speaksOf = (...names: readonly string[]): boolean => terms.some(({ field }) => names.includes(field));
  const anyStatus = speaksOf('status', 'closed');
  const tests = [testOf(expression, now)];
  if (!anyStatus && !all) tests.push(({ status }) => status !== 'closed');
  return {
    ...openWork,
    all,
    statuses: anyStatus || speaksOf('pinned') ? ['all'] : [],
    books: terms.filter(({ field, operator }) => field === 'type' && operator === '=').map(({ value }) => typeMeant(value)),
    templates: speaksOf('template'),
    tests,
  };
}

/** The statuses that a question names. */
export function statusesIn(expression: Expression): string[] {
  return termsOf(expression).flatMap(({ field, value }) => (field === 'status' ? [value.toLowerCase()] : []));
}

/** Turns a question into a test of beads, at a time in milliseconds since 1970. */
function testOf(expression: Expression, now: number): Test {
  switch (expression.kind) {
    case 'term': return testOfTerm(expression, now);
    case 'not': return not(testOf(expression.of, now));
    case 'and': {
      const tests = expression.of.map((each) => testOf(each, now));
      return (bead) => tests.every((test) => test(bead));
    }
    case 'or': {
      const tests = expression.of.map((each) => testOf(each, now));
      return (bead) => tests.some((test) => test(bead));
    }
  }
}

function testOfTerm(term: Term, now: number): Test {
  const field = fieldOf(term.field);
  if (field.kind === 'past' || field.kind === 'future') return testOfTime(term, field, now);
  if (field.kind === 'priority') return testOfNumber(term);
  if (field.kind === 'metadata') return testOfMetadata(term, field.key);
  return term.operator === '!=' ? not(isEqual(term, field)) : isEqual(term, field);
}

function isEqual(term: Term, { kind, key }: Field): Test {
  const { value } = term;
  switch (kind) {
    case 'word': return isLike(key, value);
    case 'type': return isLike(key, typeMeant(value));
    case 'person': return isNone(value) ? (bead) => (bead[key] ?? '') === '' : isLike(key, value);
    case 'label': return isNone(value) ? hasNoLabel : someLabel(likePattern(value));
    case 'text': return contains(key as TextField, value);
    case 'pattern': return isNone(value) ? (bead) => (bead[key] ?? '') === '' : isLike(key, value);
    case 'parent': return isNone(value) ? hasNoParent : (bead) => edgesOf(bead, ['parent-child']).some((id) => id === value || id.endsWith(`-${value}`));
    case 'flag': return isSo(key, readFlag(value) === true);
    case 'key': return hasKey(value);
    case 'priority': case 'past': case 'future': case 'metadata': throw new Error(`${formatExpression(term)} is compared in another way`);
  }
}

function isLike(key: string, pattern: string): Test {
  const fits = likePattern(pattern);
  return (bead) => {
    const value = bead[key];
    return typeof value === 'string' && fits(value);
  };
}

function isSo(key: string, wanted: boolean): Test {
  const holds = (bead: Bead): boolean => bead[key] === true || (key === 'pinned' && bead.status === 'pinned');
  return (bead) => holds(bead) === wanted;
}

function testOfNumber({ operator, value }: Term): Test {
  const wanted = Number(value.slice(-1));
  return ({ priority }) => compares(priority, operator, wanted);
}

function compares(a: number, operator: Operator, b: number): boolean {
  switch (operator) {
    case '=': return a === b;
    case '!=': return a !== b;
    case '<': return a < b;
    case '<=': return a <= b;
    case '>': return a > b;
    case '>=': return a >= b;
  }
}

const day = 86_400_000;

/** Equal are times of the same day; a day that was named without an hour is over at its end. */
function testOfTime({ operator, value }: Term, { kind, key }: Field, now: number): Test {
  const at = (bead: Bead): number | undefined => timeOf(bead[key] as string | undefined);
  if (isNone(value)) return operator === '=' ? (bead) => at(bead) === undefined : (bead) => at(bead) !== undefined;
  const wanted = readTime(kind as 'past' | 'future', value, now) ?? NaN;
  const whole = /^(\d{4}-\d\d-\d\d|today|tomorrow|yesterday)$/i.test(value.trim());
  const start = Math.floor(wanted / day) * day;
  const sameDay = (bead: Bead): boolean => Math.floor((at(bead) ?? NaN) / day) * day === start;
  if (operator === '=') return sameDay;
  if (operator === '!=') return not(sameDay);
  const edge = whole && (operator === '>' || operator === '<=') ? start + day - 1 : wanted;
  return (bead) => compares(at(bead) ?? NaN, operator, edge);
}

/** Numbers are compared as numbers; texts are only equal or not. */
function testOfMetadata({ operator, value }: Term, key: string): Test {
  if (operator === '=') return (bead) => valueOf(bead, key)?.toLowerCase() === value.toLowerCase();
  if (operator === '!=') return (bead) => valueOf(bead, key)?.toLowerCase() !== value.toLowerCase();
  const wanted = value.trim() === '' ? NaN : Number(value);
  return (bead) => compares(Number(valueOf(bead, key) ?? NaN), operator, wanted);
}

/** The type that a word is another word for, or the word itself. */
function typeMeant(word: string): string {
  const name = word.toLowerCase();
  return /^[a-z][a-z0-9_-]{0,49}$/.test(name) ? typeNamed(name) : name;
}
