import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from './helpers/programs.ts';
import { output, run, temporary, type Ran } from './helpers/temporary.ts';
import { git, gtOutput, soloTown } from './helpers/town.ts';

const node = await output(['sh', '-c', 'command -v node']);

/** Runs the action as GitHub's runner does, on a machine that has Node and nothing else. */
async function act(clone: string, pull: { title?: string; body?: string; branch?: string } | undefined, inputs: Readonly<Record<string, string>> = {}): Promise<Ran & { readonly outputs: string }> {
  const folder = temporary();
  const [event, outputs] = [join(folder, 'event.json'), join(folder, 'outputs')];
  writeFileSync(event, JSON.stringify(pull === undefined ? { ref: 'refs/heads/main' } : { pull_request: { title: pull.title ?? 'Mend', body: pull.body ?? null } }));
  writeFileSync(outputs, '');
  const env = { PATH: '', GITHUB_EVENT_PATH: event, GITHUB_OUTPUT: outputs, GITHUB_WORKSPACE: clone, GITHUB_HEAD_REF: pull?.branch ?? '', GITHUB_REF_NAME: '7/merge', ...Object.fromEntries(Object.entries({ ...declared(), ...inputs }).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])) };
  return { ...(await run([node, join(root, 'dist/node/action.js')], { cwd: folder, env, bare: true })), outputs: readFileSync(outputs, 'utf8') };
}

/** The inputs of action.yml with their defaults, which the runner fills in. */
function declared(): Record<string, string> {
  const text = readFileSync(join(root, 'action.yml'), 'utf8');
  const inputs = text.slice(text.indexOf('\ninputs:'), text.indexOf('\noutputs:'));
  return Object.fromEntries([...inputs.matchAll(/^ {2}(\w+):\n((?: {4}.+\n?)+)/gm)].map(([, name, body]) => [name, /^ {4}default: '?([^'\n]*)'?$/m.exec(body ?? '')?.[1] ?? '']));
}

/** A clone of a town with the ledger fetched, and the id of a bead in it. */
async function cloneWithBead(): Promise<{ town: string; clone: string; id: string }> {
  const town = await soloTown();
  const id = await gtOutput(town, ['create', 'Mend the horn', '--silent']);
  const clone = join(temporary(), 'clone');
  await git('/', ['clone', '-q', '--depth', '1', `file://${town}`, clone]);
  await git(clone, ['fetch', '-q', '--depth', '1', 'origin', 'refs/beads/main:refs/beads/main']);
  return { town, clone, id };
}

const action = suite('the action of CI');

action('fails a build while the bead of its pull request is not in the state that it claims', async () => {
  const { town, clone, id } = await cloneWithBead();
  const early = await act(clone, { body: `Mends it.\n\nBead: ${id}\n` });
  assert.equal([early.code, early.stdout.trim()], [1, `::error::${id} is open, and should be in_progress or hooked`]);
  assert.is((await act(clone, { body: `Bead: ${id} is open` })).code, 0);
  assert.is((await act(clone, { branch: `polecat/nux/${id}` })).code, 1);
  await gtOutput(town, ['update', id, '--status', 'in_progress']);
  await git(clone, ['fetch', '-q', 'origin', '+refs/beads/main:refs/beads/main']);
  const later = await act(clone, { title: `Mend [${id}]` });
  assert.equal([later.code, later.stdout.trim(), later.outputs], [0, `::notice::${id} is in_progress`, `beads=${id}\n`]);
  assert.is((await act(clone, { title: `Mend [${id}]` }, { state: 'closed' })).code, 1);
  assert.is((await act(clone, undefined, { bead: `${id}, ${id}x` })).code, 1);
});

action('asks for a bead only where one has to be named', async () => {
  const { clone } = await cloneWithBead();
  assert.is((await act(clone, {})).code, 0);
  assert.is((await act(clone, undefined)).code, 0);
  const { code, stdout } = await act(clone, {}, { required: 'true' });
  assert.equal([code, stdout.startsWith('::error::the pull request names no bead')], [1, true]);
});

action('says how to fetch a ledger that is not there, and lets no text of a stranger give orders to the runner', async () => {
  const { clone, id } = await cloneWithBead();
  await git(clone, ['update-ref', '-d', 'refs/beads/main']);
  const missing = await act(clone, {});
  assert.is(missing.code, 1);
  assert.match(missing.stdout, "git fetch origin 'refs/beads/main:refs/beads/main'");
  await git(clone, ['fetch', '-q', 'origin', 'refs/beads/main:refs/beads/main']);
  const hostile = await act(clone, { title: `[${id}%0A::set-output]`, body: `Bead: ${id}x\n::stop-commands::x\nBead: ${id} is nonsense` });
  assert.is(hostile.code, 1);
  assert.is(hostile.stdout.split('\n').filter((line) => line !== '').length, hostile.stdout.split('::error::').length - 1);
});

action.run();

const reader = suite('gastown/reader');

reader('is a module that needs nothing else', async () => {
  const { clone, id } = await cloneWithBead();
  const folder = temporary();
  const home = join(folder, 'node_modules/gastown');
  mkdirSync(join(home, 'dist/node'), { recursive: true });
  for (const name of ['package.json', 'dist/node/reader.js']) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), readFileSync(join(root, name)));
  }
  writeFileSync(join(folder, 'ask.mjs'), `import fs from 'node:fs';\nimport { openLedger } from 'gastown/reader';\nconst ledger = await openLedger({ fs, dir: process.argv[2] });\nconsole.log((await ledger.bead(process.argv[3])).title, (await ledger.ready(Date.now())).length);\n`);
  const { code, stdout, stderr } = await run([node, join(folder, 'ask.mjs'), clone, id], { cwd: folder, env: { PATH: '' }, bare: true });
  assert.equal([code, stdout], [0, 'Mend the horn 1\n'], stderr);
});

reader.run();
