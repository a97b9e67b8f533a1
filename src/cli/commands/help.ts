import { defineCommand } from '../command.ts';
import { loadCommand, resolveCommand } from '../commands.ts';
import { commandHelp, groupHelp, programHelp } from '../help.ts';

export const command = defineCommand({
  name: 'help',
  summary: 'Show what a command does and how it is typed',
  args: [{ name: 'command', describe: 'the command, or the first word of several', many: true }],
  examples: [['help version', 'what the version command prints']],
  async run({ command: words }, { program }) {
    const resolved = resolveCommand(program, words);
    if (resolved.kind === 'command') return [await commandHelp(resolved.typed, await loadCommand(resolved.name))];
    return resolved.name === '' ? programHelp(program) : groupHelp(program, resolved.name);
  },
  render: (parts) => parts,
});
