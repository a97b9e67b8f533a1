import { Usage } from '../base/errors.ts';
import { nearest, truncate } from '../base/text.ts';
import { globalOptions, type Command } from './command.ts';
import { aliases, alsoInBd, areas, groups, type Load } from './command-table.ts';

const table = new Map<string, Load>();
for (const { commands } of areas) for (const each of commands) table.set(each[0], each[1]);

/** Lists the full names of all commands. */
export function commandNames(): string[] {
  return [...table.keys()];
}

/** Loads a command by its full name. */
export async function loadCommand(name: string): Promise<Command> {
  const load = table.get(name);
  if (load === undefined) throw new Error(`no command is called ${name}`);
  return (await load()).command;
}

/** Shortens a full name to what a person may type: bead commands go without their noun, unless another command has that name. */
export function typedName(program: 'gt' | 'bd', name: string): string {
  const short = name.startsWith('bead ') ? name.slice('bead '.length) : name;
  return short !== name && !(program === 'gt' && isTaken(short)) ? short : name;
}

const firstWord = (words: string): string => (words.includes(' ') ? words.slice(0, words.indexOf(' ')) : words);

/** Whether a command begins with these words and goes on. */
function isGroup(words: string): boolean {
  const beginning = `${words} `;
  for (const name of table.keys()) if (name.startsWith(beginning)) return true;
  for (const name in aliases) if (name.startsWith(beginning)) return true;
  return false;
}

/** Whether the first word belongs to a command that is not about beads. */
function isTaken(short: string): boolean {
  const word = firstWord(short);
  return table.has(word) || isGroup(word);
}

/** The full name of what was typed. */
function fullName(program: 'gt' | 'bd', typed: string): string | undefined {
  const nameOf = (words: string): string | undefined => (table.has(words) ? words : Object.hasOwn(aliases, words) ? aliases[words] : undefined);
  const whole = program === 'gt' || alsoInBd.includes(firstWord(typed)) ? nameOf(typed) : undefined;
  const short = program === 'bd' || whole === undefined ? nameOf(`bead ${typed}`) : undefined;
  return short !== undefined && (program === 'bd' || !isTaken(typed)) ? short : whole;
}

/** Whether more words make a command of what was typed. */
function mayGoOn(program: 'gt' | 'bd', typed: string): boolean {
  if ((program === 'gt' || alsoInBd.includes(firstWord(typed))) && isGroup(typed)) return true;
  return (program === 'bd' || !isTaken(typed)) && isGroup(`bead ${typed}`);
}

/** Everything that may be typed to a program, with the full name that it stands for. */
export function typeable(program: 'gt' | 'bd'): Map<string, string> {
  const known = [...table.keys(), ...Object.keys(aliases)];
  const short = known.filter((words) => words.startsWith('bead ')).map((words) => words.slice('bead '.length));
  return new Map([...known, ...short].flatMap((typed): [string, string][] => {
    const name = fullName(program, typed);
    return name === undefined ? [] : [[typed, name]];
  }));
}

/** The first words are no command. */
export class UnknownCommand extends Usage {
  readonly code = 'command.unknown';
  constructor(program: 'gt' | 'bd', typed: string, known: Iterable<string>) {
    const near = nearest(typed, known);
    super(`there is no command ${JSON.stringify(truncate(typed, 80))}`, { command: typed }, `${program} ${near ?? '--help'}`);
  }
}

/** A group was named without saying which of its commands is meant. */
export class IncompleteCommand extends Usage {
  readonly code = 'command.incomplete';
  constructor(program: 'gt' | 'bd', typed: string, verbs: readonly string[]) {
    super(`${typed} needs one more word: ${verbs.join(', ')}`, { command: typed, verbs }, `${program} ${typed} --help`);
  }
}

/** What the first words mean: a command, or a group of them (the one with no name is the program itself). */
export interface Resolved {
  readonly kind: 'command' | 'group';
  /** The full name. */
  readonly name: string;
  /** The name as it was typed, with the program: `bd list`. */
  readonly typed: string;
  /** Flags that stood before the end of the name. */
  readonly leading: readonly string[];
  readonly words: readonly string[];
}

/** Counts how many words a leading flag takes; only the options that every command has may stand before its name. */
function leadingFlag(word: string): number {
  const valued = Object.entries(globalOptions).filter(([, { type }]) => type !== 'boolean');
  const waits = valued.some(([name, option]) => word === `--${name}` || ('alias' in option && /^-[^-]/.test(word) && word.endsWith(option.alias)));
  return waits ? 2 : 1;
}

/** Finds the command in what was typed; the longest name wins. */
export function resolveCommand(program: 'gt' | 'bd', argv: readonly string[]): Resolved {
  const leading: string[] = [];
  let name = '';
  let full: string | undefined;
  let at = 0;
  for (; at < argv.length; at++) {
    const word = argv[at]!;
    if (word === '--') break;
    if (word.startsWith('-') && word !== '-') {
      if (full !== undefined) break;
      const taken = leadingFlag(word);
      leading.push(...argv.slice(at, at + taken));
      at += taken - 1;
      continue;
    }
    if (name !== '' && !mayGoOn(program, name)) break;
    const longer = name === '' ? word : `${name} ${word}`;
    const named = fullName(program, longer);
    if (named === undefined && !mayGoOn(program, longer)) break;
    [name, full] = [longer, named];
  }
  const words = argv.slice(at);
  const typed = name === '' ? program : `${program} ${name}`;
  if (full !== undefined) return { kind: 'command', name: full, typed, leading, words };
  const [next] = words;
  if (next !== undefined && next !== '--') throw new UnknownCommand(program, name === '' ? next : `${name} ${next}`, typeable(program).keys());
  return { kind: 'group', name, typed, leading, words };
}

/** Lists the commands that start with a group's words, as they are typed, with their full names; aliases are left out. */
export function commandsIn(program: 'gt' | 'bd', group: string): [typed: string, name: string][] {
  return [...typeable(program)].filter(([typed, name]) => typed.startsWith(`${group} `) && name.endsWith(typed));
}

/** Tells what a group is about, by the words that are typed for it. */
export function aboutGroup(program: 'gt' | 'bd', group: string): string | undefined {
  const [first] = commandsIn(program, group);
  const full = first?.[1].slice(0, first[1].length - (first[0].length - group.length));
  return full !== undefined && Object.hasOwn(groups, full) ? groups[full] : undefined;
}
