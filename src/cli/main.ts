import type { Command } from './command.ts';
import { commandsIn, IncompleteCommand, loadCommand, resolveCommand, type Resolved } from './commands.ts';
import { openWorld, standingPlace } from './context.ts';
import { tell } from './failure.ts';
import { printJson, printParts } from './output.ts';
import { parse } from './parse.ts';

/** How long an interrupted command may take to put its things away, in milliseconds. */
const grace = 5_000;

/** Serves one command line and returns what to exit with; nothing is thrown past here. */
export async function main(program: 'gt' | 'bd', argv: readonly string[]): Promise<number> {
  return guard(argv, async (signal) => {
    if (argv[0] === '--get-completions') {
      const { completions } = await import('./completion.ts');
      printParts(await completions(program, argv.slice(1)));
      return 0;
    }
    const resolved = resolveCommand(program, argv);
    if (resolved.kind === 'group') return showGroup(program, resolved);
    return runCommand(program, await loadCommand(resolved.name), resolved, signal);
  });
}

/** Runs what may be interrupted and may fail, and returns what to exit with. */
export async function guard(argv: readonly string[], serve: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const interrupt = new AbortController();
  let interrupted: number | undefined;
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
    const status = signal === 'SIGINT' ? 130 : 143;
    if (interrupted !== undefined) process.exit(status);
    interrupted = status;
    interrupt.abort();
    setTimeout(() => process.exit(status), grace).unref();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    const status = await serve(interrupt.signal);
    return interrupted ?? status;
  } catch (error) {
    return interrupted ?? tell(error, asksForJson(argv));
  }
}

function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}

/** Reads the words of one command, runs it, and prints its answer or its help. */
export async function runCommand(program: 'gt' | 'bd', command: Command, { typed, words, leading }: Pick<Resolved, 'typed' | 'words' | 'leading'>, signal: AbortSignal): Promise<number> {
  const { args, json, help, quiet, actor, directory } = parse(command, typed, words, leading);
  if (help) {
    const { commandHelp } = await import('./help.ts');
    printParts([await commandHelp(typed, command)]);
    return 0;
  }
  const cwd = standingPlace(process.cwd(), process.env['GIT_PREFIX'], directory);
  const world = openWorld({ cwd, program, actor, quiet, signal });
  try {
    const result = await command.run(args, world);
    world.clearProgress();
    if (json) printJson(command.json === undefined ? result : await command.json(result), world.env['BD_JSON_ENVELOPE'] === '1');
    else printParts(command.render(result, args));
    return command.exit?.(result) ?? 0;
  } finally {
    world.clearProgress();
  }
}

async function showGroup(program: 'gt' | 'bd', { name, typed, leading }: Resolved): Promise<number> {
  const { help } = parse({ name, summary: '', run: async () => undefined, render: () => [] }, typed, leading);
  if (name !== '' && !help) throw new IncompleteCommand(program, name, commandsIn(program, name).map(([words]) => words.slice(name.length + 1)));
  const { groupHelp, programHelp } = await import('./help.ts');
  printParts(name === '' ? await programHelp(program) : await groupHelp(program, name));
  return 0;
}
