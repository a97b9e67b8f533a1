import type { Option } from './command.ts';
import { commandsIn, loadCommand, resolveCommand, typeable } from './commands.ts';
import { optionsOf } from './parse.ts';

/** The shells that have a completion script. */
export const shells = ['bash', 'zsh', 'fish'] as const;

/** Writes the script that makes a shell ask us what may come next. */
export function script(shell: (typeof shells)[number], program: string): string {
  if (shell === 'bash') {
    return `_${program}_complete() {
  local IFS=$'\\n'
  COMPREPLY=($(${program} --get-completions "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o bashdefault -o default -F _${program}_complete ${program}`;
  }
  if (shell === 'zsh') {
    return `#compdef ${program}
_${program}() {
  local -a lines
  lines=("\${(@f)$(${program} --get-completions "\${(@)words[2,CURRENT]}" 2>/dev/null | sed -e 's/:/\\\\:/g' -e 's/\\t/:/')}")
  if [[ -n "$lines" ]]; then _describe ${program} lines; else _files; fi
}
compdef _${program} ${program}`;
  }
  return `function __${program}_complete
  set -l words (commandline -opc) (commandline -ct)
  ${program} --get-completions $words[2..-1] 2>/dev/null
end
complete -c ${program} -f -a '(__${program}_complete)'`;
}

/** Lists what may stand at the last of the words, one a line, a tab before its description. */
export async function completions(program: 'gt' | 'bd', words: readonly string[]): Promise<string[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const offered = await offers(program, before, current);
  return offered.filter((line) => line.startsWith(current));
}

async function offers(program: 'gt' | 'bd', before: readonly string[], current: string): Promise<string[]> {
  const resolved = find(program, before);
  if (resolved === undefined) return [];
  if (resolved.kind === 'group') return nextWords(program, resolved.name);
  const command = await loadCommand(resolved.name);
  const options = optionsOf(command);
  const pending = valueOf(options, resolved.words.at(-1) ?? '');
  if (pending !== undefined) return [...(pending.choices ?? [])];
  if (current.startsWith('-')) return Object.entries(options).map(([name, { describe }]) => `--${name}\t${describe}`);
  const positionals = command.args ?? [];
  const at = resolved.words.filter((word, index) => !word.startsWith('-') && valueOf(options, resolved.words[index - 1] ?? '') === undefined).length;
  const positional = positionals[at] ?? (positionals.at(-1)?.many ? positionals.at(-1) : undefined);
  return [...(positional?.choices ?? []), ...(at === 0 ? nextWords(program, before.join(' ')) : [])];
}

/** The option that still waits for its value behind this word. */
function valueOf(options: Record<string, Option>, word: string): Option | undefined {
  const found = Object.entries(options).find(([name, { alias }]) => word === `--${name}` || (alias !== undefined && word === `-${alias}`));
  return found?.[1].type === 'boolean' ? undefined : found?.[1];
}

function find(program: 'gt' | 'bd', before: readonly string[]): ReturnType<typeof resolveCommand> | undefined {
  try {
    return resolveCommand(program, before);
  } catch {
    // Words that mean nothing have no continuation.
    return undefined;
  }
}

function nextWords(program: 'gt' | 'bd', group: string): string[] {
  const known = group === '' ? [...typeable(program).keys()] : commandsIn(program, group).map(([typed]) => typed.slice(group.length + 1));
  return [...new Set(known.map((typed) => typed.split(' ')[0]!))];
}
