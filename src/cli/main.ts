import type { Command } from './command.ts';
import { commandsIn, IncompleteCommand, loadCommand, resolveCommand } from './commands.ts';
import { openWorld, standingPlace, type World } from './context.ts';
import { tell } from './failure.ts';
import { printJson, printParts } from './output.ts';
import { parse } from './parse.ts';

/** How long an interrupted command may take to put its things away, in milliseconds. */
const grace = 5_000;

/** Serves one command line and returns what to exit with; nothing is thrown past here. */
export async function main(program: 'gt' | 'bd', argv: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  let exit: number | undefined;
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
    const status = signal === 'SIGINT' ? 130 : 143;
    if (exit !== undefined) process.exit(status);
    exit = status;
    interrupt.abort();
    setTimeout(() => process.exit(status), grace).unref();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    const status = await serve(program, argv, interrupt.signal);
    return exit ?? status;
  } catch (error) {
    return exit ?? tell(error, asksForJson(argv));
  }
}

function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}

async function serve(program: 'gt' | 'bd', argv: readonly string[], signal: AbortSignal): Promise<number> {
  if (argv[0] === '--get-completions') {
    const { completions } = await import('./completion.ts');
    printParts(await completions(program, argv.slice(1)));
    return 0;
  }
  const resolved = resolveCommand(program, argv);
  if (resolved.kind === 'group') return showGroup(program, resolved.name, resolved.words);
  const command = await loadCommand(resolved.name);
  const parsed = parse(command, program, resolved.words);
  if (parsed.help) {
    const { commandHelp } = await import('./help.ts');
    printParts([await commandHelp(program, command)]);
    return 0;
  }
  const { quiet, actor } = parsed;
  const cwd = standingPlace(process.cwd(), process.env['GIT_PREFIX'], parsed.directory);
  const world = openWorld({ cwd, program, actor, quiet, signal });
  return perform(command, parsed.args, world, parsed.json);
}

async function perform(command: Command, args: Record<string, unknown>, world: World, json: boolean): Promise<number> {
  try {
    const result = await command.run(args, world);
    world.clearProgress();
    if (json) printJson(command.json === undefined ? result : command.json(result), world.env['BD_JSON_ENVELOPE'] === '1');
    else printParts(command.render(result, args));
    return command.exit?.(result) ?? 0;
  } finally {
    world.clearProgress();
  }
}

async function showGroup(program: 'gt' | 'bd', group: string, words: readonly string[]): Promise<number> {
  const asked = words.includes('--help') || words.includes('-h');
  if (group !== '' && !asked) throw new IncompleteCommand(program, group, commandsIn(program, group).map(([typed]) => typed.slice(group.length + 1)));
  const { groupHelp, programHelp } = await import('./help.ts');
  printParts(group === '' ? await programHelp(program) : await groupHelp(program, group));
  return 0;
}
