import yargs, { type Argv } from 'yargs';
import { globalOptions, positionalWords, type Command, type Option } from './command.ts';
import { areas } from './command-table.ts';
import { aboutGroup, commandsIn, loadCommand, typeable, typedName } from './commands.ts';
import type { Part } from './output.ts';
import { configuration, flagsOf, optionsOf } from './parse.ts';
import { table, type Table } from './table.ts';
import { terminalColumns } from './terminal.ts';

const placeholders = { string: '<text>', number: '<n>', array: '<a,b>' };

function description({ type, describe, choices, placeholder }: Option): string {
  if (type === 'boolean' || choices !== undefined) return describe;
  return `${describe}, ${placeholder ?? placeholders[type]}`;
}

/** Tells the whole of yargs about a command: what help is rendered from, and the second reading that parse is held against. */
export function grammar(typed: string, command: Command): Argv {
  const options = optionsOf(command);
  const { narg } = flagsOf(options);
  return yargs([])
    .locale('en')
    .scriptName(typed)
    .help(false)
    .version(false)
    .exitProcess(false)
    .fail(false)
    .wrap(Math.min(terminalColumns() ?? 80, 100))
    .parserConfiguration(configuration)
    .usage(['$0', ...positionalWords(command)].join(' '), command.summary, (inner) => {
      for (const { name, describe, choices } of command.args ?? []) inner.positional(name, { describe, choices });
      for (const [name, option] of Object.entries(options)) {
        const { alias, choices, default: byDefault } = option;
        inner.option(name, {
          alias,
          choices,
          describe: description(option),
          nargs: narg[name],
          defaultDescription: byDefault === undefined ? undefined : String(byDefault),
          group: Object.hasOwn(globalOptions, name) ? 'Options of every command:' : 'Options:',
        });
      }
      for (const [words, what] of command.examples ?? []) inner.example(`$0${words.slice(command.name.length)}`, what);
      return inner;
    });
}

/** Renders the help of one command. */
export async function commandHelp(typed: string, command: Command): Promise<string> {
  return grammar(typed, command).getHelp();
}

interface Row {
  readonly typed: string;
  readonly summary: string;
}

async function rows(program: 'gt' | 'bd', typed: Iterable<readonly [string, string]>): Promise<Row[]> {
  const loaded = await Promise.all(Array.from(typed, async ([words, name]) => ({ words, command: await loadCommand(name) })));
  return loaded.filter(({ command }) => !command.hidden).map(({ words, command }) => ({ typed: `  ${program} ${words}`, summary: command.summary }));
}

function listing(of: readonly Row[]): Table {
  return table(of, [{ title: '', cell: ({ typed }) => typed }, { title: '', cell: ({ summary }) => summary }], { titles: false });
}

/** Renders the commands that share their first words. */
export async function groupHelp(program: 'gt' | 'bd', group: string): Promise<Part[]> {
  const about = aboutGroup(program, group);
  return [...(about === undefined ? [] : [about, '']), listing(await rows(program, commandsIn(program, group))), '', `${program} ${group} <command> --help tells more.`];
}

/** Renders every command of a program, by area. */
export async function programHelp(program: 'gt' | 'bd'): Promise<Part[]> {
  const known = new Set(typeable(program).keys());
  const parts: Part[] = [`usage: ${program} <command> [options]`];
  for (const { title, commands } of areas) {
    const typed = commands.map(([name]) => [typedName(program, name), name] as const);
    const shown = await rows(program, typed.filter(([words]) => known.has(words)));
    if (shown.length > 0) parts.push('', { heading: title }, listing(shown));
  }
  return [...parts, '', `${program} <command> --help tells more about one of them.`];
}
