import { Usage } from '../base/errors.ts';
import { nearest } from '../base/text.ts';
import { faultOf, fieldNamed, fieldNames, type Operator } from './expression-field.ts';

/** A question about beads: `field operator value`, joined by AND and OR, turned round by NOT. */
export type Expression =
  | { readonly kind: 'term'; readonly field: string; readonly operator: Operator; readonly value: string }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Expression[] };

export type Term = Extract<Expression, { kind: 'term' }>;

interface Token {
  readonly kind: 'word' | 'quoted' | 'operator' | '(' | ')' | 'end';
  readonly text: string;
  /** Where it begins, in the text. */
  readonly at: number;
}

const deepest = 100;

/** Reads a question as people type it. Throws BadQuery, which says where. */
export function parseExpression(text: string): Expression {
  return new Parser(text).parse();
}

/** Writes a question so that it reads back as the same one. */
export function formatExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'term': return `${expression.field} ${expression.operator} ${quoted(expression.value)}`;
    case 'not': return `NOT ${inBrackets(expression.of)}`;
    case 'and': case 'or': return expression.of.map(inBrackets).join(expression.kind === 'and' ? ' AND ' : ' OR ');
  }
}

function inBrackets(expression: Expression): string {
  const text = formatExpression(expression);
  return expression.kind === 'and' || expression.kind === 'or' ? `(${text})` : text;
}

function quoted(value: string): string {
  return /^[^\s()=!<>"'\\]+$/.test(value) && !isKeyword(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

function isKeyword(word: string): boolean {
  return /^(and|or|not)$/i.test(word);
}

/** The terms of a question, from left to right. */
export function termsOf(expression: Expression): Term[] {
  if (expression.kind === 'term') return [expression];
  return expression.kind === 'not' ? termsOf(expression.of) : expression.of.flatMap(termsOf);
}

function* tokens(text: string): Generator<Token> {
  const pattern = /\s+|([()])|([=<>!]=?)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([^\s()=<>!"'][^\s()=<>!]*)|/suy;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const [whole = '', bracket, operator, quote, word] = pattern.exec(text) ?? [];
    if (bracket === '(' || bracket === ')') yield { kind: bracket, text: bracket, at };
    else if (operator === '!') throw new BadQuery(text, at, 'an exclamation mark alone says nothing', 'write != or NOT');
    else if (operator !== undefined) yield { kind: 'operator', text: operator === '==' ? '=' : operator, at };
    else if (quote !== undefined) yield { kind: 'quoted', text: quote.slice(1, -1).replace(/\\(.)/gsu, '$1'), at };
    else if (word !== undefined) yield { kind: 'word', text: word, at };
    else if (whole === '') throw new BadQuery(text, at, 'a quotation mark is not closed');
  }
  yield { kind: 'end', text: '', at: text.length };
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = [...tokens(text)];
  }

  parse(): Expression {
    if (this.#next().kind === 'end') throw this.#bad(this.#next(), 'the query asks for nothing');
    const expression = this.#joined('or');
    if (this.#next().kind === 'end') return expression;
    throw this.#bad(this.#next(), this.#next().kind === ')' ? 'this bracket closes none' : 'AND or OR is missing');
  }

  #next(): Token {
    return this.#tokens[this.#at]!;
  }

  #take(): Token {
    const token = this.#next();
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }

  #isWord(word: string): boolean {
    return this.#next().kind === 'word' && this.#next().text.toLowerCase() === word;
  }

  #joined(kind: 'or' | 'and'): Expression {
    const below = (): Expression => (kind === 'or' ? this.#joined('and') : this.#single());
    const of = [below()];
    while (this.#isWord(kind)) {
      this.#take();
      of.push(below());
    }
    return of.length === 1 ? of[0]! : { kind, of };
  }

  #single(): Expression {
    const token = this.#next();
    if (!this.#isWord('not') && token.kind !== '(') return this.#term();
    if (++this.#depth > deepest) throw this.#bad(token, `nobody asks more than ${deepest} things inside one another`);
    this.#take();
    const inner = token.kind === '(' ? this.#bracketed(token) : ({ kind: 'not', of: this.#single() } as const);
    this.#depth -= 1;
    return inner;
  }

  #bracketed(opening: Token): Expression {
    const inner = this.#joined('or');
    if (this.#next().kind === 'end') throw this.#bad(opening, 'this bracket is not closed');
    if (this.#take().kind !== ')') throw this.#bad(this.#tokens[this.#at - 1]!, 'AND, OR or a closing bracket is missing');
    return inner;
  }

  #term(): Expression {
    const name = this.#take();
    if (name.kind !== 'word' || isKeyword(name.text)) throw this.#bad(name, 'a field is missing, such as status or priority');
    const field = fieldNamed(name.text);
    if (field === undefined) throw this.#unknown(name);
    const operator = this.#take();
    if (operator.kind !== 'operator') throw this.#bad(operator, `${field} is compared with nothing: =, !=, <, <=, > or >= is missing`);
    const first = this.#next();
    const value = this.#value(field);
    const fault = faultOf(field, operator.text as Operator, value);
    if (fault !== undefined) throw this.#bad(first, fault);
    return { kind: 'term', field, operator: operator.text as Operator, value };
  }

  /** A text in quotation marks, or words up to what goes on with the question. */
  #value(field: string): string {
    const first = this.#take();
    if (first.kind === 'quoted') return first.text;
    if (first.kind !== 'word' || isKeyword(first.text)) throw this.#bad(first, `${field} is compared with nothing: a value is missing, in quotation marks where it is more than a word`);
    const words = [first.text];
    while (this.#next().kind === 'word' && !isKeyword(this.#next().text) && this.#tokens[this.#at + 1]!.kind !== 'operator') words.push(this.#take().text);
    return words.join(' ');
  }

  #unknown({ text, at }: Token): BadQuery {
    const near = nearest(text.toLowerCase(), fieldNames());
    const meant = near === undefined ? undefined : `gt query ${JSON.stringify(this.#text.slice(0, at) + near + this.#text.slice(at + text.length))}`;
    return new BadQuery(this.#text, at, `there is no field ${JSON.stringify(text.slice(0, 60))}`, meant);
  }

  #bad({ at }: Token, why: string): BadQuery {
    return new BadQuery(this.#text, at, why);
  }
}

/** A query that cannot be understood; `at` in its data counts characters from 1. */
export class BadQuery extends Usage {
  readonly code = 'query.bad';
  constructor(text: string, at: number, why: string, hint = 'gt query --help') {
    const column = [...text.slice(0, at)].length + 1;
    super(`the query cannot be understood at character ${column}: ${why}`, { query: text.slice(0, 1000), at: column, why }, hint);
  }
}
