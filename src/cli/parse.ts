import parser from 'yargs-parser/browser';
import { Usage } from '../base/errors.ts';
import { nearest } from '../base/text.ts';
import { camel, globalOptions, positionalWords, type Command, type Option, type Positional } from './command.ts';

/** A flag that the command does not have. */
export class UnknownFlag extends Usage {
  readonly code = 'flag.unknown';
  constructor(typed: string, flag: string, meant: string | undefined) {
    super(`${behindProgram(typed)} has no flag ${flag}`, { flag }, `${typed} --${meant ?? 'help'}`);
  }
}

/** A flag or argument whose value is missing, superfluous or not understood. */
export class BadArgument extends Usage {
  readonly code = 'argument.invalid';
}

/** What was typed behind a command's name: its own arguments, and the options that every command has. */
export interface Parsed {
  readonly args: Record<string, unknown>;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly help: boolean;
  readonly actor: string | undefined;
  readonly directory: string | undefined;
}

/** The command without the program: messages begin with that anyway. */
function behindProgram(typed: string): string {
  return typed.slice(typed.indexOf(' ') + 1);
}

/** Tells whether a word stands for itself, rather than for a flag. A pattern is asked last: the first look through one is dear. */
function isValue(word: string): boolean {
  return word[0] !== '-' || word === '-' || (!word.startsWith('--') && /^-([0-9]+(\.[0-9]+)?|\.[0-9]+)$/.test(word));
}

/** Lists the options of a command, its own and the global ones. */
export function optionsOf(command: Command): Record<string, Option> {
  return { ...command.options, ...globalOptions };
}

/** What yargs and its parser are told, so that words stay the words that were typed. */
export const configuration = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'duplicate-arguments-array': true,
  'parse-numbers': false,
  'parse-positional-numbers': false,
};

/** Translates options into the terms of yargs: every one takes exactly one word, or none. */
export function flagsOf(options: Record<string, Option>): { string: string[]; narg: Record<string, number> } {
  const string: string[] = [];
  const narg: Record<string, number> = {};
  for (const name in options) {
    narg[name] = options[name]!.type === 'boolean' ? 0 : 1;
    if (narg[name] === 1) string.push(name);
  }
  return { string, narg };
}

/** Spells every flag in full (`-qtbug` → `--quiet --type=bug`); flags that are unknown or lack their value throw. */
export function spell(options: Record<string, Option>, typed: string, words: readonly string[]): string[] {
  const letters = new Map<string, string>();
  for (const name in options) if (options[name]!.alias !== undefined) letters.set(options[name]!.alias, name);
  const end = words.indexOf('--');
  const flagged = end === -1 ? words : words.slice(0, end);

  const long = (word: string, next: string | undefined): string[] => {
    const equals = word.indexOf('=');
    const name = word.slice(2, equals === -1 ? undefined : equals);
    if (!Object.hasOwn(options, name)) throw new UnknownFlag(typed, `--${name}`, nearest(name, Object.keys(options)));
    const takesValue = options[name]!.type !== 'boolean';
    if (!takesValue && equals !== -1) throw new BadArgument(`--${name} takes no value`, { flag: name }, `${typed} --${name}`);
    if (takesValue && equals === -1 && (next === undefined || !isValue(next))) {
      throw new BadArgument(`--${name} needs a value`, { flag: name }, `${typed} --${name}=${next ?? options[name]!.placeholder ?? '…'}`);
    }
    return [word];
  };
  const short = (word: string, next: string | undefined, written = word): string[] => {
    const letter = String.fromCodePoint(word.codePointAt(1)!);
    const rest = word.slice(1 + letter.length);
    const name = letters.get(letter);
    // Whoever writes -force means --force.
    if (name === undefined) throw new UnknownFlag(typed, `-${letter}`, Object.hasOwn(options, written.slice(1)) ? written.slice(1) : undefined);
    if (rest === '' || rest[0] === '=') return long(`--${name}${rest}`, next);
    if (options[name]!.type === 'boolean') return [`--${name}`, ...short(`-${rest}`, next, written)];
    return [`--${name}=${rest}`];
  };

  const spelled: string[] = [];
  for (let at = 0; at < flagged.length; at += 1) {
    const [word, next] = [flagged[at]!, flagged[at + 1]];
    spelled.push(...(isValue(word) ? [word] : word.startsWith('--') ? long(word, next) : short(word, next)));
  }
  return end === -1 ? spelled : [...spelled, ...words.slice(end)];
}

function checkChoice(label: string, value: string, choices: readonly string[] | undefined, hint: () => string): void {
  if (choices === undefined || choices.includes(value)) return;
  const near = nearest(value, choices);
  const meant = near === undefined ? '' : ` (did you mean ${near}?)`;
  throw new BadArgument(`${label} is one of ${choices.join(', ')}, not ${JSON.stringify(value)}${meant}`, { value, choices }, hint());
}

function readNumber(label: string, word: string, hint: () => string): number {
  if (!/^[+-]?(\d+(\.\d+)?|\.\d+)$/.test(word)) throw new BadArgument(`${label} is a number, not ${JSON.stringify(word)}`, { value: word }, hint());
  return Number(word);
}

function readOption(name: string, option: Option, typed: readonly string[], hint: () => string): unknown {
  if (typed.length === 0 && !option.required) return option.type === 'array' ? [...((option.default as readonly string[] | undefined) ?? [])] : option.default;
  const label = `--${name}`;
  if (option.type === 'array') {
    const values = option.whole ? [...typed] : typed.flatMap((word) => word.split(',').map((part) => part.trim()).filter((part) => part !== ''));
    for (const value of values) checkChoice(label, value, option.choices, hint);
    if (values.length === 0 && option.required) throw new BadArgument(`${label} is missing`, { flag: name }, hint());
    return values;
  }
  const last = typed[typed.length - 1];
  if (last === undefined) throw new BadArgument(`${label} is missing`, { flag: name }, hint());
  if (option.type === 'number') return readNumber(label, last, hint);
  checkChoice(label, last, option.choices, hint);
  return last;
}

function readPositionals(command: Command, typed: string, words: readonly string[], hint: () => string): Record<string, unknown> {
  const declared: readonly Positional[] = command.args ?? [];
  const args: Record<string, unknown> = {};
  let taken = 0;
  for (const { name, required, many, choices } of declared) {
    const mine = words.slice(taken, many ? undefined : taken + 1);
    taken += mine.length;
    if (required && mine.length === 0) throw new BadArgument(`${behindProgram(typed)} needs <${name}>`, { argument: name }, hint());
    for (const word of mine) checkChoice(`<${name}>`, word, choices, hint);
    args[camel(name)] = many ? mine : mine[0];
  }
  if (taken < words.length) throw new BadArgument(`${behindProgram(typed)} does not expect ${JSON.stringify(words[taken])}`, { argument: words[taken] }, hint());
  return args;
}

/** Asks the parser about the options that were typed alone: what it takes grows with those that it is told of. */
function readFlags(command: Command, typed: string, words: readonly string[]): Record<string, unknown> {
  const options = optionsOf(command);
  const spelled = spell(options, typed, words);
  const given: Record<string, Option> = {};
  for (const word of spelled) {
    const [name = ''] = word.startsWith('--') ? word.slice(2).split('=', 1) : [];
    if (Object.hasOwn(options, name)) given[name] = options[name]!;
  }
  return parser([...spelled], { ...flagsOf(given), configuration });
}

function hasFlag(words: readonly string[]): boolean {
  for (const word of words) if (word.startsWith('-')) return true;
  return false;
}

const none: readonly string[] = [];

/** Reads the words behind a command's name, `typed` as in `gt bead list`; what cannot be understood throws a Usage failure. */
export function parse(command: Command, typed: string, words: readonly string[], leading: readonly string[] = []): Parsed {
  const typedWords = [...leading, ...words];
  // Words alone stand for themselves: there is nothing to ask a parser, whose first answer is dear.
  const given: Record<string, unknown> = hasFlag(typedWords) ? readFlags(command, typed, typedWords) : { _: typedWords };
  const has = (name: string): boolean => given[name] !== undefined;
  const values = (name: string): readonly string[] => (has(name) ? ([] as string[]).concat(given[name] as string | string[]) : none);
  const last = (name: string): string | undefined => values(name)[values(name).length - 1];
  const common = { json: has('json'), quiet: has('quiet'), help: has('help'), actor: last('actor'), directory: last('directory') };
  // Whoever asks for help need not have typed the rest.
  if (common.help) return { ...common, args: {} };
  const hint = (): string => [typed, ...positionalWords(command), '[options]'].join(' ');
  const args = readPositionals(command, typed, given._ as string[], hint);
  for (const name in command.options) {
    const option = command.options[name]!;
    args[camel(name)] = option.type === 'boolean' ? has(name) : readOption(name, option, values(name), hint);
  }
  return { ...common, args };
}
