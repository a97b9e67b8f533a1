import { defineCommand } from '../command.ts';
import { script, shells } from '../completion.ts';

export const command = defineCommand({
  name: 'completion',
  summary: 'Print the script that completes commands in a shell',
  args: [{ name: 'shell', describe: 'the shell that reads it', required: true, choices: shells }],
  examples: [
    ['completion bash >> ~/.bashrc', 'in every new bash'],
    ['completion fish > ~/.config/fish/completions/gt.fish', 'in fish'],
  ],
  run: async ({ shell }, { program }) => script(shell, program),
  render: (text) => [text],
});
