import type { Part } from './output.ts';

/** One flag of a command; `array` may be repeated and is split at commas, unless `whole`. */
export interface Option {
  readonly type: 'string' | 'number' | 'boolean' | 'array';
  readonly describe: string;
  /** One letter. */
  readonly alias?: string;
  readonly choices?: readonly string[];
  readonly default?: string | number | readonly string[];
  /** What help calls the value: `<address>`. */
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly whole?: boolean;
}

/** One positional argument; only the last may be `many`. */
export interface Positional {
  readonly name: string;
  readonly describe: string;
  readonly required?: boolean;
  readonly many?: boolean;
  readonly choices?: readonly string[];
}

/** What a command gets from the world besides its arguments. */
export interface Context {
  /** The folder that the person stands in, absolute: -C and git's GIT_PREFIX are resolved. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly program: 'gt' | 'bd';
  /** The address given with --actor. */
  readonly actor: string | undefined;
  readonly quiet: boolean;
  /** True where a person reads what is printed. */
  readonly isTerminal: boolean;
  /** Aborts on SIGINT and SIGTERM: stop children, release locks, and settle. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  now(): number;
  random(bytes: number): Uint8Array;
  /** Reads all of standard input as text. */
  stdin(): Promise<string>;
  /** Says on stderr what is being done: one line that changes on a terminal, plain lines elsewhere, nothing with --quiet. */
  progress(line: string): void;
  /** Says on stderr what went wrong though the command went on. */
  warn(line: string): void;
  /** Asks a yes-or-no question; undefined where nobody is there to answer, or with --quiet. */
  confirm(question: string, byDefault: boolean): Promise<boolean | undefined>;
}

type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Name;

/** The name under which `run` receives an option or an argument. */
export function camel(name: string): string {
  if (!name.includes('-')) return name;
  const [first = '', ...others] = name.split('-');
  let joined = first;
  for (const part of others) joined += part.charAt(0).toUpperCase() + part.slice(1);
  return joined;
}

type Word<Choices> = Choices extends { choices: readonly (infer Choice)[] } ? Choice : string;

type Scalar<O extends Option> = O['type'] extends 'number' ? number : Word<O>;

type OptionValue<O extends Option> = O['type'] extends 'boolean'
  ? boolean
  : O['type'] extends 'array'
    ? Word<O>[]
    : O extends { required: true } | { default: string | number }
      ? Scalar<O>
      : Scalar<O> | undefined;

type PositionalValue<P extends Positional> = P extends { many: true } ? Word<P>[] : P extends { required: true } ? Word<P> : Word<P> | undefined;

/** What `run` receives: positionals by name, options in camelCase; absent booleans are false, absent arrays empty. */
export type Arguments<Ps extends readonly Positional[], Os extends Record<string, Option>> = {
  [P in Ps[number] as Camel<P['name']>]: PositionalValue<P>;
} & { [Name in keyof Os & string as Camel<Name>]: OptionValue<Os[Name]> };

/** A command as the terminal knows it: what it reads, the one action it runs, how its answer looks. */
export interface Command<Args = Record<string, unknown>, Result = unknown> {
  /** All words: `rig add`. */
  readonly name: string;
  /** Imperative, no full stop. */
  readonly summary: string;
  readonly args?: readonly Positional[];
  readonly options?: Readonly<Record<string, Option>>;
  /** What to type, from the full name on, and what that does. */
  readonly examples?: readonly (readonly [string, string])[];
  /** Left out of lists and completion. */
  readonly hidden?: boolean;
  run(args: Args, context: Context): Promise<Result>;
  /** The lines and tables that people see. */
  render(result: Result, args: Args): Iterable<Part>;
  /** What --json prints, or a promise of it, when it differs from the result. */
  json?(result: Result): unknown;
  /** What the program exits with, when that is not 0. */
  exit?(result: Result): number;
}

/** Declares a command; the types of its arguments follow from `args` and `options`. */
export function defineCommand<const Ps extends readonly Positional[] = readonly [], const Os extends Record<string, Option> = Record<never, Option>, Result = void>(
  declaration: Command<Arguments<Ps, Os>, Result> & { readonly args?: Ps; readonly options?: Os },
): Command<Arguments<Ps, Os>, Result> {
  return declaration;
}

/** The options that every command has. */
export const globalOptions = {
  json: { type: 'boolean', describe: 'print JSON for programs' },
  quiet: { type: 'boolean', alias: 'q', describe: 'print nothing but results and errors' },
  actor: { type: 'string', describe: 'act as this address', placeholder: '<address>' },
  directory: { type: 'string', alias: 'C', describe: 'run as if started there', placeholder: '<path>' },
  help: { type: 'boolean', alias: 'h', describe: 'show this help' },
} as const satisfies Record<string, Option>;

/** Shows how the arguments of a command are typed: `<title> [label..]`. */
export function positionalWords(command: Command): string[] {
  return (command.args ?? []).map(({ name, required, many }) => {
    const word = many ? `${name}..` : name;
    return required ? `<${word}>` : `[${word}]`;
  });
}
