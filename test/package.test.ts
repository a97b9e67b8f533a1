import { spawn } from 'node:child_process';
import { copyFileSync, lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { noOtherNodes, programs, root, underOtherNodes } from './helpers/programs.ts';
import { skip } from './helpers/skip.ts';
import { output, ownEnvironment, repository, run, temporary } from './helpers/temporary.ts';

const version = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;

const copied = suite('the executable copied alone');

copied('runs in an empty folder with an empty environment', async () => {
  const folder = temporary();
  copyFileSync(join(root, 'dist/gt'), join(folder, 'gt'));
  const ran = await run([join(folder, 'gt'), '--version'], { cwd: folder, bare: true });
  assert.is(ran.code, 0, ran.stderr);
  assert.match(ran.stdout, version);
});

copied('loads no .env and no bunfig.toml of the folder that it is called in', async () => {
  const folder = temporary();
  writeFileSync(join(folder, 'bunfig.toml'), 'preload = ["./trap.js"]\n');
  writeFileSync(join(folder, '.env'), 'NODE_OPTIONS=--require ./trap.js\n');
  writeFileSync(join(folder, 'trap.js'), "require('node:fs').writeFileSync('trapped', '')\n");
  for (const { argv } of programs) {
    const ran = await run([...argv, '--version'], { cwd: folder });
    assert.is(ran.code, 0, ran.stderr);
  }
  assert.equal(readdirSync(folder).sort(), ['.env', 'bunfig.toml', 'trap.js']);
});

copied.run();

const bundled = suite('the bundle under another Node');
const others = underOtherNodes();

for (const { version: node, program } of others) {
  bundled(`writes and reads beads, hands them to git’s aliases, says what is wrong, and prints whole (${node})`, async () => {
    const cwd = await repository();
    const env = { PATH: `${program.folder}:${ownEnvironment().PATH}` };
    const gt = (...args: string[]) => output([...program.argv, ...args], { cwd, env });
    assert.match(await gt('--version'), version);
    await gt('init', '--no-gate', '--quiet');
    const id = await gt('create', 'Paint the door', '--silent');
    assert.match(await output(['git', 'bead', 'list'], { cwd, env }), 'Paint the door');
    await output([...program.bd, 'update', id, '--description', 'red '.repeat(25_000)], { cwd, env });
    const [bead] = JSON.parse(await gt('show', id, '--json')) as { description: string }[];
    assert.is(bead?.description.trim().length, 99_999);
    const wrong = await run([...program.argv, 'crate'], { cwd, env });
    assert.is(wrong.code, 2);
    assert.match(wrong.stderr, 'create');
    assert.is(wrong.stderr.includes('at '), false);
  });
}

if (others.length === 0) skip(bundled, 'all of it', noOtherNodes);
bundled.run();

/** Serves packed packages as an npm registry does; a package that it has not is missing (404). */
async function registry(tarballs: readonly string[]): Promise<{ url: string; close(): void }> {
  const packages = new Map<string, { tarball: string; manifest: { version: string } }>();
  for (const tarball of tarballs) {
    const manifest = JSON.parse(await output(['tar', '-xzOf', tarball, 'package/package.json'])) as { name: string; version: string };
    packages.set(manifest.name, { tarball, manifest });
  }
  const server = createServer((request, response) => {
    const [name = '', file] = (request.url ?? '').slice(1).split('/');
    const found = packages.get(name);
    if (!found) {
      response.writeHead(404).end('{}');
    } else if (file !== undefined) {
      response.end(readFileSync(found.tarball));
    } else {
      const { manifest } = found;
      const dist = { tarball: `${url}/${name}/package.tgz` };
      response.end(JSON.stringify({ name, 'dist-tags': { latest: manifest.version }, versions: { [manifest.version]: { ...manifest, dist } } }));
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, close: () => server.close() };
}

const installed = suite('the packages installed with npm');

installed('put gt and bd on the PATH, which replace themselves by the executable', async () => {
  await output([join(root, '.ci/pack')], { timeoutMs: 180_000 });
  const packed = join(root, 'dist/packages');
  const { url, close } = await registry(readdirSync(packed).map((name) => join(packed, name)));
  const prefix = temporary();
  const install = () => output(['npm', 'install', '--silent', '-g', '--prefix', prefix, '--registry', url, '--ignore-scripts', 'gastown'], { timeoutMs: 120_000 });
  try {
    await install();
    for (const name of ['gt', 'bd']) {
      const program = join(prefix, 'bin', name);
      assert.ok(lstatSync(program).isSymbolicLink());
      assert.match(await output([program, '--version']), version);
      assert.ok(lstatSync(program).size > 10_000_000, `${name} is now the executable itself`);
      assert.match(await output([program, '--version']), version);
    }
    await install(); // again, over the executables
    assert.match(await output([join(prefix, 'bin/gt'), '--version']), version);
  } finally {
    close();
  }
});

installed('fall back to Node where there is no executable for the machine, and keep their name', async () => {
  const prefix = temporary();
  const tarball = join(root, `dist/packages/gastown-${version}.tgz`);
  const { url, close } = await registry([tarball]);
  try {
    await output(['npm', 'install', '--silent', '-g', '--prefix', prefix, '--registry', url, 'gastown'], { timeoutMs: 120_000 });
  } finally {
    close();
  }
  for (const name of ['gt', 'bd']) {
    const path = `${join(prefix, 'bin')}:${ownEnvironment().PATH}`;
    assert.match(await output([name, '--version'], { env: { PATH: path } }), new RegExp(`^${name} .*${version.replaceAll('.', '\\.')}`));
    assert.ok(lstatSync(join(prefix, 'bin', name)).isSymbolicLink());
  }
  const said = await output(['node', '--input-type=module', '-e', "import { openLedger } from 'gastown/reader'; console.log(typeof openLedger);"], { cwd: join(prefix, 'lib') });
  assert.is(said, 'function');
});

installed('hand signals to the program: the shim becomes it', async () => {
  const prefix = temporary();
  const packed = join(root, 'dist/packages');
  const { url, close } = await registry(readdirSync(packed).map((name) => join(packed, name)));
  try {
    await output(['npm', 'install', '--silent', '-g', '--prefix', prefix, '--registry', url, 'gastown'], { timeoutMs: 120_000 });
  } finally {
    close();
  }
  // In the executable's place, a program that tells which process it is and what it was told.
  const program = await output(['find', prefix, '-path', '*/gastown-*/gt']);
  rmSync(program);
  writeFileSync(program, '#!/bin/sh\ntrap "echo told; exit 7" TERM\necho "$$ $GT_ARGV0"\nwhile :; do sleep 0.05; done\n', { mode: 0o755 });
  const child = spawn(join(prefix, 'bin/bd'), { env: ownEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    if (text === '') child.kill('SIGTERM');
    text += chunk;
  });
  const code = await new Promise<number | null>((done) => child.on('close', done));
  assert.is(text, `${child.pid} bd\ntold\n`);
  assert.is(code, 7);
});

installed.run();
