import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { roleOf, type Kin } from '../../src/sessions/ancestors.ts';
import { output, temporary } from '../helpers/temporary.ts';

const folder = '/town/shop/polecats/nux';
const role = (line: string, more: Partial<Kin> = {}): string => roleOf({ words: line.split(' '), cwd: folder, together: false, ...more }, folder);

const telling = suite('a process above a command');

telling('is a client when it is no shell and stands in the worktree', () => {
  assert.is(role('claude --settings x'), 'client');
  assert.is(role('/usr/bin/node /opt/codex.js', { cwd: `${folder}/src` }), 'client');
});

telling('is nobody when it stands elsewhere', () => {
  for (const cwd of ['/', '/town/shop/polecats', `${folder}2`]) assert.is(role('claude', { cwd }), 'nobody', cwd);
});

telling('is nobody when a person types there', () => {
  for (const line of ['bash', '-bash', '/bin/bash -i', '-zsh', 'zsh -il', 'bash --init-file /opt/code/shell.sh', 'sh -l', 'fish', 'dash']) assert.is(role(line), 'nobody', line);
});

telling('passes a command on', () => {
  for (const line of ['sh -c x', '/bin/bash -lc x', 'zsh -ic x', 'git prime', 'timeout 5 gt prime', 'env A=b gt prime']) assert.is(role(line), 'passes', line);
  assert.is(role('sh ./start.sh', { together: true }), 'passes');
});

telling.run();

/** What a program in the place of gt finds above itself, when it is started by a command line for bash. */
async function found(line: string, cwd: string): Promise<string> {
  const look = join(temporary(), 'look.ts');
  writeFileSync(look, `import { clientAround } from '${join(import.meta.dirname, '../../src/sessions/ancestors.ts')}';\nconsole.log(clientAround(process.argv[2]) === undefined ? 'nobody' : 'client');\n`);
  return output(['bash', '-c', line], { cwd, env: { LOOK: `${process.execPath} ${look}`, HERE: cwd } });
}

const climbing = suite('the way up from a command');

climbing('ends at a program that runs it through shells', async () => {
  const here = temporary();
  const program = `require('node:child_process').execSync('sh -c "$LOOK $HERE || exit 1"', { stdio: 'inherit' })`;
  writeFileSync(join(here, 'client.cjs'), program);
  assert.is(await found('node client.cjs; true', here), 'client');
  assert.is(await found('cd / && node "$HERE/client.cjs"; true', here), 'nobody');
});

climbing('ends with nobody at a shell where a person types', async () => {
  const here = temporary();
  assert.is((await found(`echo '$LOOK $HERE' | bash --norc -i 2>/dev/null; true`, here)).split('\n')[0], 'nobody');
});

climbing.run();
