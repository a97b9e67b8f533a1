import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isAlive, processStart } from '../../src/sessions/processes.ts';
import { selfCommand, selfFolder, startDetached } from '../../src/sessions/self.ts';
import { output, ownEnvironment, temporary } from '../helpers/temporary.ts';
import { until } from './until.ts';

const top = new URL('../..', import.meta.url).pathname.replace(/\/$/, '');
const bun = process.execPath;
const asReleased = ['--minify-syntax', '--minify-whitespace', '--define', 'process.env.NODE_ENV="production"', '--format=esm', '--splitting'];

/** A program that says how it would call itself, from a chunk that was split off. */
function entry(folder: string): string {
  const path = join(folder, 'main.ts');
  writeFileSync(path, `void import(${JSON.stringify(join(top, 'src/sessions/self.ts'))}).then(({ selfCommand, selfFolder }) => console.log(JSON.stringify([selfCommand(['x']), selfFolder() ?? null])));\n`);
  return path;
}

const itself = suite('selfCommand');

itself('runs the sources by the runtime that runs this test', async () => {
  assert.equal(selfCommand(['--version']), [bun, join(top, 'src/sessions/../main.ts').replace('/sessions/..', ''), '--version']);
  assert.is(selfFolder(), undefined);
  assert.match(await output(selfCommand(['--version'])), /^gt \d/);
});

itself('is natively the executable, under the name gt', async () => {
  const folder = temporary();
  const gt = join(folder, 'gt');
  await output([bun, 'build', '--compile', '--bytecode', '--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig', ...asReleased, entry(folder), '--outfile', gt], { cwd: top });
  assert.equal(JSON.parse(await output([gt])), [[gt, 'x'], folder]);
  linkSync(gt, join(folder, 'bd'));
  assert.equal(JSON.parse(await output([join(folder, 'bd')])), [[gt, 'x'], folder]);
  renameSync(gt, join(folder, 'other'));
  assert.equal(JSON.parse(await output([join(folder, 'other')])), [[join(folder, 'other'), 'x'], null]);
});

itself('is the main module under Node', async () => {
  const folder = temporary();
  await output([bun, 'build', '--target=node', ...asReleased, entry(folder), '--outdir', join(folder, 'node')], { cwd: top });
  writeFileSync(join(folder, 'node/package.json'), '{"type":"module"}');
  const main = join(folder, 'node/main.js');
  const [command, beside] = JSON.parse(await output(['node', main])) as [string[], string | null];
  assert.equal([command.slice(1), beside], [[main, 'x'], null]);
  assert.match(command[0]!, /node$/);
  mkdirSync(join(folder, 'node/bin'));
  writeFileSync(join(folder, 'node/bin/gt'), '');
  assert.is((JSON.parse(await output(['node', main])) as unknown[])[1], join(folder, 'node/bin'));
});

itself.run();

const detached = suite('startDetached');

detached('starts a process of its own group with its output in a log', async () => {
  const folder = temporary();
  const log = join(folder, 'logs', 'engine.log');
  const pid = startDetached(['sh', '-c', 'echo "$GREETING$BUN_OPTIONS"; echo err >&2; exec sleep 71'], { cwd: folder, inherited: { ...ownEnvironment(), BUN_OPTIONS: '--smol' }, env: { GREETING: 'hello' }, log });
  const one = { pid, started: processStart(pid) ?? '' };
  await until(() => existsSync(log) && readFileSync(log, 'utf8') === 'hello\nerr\n');
  assert.is(await output(['ps', '-o', 'pgid=', '-p', String(pid)]).then((text) => text.trim()), String(pid));
  process.kill(-pid, 'SIGKILL');
  await until(() => isAlive(one) === false);
});

detached('says so when the system refuses', () => {
  try {
    startDetached(['/no/such/program'], { cwd: '/', inherited: {}, log: join(temporary(), 'log') });
    assert.unreachable();
  } catch (error) {
    assert.is((error as { code?: string }).code, 'process.not-started');
  }
});

detached.run();
