import { Usage } from '../base/errors.ts';
import { nearest } from '../base/text.ts';
import { globalOptions, type Command } from './command.ts';

/** Loads the module of one command. */
type Load = () => Promise<{ readonly command: Command }>;

/** Commands that help shows together. */
interface Area {
  readonly title: string;
  readonly commands: Readonly<Record<string, Load>>;
}

/** Every command, by its words, in the order that help lists them; none is loaded before it is needed. */
export const areas: readonly Area[] = [
  {
    title: 'About gastown',
    commands: {
      help: () => import('./commands/help.ts'),
      version: () => import('./commands/version.ts'),
      completion: () => import('./commands/completion.ts'),
    },
  },
];

/** What the groups are about: the first words that several commands share. */
export const groups: Readonly<Record<string, string>> = {
  bead: 'Work that is written down: file it, find it, finish it',
};

/** Other names of commands. */
export const aliases: Readonly<Record<string, string>> = {};

/** What `bd` knows besides the bead commands. */
export const alsoInBd: readonly string[] = ['help', 'version', 'completion'];

const table = new Map<string, Load>(areas.flatMap(({ commands }) => Object.entries(commands)));

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

function isTaken(short: string): boolean {
  const first = short.split(' ')[0]!;
  return [...table.keys(), ...Object.keys(aliases)].some((name) => name === first || name.startsWith(`${first} `));
}

/** Everything that may be typed to a program, with the full name that it stands for. */
export function typeable(program: 'gt' | 'bd'): Map<string, string> {
  const names = new Map<string, string>();
  const known: [string, string][] = [...[...table.keys()].map((name): [string, string] => [name, name]), ...Object.entries(aliases)];
  const first = (words: string): string => words.split(' ')[0]!;
  for (const [typed, name] of known) {
    if (program === 'gt' || alsoInBd.includes(first(typed))) names.set(typed, name);
  }
  for (const [typed, name] of known) {
    if (!typed.startsWith('bead ')) continue;
    const short = typed.slice('bead '.length);
    if (program === 'bd' || !isTaken(short)) names.set(short, name);
  }
  return names;
}

/** The first words are no command. */
export class UnknownCommand extends Usage {
  readonly code = 'command.unknown';
  constructor(program: 'gt' | 'bd', typed: string, known: Iterable<string>) {
    const near = nearest(typed, known);
    super(`there is no command ${JSON.stringify(typed)}`, { command: typed }, `${program} ${near ?? '--help'}`);
  }
}

/** A group was named without saying which of its commands is meant. */
export class IncompleteCommand extends Usage {
  readonly code = 'command.incomplete';
  constructor(program: 'gt' | 'bd', typed: string, verbs: readonly string[]) {
    super(`${typed} what? It knows ${verbs.join(', ')}`, { command: typed, verbs }, `${program} ${typed} --help`);
  }
}

/** What the first words mean: a command with the words that are left for it, or a group (the empty one is the program itself). */
export type Resolved = { readonly kind: 'command'; readonly name: string; readonly words: readonly string[] } | { readonly kind: 'group'; readonly name: string; readonly words: readonly string[] };

/** Counts how many words a leading flag takes; only the options that every command has may stand before its name. */
function leadingFlag(word: string): number {
  const valued = Object.entries(globalOptions).some(([name, option]) => option.type !== 'boolean' && (word === `--${name}` || ('alias' in option && word === `-${option.alias}`)));
  return valued ? 2 : 1;
}

/** Finds the command in what was typed; the longest name wins, and flags before or inside of it are handed on. */
export function resolveCommand(program: 'gt' | 'bd', argv: readonly string[]): Resolved {
  const names = typeable(program);
  const isPrefix = (typed: string): boolean => [...names.keys()].some((name) => name === typed || name.startsWith(`${typed} `));
  const set: string[] = [];
  let typed = '';
  let at = 0;
  for (; at < argv.length; at++) {
    const word = argv[at]!;
    if (word === '--') break;
    if (word.startsWith('-') && word !== '-') {
      if (names.has(typed)) break;
      const taken = leadingFlag(word);
      set.push(...argv.slice(at, at + taken));
      at += taken - 1;
      continue;
    }
    const longer = typed === '' ? word : `${typed} ${word}`;
    if (!isPrefix(longer)) break;
    typed = longer;
  }
  const words = [...set, ...argv.slice(at)];
  const name = names.get(typed);
  if (name !== undefined) return { kind: 'command', name, words };
  const next = argv[at];
  if (next !== undefined && next !== '--') throw new UnknownCommand(program, typed === '' ? next : `${typed} ${next}`, names.keys());
  return { kind: 'group', name: typed, words };
}

/** Lists the commands that start with a group's words, by what is typed; aliases are left out. */
export function commandsIn(program: 'gt' | 'bd', group: string): [string, string][] {
  return [...typeable(program)].filter(([typed]) => !Object.hasOwn(aliases, typed) && typed.startsWith(`${group} `));
}
