import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Usage } from '../../src/base/errors.ts';
import type { Command, Option, Positional } from '../../src/cli/command.ts';
import { grammar } from '../../src/cli/help.ts';
import { optionsOf, parse, spell, type Parsed } from '../../src/cli/parse.ts';

const create: Command = {
  name: 'bead create',
  summary: 'File a bead',
  args: [{ name: 'title', describe: 'what is to be done', required: true }],
  options: {
    type: { type: 'string', alias: 't', choices: ['bug', 'task'], default: 'task', describe: 'what kind of work it is' },
    priority: { type: 'number', alias: 'p', default: 2, describe: 'how urgent it is' },
    label: { type: 'array', alias: 'l', describe: 'labels' },
    note: { type: 'array', whole: true, describe: 'notes' },
    parent: { type: 'string', describe: 'the bead it belongs to' },
    force: { type: 'boolean', alias: 'f', describe: 'ask nothing' },
    'no-inherit': { type: 'boolean', describe: 'take no labels from the parent' },
  },
  run: async () => undefined,
  render: () => [],
};

const read = (...words: string[]): Parsed => parse(create, 'gt create', words);

function refusal(...words: string[]): Usage {
  try {
    read(...words);
  } catch (error) {
    if (error instanceof Usage) return error;
    throw error;
  }
  throw new Error(`${words.join(' ')} was accepted`);
}

const parsing = suite('parse');

parsing('fills in what was not said', () => {
  const expected = { title: 'Fix it', type: 'task', priority: 2, label: [], note: [], parent: undefined, force: false, noInherit: false };
  assert.equal(read('Fix it').args, expected);
});

parsing('reads every way to write a flag', () => {
  for (const words of [['--type', 'bug'], ['--type=bug'], ['-t', 'bug'], ['-t=bug'], ['-tbug'], ['-ftbug'], ['-qft', 'bug']]) {
    assert.is(read(...words, 'x').args['type'], 'bug', words.join(' '));
    assert.is(read('x', ...words).args['type'], 'bug', words.join(' '));
  }
  assert.is(read('-p0', 'x').args['priority'], 0);
  assert.is(read('-p', '-1', 'x').args['priority'], -1);
});

parsing('collects lists, split at commas unless the option takes them whole', () => {
  assert.equal(read('x', '-l', 'a,b', '--label=c', '-l', ' d ,').args['label'], ['a', 'b', 'c', 'd']);
  assert.equal(read('x', '--note', 'first, second', '--note', 'third').args['note'], ['first, second', 'third']);
});

parsing('takes the last of two answers', () => {
  assert.is(read('x', '-t', 'bug', '-t', 'task').args['type'], 'task');
});

parsing('keeps words as they were typed', () => {
  for (const word of ['007', '1e5', '0x10', 'true', 'null', '', ' ', '-', '$(touch pwned)', 'a\nb', '{"a":1}']) {
    assert.is(read(word, '--parent', word).args['title'], word);
    assert.is(read(word, '--parent', word).args['parent'], word);
  }
  assert.is(read('--force', 'true').args['title'], 'true');
  assert.is(read('x', '--parent=--force').args['parent'], '--force');
  assert.equal(read('--', '--force').args['title'], '--force');
  assert.is(read('x', '--parent=a=b').args['parent'], 'a=b');
});

parsing('hands on the options that every command has', () => {
  const { json, quiet, actor, directory } = read('x', '--json', '-qC', '/tmp', '--actor=web/crew/ada');
  assert.equal({ json, quiet, actor, directory }, { json: true, quiet: true, actor: 'web/crew/ada', directory: '/tmp' });
});

parsing('suggests the flag that was meant', () => {
  const failure = refusal('x', '--prority', '1');
  assert.is(failure.message, 'create has no flag --prority');
  assert.is(failure.hint, 'gt create --priority');
  assert.is(failure.exit, 2);
  assert.is(refusal('x', '-force').hint, 'gt create --force');
  assert.is(refusal('x', '-z').message, 'create has no flag -z');
});

parsing('touches no prototype', () => {
  for (const flag of ['--__proto__.x=1', '--__proto__=1', '--constructor.prototype.x=1', '--constructor', '--toString', '--parent.x=1', '--_=x', '--$0=x']) {
    assert.is(refusal('x', flag).code, 'flag.unknown', flag);
  }
  assert.is(({} as Record<string, unknown>)['x'], undefined);
});

parsing('refuses in words what it cannot read', () => {
  assert.is(refusal('x', '--parent').message, '--parent needs a value');
  assert.is(refusal('x', '--parent', '--force').hint, 'gt create --parent=--force');
  assert.is(refusal('x', '--force=no').message, '--force takes no value');
  assert.is(refusal('x', '-p', 'high').message, '--priority is a number, not "high"');
  for (const word of ['NaN', '1e5', '0x1', '', 'Infinity', '1,5']) assert.match(refusal('x', `-p=${word}`).message, 'is a number');
  assert.is(refusal('x', '-t', 'bgu').message, '--type is one of bug, task, not "bgu" (did you mean bug?)');
  assert.is(refusal().message, 'create needs <title>');
  assert.is(refusal().hint, 'gt create <title> [options]');
  assert.is(refusal('x', 'y').message, 'create does not expect "y"');
  assert.is(refusal('---', 'y').code, 'flag.unknown');
});

parsing('asks for nothing more from someone who asks for help', () => {
  assert.ok(read('--help').help);
  assert.ok(read('-fh').help);
  assert.not.ok(read('--', '--help').help);
});

parsing.run();

const name = fc.stringMatching(/^[a-z]{2,6}(-[a-z]{1,4})?$/).filter((word) => !['json', 'quiet', 'actor', 'directory', 'help'].includes(word));
const letter = fc.constantFrom(...'abdefgijklmnoprstuvwxyzABDEFG');

const declaration: fc.Arbitrary<Command> = fc
  .record({
    names: fc.uniqueArray(name, { maxLength: 6 }),
    letters: fc.uniqueArray(letter, { minLength: 6, maxLength: 6 }),
    kinds: fc.array(fc.constantFrom<Option['type']>('string', 'number', 'boolean', 'array'), { minLength: 6, maxLength: 6 }),
    lettered: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    required: fc.nat(2),
    optional: fc.nat(2),
    many: fc.boolean(),
  })
  .map(({ names, letters, kinds, lettered, required, optional, many }) => {
    const args: Positional[] = Array.from({ length: required + optional }, (_, at) => ({ name: `word${at}`, describe: 'a word', required: at < required, many: many && at === required + optional - 1 }));
    const options = Object.fromEntries(names.map((option, at) => [option, { type: kinds[at]!, describe: 'an option', ...(lettered[at] ? { alias: letters[at] } : {}) }]));
    return { name: 'patrol', summary: 'Walk around', args, options, run: async () => undefined, render: () => [] };
  });

// As a positional, yargs loses a lone dash, and does not count what stands behind `--`: these two are ours alone.
const word = fc
  .oneof(fc.constantFrom('a', '007', '1e5', '-1', '-.5', 'true', 'false', '', 'a=b', 'x y', '__proto__'), fc.string({ maxLength: 4 }))
  .filter((text) => text !== '-' && text !== '--');

function vector(command: Command): fc.Arbitrary<string[]> {
  const flags = Object.entries(optionsOf(command)).filter(([option]) => option !== 'help').flatMap(([option, { alias }]) => [`--${option}`, ...(alias === undefined ? [] : [`-${alias}`])]);
  const flag = fc.constantFrom(...flags);
  const piece = fc.oneof(word.map((value) => [value]), flag.map((typed) => [typed]), fc.tuple(flag, word), fc.tuple(flag, word).map(([typed, value]) => [`${typed}=${value}`]));
  return fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.flat());
}

/** What a reader made of the words, in terms that both readers share; undefined where it refused. */
type Reading = Record<string, unknown> | undefined;

function ours(command: Command, words: string[]): Reading {
  try {
    const { args, json, quiet, actor, directory } = parse(command, 'gt patrol', words);
    return { ...args, json, quiet, actor, directory };
  } catch (error) {
    if (error instanceof Usage) return undefined;
    throw error;
  }
}

async function theirs(command: Command, words: string[]): Promise<Reading> {
  const camel = (dashed: string): string => dashed.replace(/-(.)/g, (_, next: string) => next.toUpperCase());
  let read: Record<string, unknown>;
  try {
    // The spelling is ours: yargs cannot read `-tbug`.
    const spelled = spell(optionsOf(command), 'gt patrol', words);
    read = await grammar('gt patrol', command).strict().parseAsync(spelled);
  } catch {
    return undefined;
  }
  const reading: Record<string, unknown> = {};
  for (const { name: positional, many } of command.args ?? []) reading[positional] = read[positional] ?? (many ? [] : undefined);
  for (const [option, { type }] of Object.entries(optionsOf(command))) {
    if (option === 'help') continue;
    const values = ([] as unknown[]).concat(read[option] ?? []);
    if (type === 'boolean') reading[camel(option)] = values.length > 0;
    else if (type === 'array') reading[camel(option)] = values.flatMap((value) => String(value).split(',').map((part) => part.trim()).filter((part) => part !== ''));
    else if (type === 'number' && values.length > 0) {
      const last = String(values.at(-1));
      if (!/^[+-]?(\d+(\.\d+)?|\.\d+)$/.test(last)) return undefined;
      reading[camel(option)] = Number(last);
    } else reading[camel(option)] = values.at(-1);
  }
  return reading;
}

const law = suite('the parser and the whole of yargs');

law('read every declaration alike', async () => {
  let read = 0;
  await fc.assert(
    fc.asyncProperty(declaration.chain((command) => fc.tuple(fc.constant(command), vector(command))), async ([command, words]) => {
      const reading = ours(command, words);
      if (reading !== undefined) read++;
      assert.equal(await theirs(command, words), reading);
    }),
    { numRuns: 600 },
  );
  assert.ok(read > 100, `only ${read} vectors were read`);
});

law.run();
