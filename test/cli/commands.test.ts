import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { globalOptions, type Command } from '../../src/cli/command.ts';
import { aliases, areas, groups } from '../../src/cli/command-table.ts';
import { commandNames, IncompleteCommand, loadCommand, resolveCommand, typedName, UnknownCommand } from '../../src/cli/commands.ts';
import { parse } from '../../src/cli/parse.ts';

const declared: Command[] = await Promise.all(commandNames().map(loadCommand));

const resolving = suite('resolveCommand');

resolving('finds a command and leaves the rest to it', () => {
  const { kind, name, typed, words } = resolveCommand('gt', ['help', 'version', '--json']);
  assert.equal({ kind, name, typed, words }, { kind: 'command', name: 'help', typed: 'gt help', words: ['version', '--json'] });
});

resolving('hands on the flags before the name', () => {
  const { name, leading, words } = resolveCommand('bd', ['--json', '-qC', 'version', '--actor', 'help', 'version', '-h']);
  assert.is(name, 'version');
  assert.equal(leading, ['--json', '-qC', 'version', '--actor', 'help']);
  assert.equal(words, ['-h']);
});

resolving('is the program itself where there is no name', () => {
  assert.equal(resolveCommand('gt', ['--help']), { kind: 'group', name: '', typed: 'gt', leading: ['--help'], words: [] });
});

resolving('suggests the command that was meant', () => {
  assert.throws(
    () => resolveCommand('gt', ['verison']),
    (error: unknown) => error instanceof UnknownCommand && error.hint === 'gt version' && error.exit === 2,
  );
});

resolving('knows no command by what every object has', () => {
  for (const word of ['constructor', '__proto__', 'toString', '']) assert.throws(() => resolveCommand('gt', [word]), (error: unknown) => error instanceof UnknownCommand);
});

resolving('asks a group for one more word', () => {
  assert.is(new IncompleteCommand('gt', 'rig', ['add', 'list']).message, 'rig needs one more word: add, list');
});

resolving.run();

/** Splits an example as a shell would: quotes keep words together, and what a shell takes for itself ends it. */
function shellWords(line: string): string[] {
  const command = line.split(/ (?:[<>|]|>>) /)[0]!;
  return [...command.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replace(/["']/g, ''));
}

const declarations = suite('every declaration');

declarations('is in one area, under its own name', () => {
  const names = areas.flatMap(({ commands }) => commands.map(([name]) => name));
  assert.equal(names.filter((name, at) => names.indexOf(name) !== at), []);
  assert.equal(declared.map(({ name }) => name), names);
});

declarations('is what every alias stands for', () => {
  for (const [alias, name] of Object.entries(aliases)) assert.ok(commandNames().includes(name) && !commandNames().includes(alias), alias);
});

declarations('that shares its first word is in a group that says what it is about', () => {
  for (const { name, hidden } of declared) {
    if (hidden) continue;
    const group = name.slice(0, Math.max(0, name.lastIndexOf(' ')));
    assert.ok(group === '' || commandNames().includes(group) || Object.hasOwn(groups, group), name);
  }
});

declarations('is summed up by one imperative line', () => {
  for (const { name, summary } of declared) assert.match(summary, /^[A-Z][^\n]{8,90}[^.\n]$/, name);
});

declarations('has options of its own, told apart by name and letter', () => {
  for (const { name, options = {} } of declared) {
    for (const [option, { alias }] of Object.entries(options)) {
      assert.match(option, /^[a-z][a-z0-9]+(-[a-z0-9]+)*$/, name);
      assert.not.ok(Object.hasOwn(globalOptions, option), `${name} --${option} is every command's`);
      if (alias !== undefined) assert.match(alias, /^[a-zA-Z]$/, `${name} --${option}`);
    }
    const letters = Object.values({ ...options, ...globalOptions }).flatMap((option) => ('alias' in option && option.alias ? [option.alias] : []));
    assert.equal(letters.filter((letter, at) => letters.indexOf(letter) !== at), [], name);
  }
});

declarations('asks for its required words first and for many last', () => {
  for (const { name, args = [] } of declared) {
    const firstOptional = args.findIndex(({ required }) => !required);
    assert.not.ok(firstOptional !== -1 && args.slice(firstOptional).some(({ required }) => required), name);
    assert.not.ok(args.slice(0, -1).some(({ many }) => many), name);
  }
});

declarations('gives examples that it can read', () => {
  for (const command of declared) {
    for (const [line] of command.examples ?? []) {
      assert.ok(`${line} `.startsWith(`${command.name} `), line);
      parse(command, `gt ${typedName('gt', command.name)}`, shellWords(line.slice(command.name.length)));
    }
  }
});

declarations.run();

const sync = suite('gt sync');

sync('says which clones it has retired, and since when nobody saw them', async () => {
  const command = await loadCommand('sync');
  const ledger = { name: 'shop', remote: 'origin', adopted: false, folded: [], pushed: false, replicas: 1, retired: [{ replica: 'abc123', since: '2026-04-01T08:00:00Z' }], troubles: [], left: ['noting what has arrived: git is busy'] };
  assert.equal([...command.render({ ledgers: [ledger], failures: [] }, {})], ['shop: nothing new on origin, nothing new here; 1 other clone shares it', '  retired the replica abc123, unseen since 2026-04-01', '  left to the next sync: noting what has arrived: git is busy']);
});

sync.run();
