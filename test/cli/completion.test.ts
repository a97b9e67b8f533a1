import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { completions, script, shells } from '../../src/cli/completion.ts';
import { root } from '../helpers/programs.ts';
import { output, temporary } from '../helpers/temporary.ts';

const completing = suite('completion');

completing('continues commands, flags and choices from the declarations', async () => {
  assert.equal(await completions('gt', ['vers']), ['version']);
  assert.equal(await completions('gt', ['completion', '']), ['bash', 'zsh', 'fish']);
  assert.equal(await completions('gt', ['completion', 'bash', '']), []);
  assert.equal(await completions('gt', ['version', '--js']), ['--json\tprint JSON for programs']);
  assert.equal(await completions('gt', ['-C', '/tmp', 'vers']), ['version']);
  assert.equal(await completions('gt', ['version', '--actor', '']), []);
});

completing('has nothing to add to words that mean nothing', async () => {
  assert.equal(await completions('gt', ['nonsense', 'v']), []);
  assert.equal(await completions('bd', ['--nope', '', 'x']), []);
});

completing('has a script for every shell, named for the program', () => {
  for (const shell of shells) assert.match(script(shell, 'bd'), 'bd --get-completions');
});

completing('works in bash', async () => {
  const folder = temporary();
  writeFileSync(join(folder, 'gt'), `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'src/main.ts')}' "$@"\n`);
  chmodSync(join(folder, 'gt'), 0o755);
  const typed = `COMP_WORDS=(gt completion ''); COMP_CWORD=2; _gt_complete; echo "\${COMPREPLY[*]}"`;
  const env = { PATH: `${folder}:${process.env['PATH']}` };
  assert.is(await output(['bash', '-c', `source <(gt completion bash); ${typed}`], { env }), 'bash zsh fish');
});

completing.run();
