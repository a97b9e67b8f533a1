// time limit: 300 s
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../helpers/programs.ts';
import { output, repository, run, temporary, type Ran, type RunOptions } from '../helpers/temporary.ts';

/** Builds both programs with the loudspeaker in the place of `gt version`. */
async function buildLoud(): Promise<{ name: string; argv: string[] }[]> {
  const folder = temporary();
  for (const name of ['src', 'formulas', 'git-hooks', 'package.json']) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const loudspeaker = readFileSync(join(import.meta.dirname, 'loudspeaker.ts'), 'utf8');
  writeFileSync(join(folder, 'src/cli/commands/version.ts'), loudspeaker.replaceAll('../../src/cli/', '../').replaceAll('../../src/', '../../'));
  const bun = [process.execPath, 'build', '--format=esm', '--splitting', '--minify-syntax', '--define', 'process.env.NODE_ENV="production"'];
  await output([...bun, '--compile', '--bytecode', '--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig', 'src/main.ts', '--outfile', 'gt'], { cwd: folder });
  await output([...bun, '--target=node', 'src/main.ts', '--outdir', 'node'], { cwd: folder });
  writeFileSync(join(folder, 'node/package.json'), '{"type":"module"}');
  return [
    { name: 'native', argv: [join(folder, 'gt')] },
    { name: 'node', argv: ['node', join(folder, 'node/main.js')] },
  ];
}

const builds = await buildLoud();

for (const { name, argv } of builds) {
  const gt = async (words: string[], options: RunOptions = {}): Promise<Ran> => run([...argv, ...words], options);
  const quoted = argv.map((word) => `'${word}'`).join(' ');

  /** Starts a command that waits for a child, and answers with both once it says that it waits. */
  async function waiting(how: string): Promise<{ ended: Promise<number | null>; pid: number; child: number }> {
    const [file, ...rest] = [...argv, 'version', how];
    const started = spawn(file, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = new Promise<number | null>((settle) => started.on('exit', settle));
    const child = await new Promise<number>((settle) => {
      started.stderr.on('data', (text: Buffer) => settle(Number(/waiting for (\d+)/.exec(text.toString())?.[1])));
    });
    return { ended, pid: started.pid!, child };
  }

  const failing = suite(`a command that fails (${name})`);

  failing('is told to people in a sentence and the next thing to type', async () => {
    const { code, stdout, stderr } = await gt(['version', 'refuse']);
    assert.equal({ code, stdout, stderr }, { code: 3, stdout: '', stderr: 'gt: the horn is \\u001b[31mtaken\n  try: gt version step\n' });
  });

  failing('is told to programs as JSON', async () => {
    const { code, stdout, stderr } = await gt(['version', 'refuse', '--json']);
    assert.is(code, 3);
    assert.is(stdout, '');
    assert.equal(JSON.parse(stderr), { schema_version: 1, error: 'the horn is \u001b[31mtaken', code: 'horn.taken', hint: 'gt version step', data: { by: 'nux' } });
  });

  for (const how of ['break', 'reject', 'throw']) {
    failing(`by a bug exits with 70 and asks to report it (${how})`, async () => {
      const { code, stderr } = await gt(['version', how]);
      assert.is(code, 70);
      assert.match(stderr, /^gt: this is a bug in gastown: please report it/);
      assert.match(stderr, /\n +at /);
    });
  }

  failing('before it was found exits with 2', async () => {
    for (const words of [['nonsense'], ['version'], ['version', 'step', '--nope'], ['--nope'], ['version', 'step', '-C', '/nope']]) {
      assert.is((await gt(words)).code, 2, words.join(' '));
    }
  });

  failing.run();

  const printing = suite(`output (${name})`);

  printing('arrives whole in a slow pipe', async () => {
    const slow = `let n = 0; const go = () => { const b = process.stdin.read(200000); if (b) n += b.length; setTimeout(go, 1); }; process.stdin.on('end', () => { console.log(n); process.exit(); }).pause(); process.stdin.on('readable', () => {}); go();`;
    const whole = await gt(['version', 'much', '--size', '100000', '--json']);
    assert.is(JSON.parse(whole.stdout).lines.length, 100_000);
    const bytes = Buffer.byteLength(whole.stdout);
    assert.ok(bytes > 10_000_000);
    const counted = await output(['bash', '-o', 'pipefail', '-c', `${quoted} version much --size 100000 --json | node -e "$SLOW"`], { env: { SLOW: slow } });
    assert.is(Number(counted), bytes);
  });

  printing('arrives whole where writes would block', async () => {
    // The first reader of a pipe that node makes leaves it non-blocking for everyone who shares it.
    const script = `const { spawn } = require('node:child_process'); const c = spawn(process.argv[1], process.argv.slice(2), { stdio: ['ignore', process.stdout, 'inherit'] }); process.stdout._handle?.setBlocking?.(false); c.on('exit', (code) => process.exit(code));`;
    const counted = await output(['bash', '-o', 'pipefail', '-c', `node -e "$SHARE" ${quoted} version much --size 100000 | (sleep 0.3; wc -l)`], { env: { SHARE: script } });
    assert.is(Number(counted), 100_000);
  });

  printing('ends quietly when the reader has seen enough', async () => {
    const { code, stdout, stderr } = await run(['bash', '-o', 'pipefail', '-c', `${quoted} version much --size 100000 | head -1`]);
    assert.equal({ code, lines: stdout.split('\n').length, stderr }, { code: 0, lines: 2, stderr: '' });
  });

  printing('is never coloured or cut in a pipe', async () => {
    const { stdout } = await gt(['--help'], { env: { COLUMNS: '20', FORCE_COLOR: '1' } });
    assert.not.match(stdout, '\u001b');
    assert.match(stdout, 'Print the script that completes commands in a shell');
  });

  printing('of progress goes to stderr, line by line, unless it is quiet', async () => {
    assert.is((await gt(['version', 'step'])).stderr, 'one\ntwo\\u001b[2J\n');
    assert.is((await gt(['version', 'step', '-q'])).stderr, '');
  });

  printing('of progress is one changing line on a terminal', async () => {
    const { stdout } = await run(['script', '-qec', `${quoted} version step`, '/dev/null'], { input: '' });
    assert.match(stdout, '\r\u001b[Kone\r\u001b[Ktwo\\u001b[2J\r\u001b[K0 ');
  });

  printing.run();

  const world = suite(`what a command gets (${name})`);

  world('is its version, before anything else', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    assert.is(await output([...argv, '--version']), `gt ${version}`);
    for (const called of ['bd', '/usr/lib/git-core/git-bead', 'C:\\bin\\bd.exe']) assert.is(await output([...argv, '--version'], { env: { GT_ARGV0: called } }), `bd ${version}`);
    assert.is(await output([...argv, '-V'], { env: { GT_ARGV0: '/opt/bd/gt' } }), `gt ${version}`);
  });

  world('is all of standard input', async () => {
    assert.is(await output([...argv, 'version', 'listen'], { input: 'x'.repeat(1_000_000) }), '{"heard":1000000}');
    assert.is(await output([...argv, 'version', 'listen'], { input: '' }), '{"heard":0}');
  });

  world('is no answer where nobody is there to ask', async () => {
    const { code, stdout } = await gt(['version', 'ask']);
    assert.equal({ code, stdout }, { code: 1, stdout: '{"answer":"nobody"}\n' });
  });

  world('is the answer of a person at a terminal', async () => {
    const ask = async (input: string, flag = ''): Promise<string> => (await run(['script', '-qec', `${quoted} version ask ${flag}`, '/dev/null'], { input })).stdout;
    assert.match(await ask('n\n'), '{"answer":false}');
    assert.match(await ask('\n'), '{"answer":true}');
    assert.match(await ask('\n', '--quiet'), '{"answer":"nobody"}');
  });

  world('is the folder where the person stands, also through a git alias', async () => {
    const path = await repository();
    const below = join(path, 'web/src');
    mkdirSync(below, { recursive: true });
    const where = async (from: readonly string[], options: RunOptions): Promise<unknown> => JSON.parse(await output([...from, 'version', 'where'], options)).cwd;
    assert.is(await where(argv, { cwd: below }), below);
    assert.is(await where([...argv, '-C', '..'], { cwd: below }), join(path, 'web'));
    const script = join(path, 'call');
    writeFileSync(script, `#!/bin/sh\nexec ${quoted} "$@"\n`);
    chmodSync(script, 0o755);
    await output(['git', 'config', 'alias.call', `!${script}`], { cwd: path });
    assert.is(await where(['git', 'call'], { cwd: below }), below);
    assert.is(await where(['git', 'call'], { cwd: path }), path);
    assert.is(await where(['git', 'call', '-C', '..'], { cwd: below }), join(path, 'web'));
    assert.is(await where(argv, { cwd: below, env: { GIT_PREFIX: 'web/' } }), below, 'a prefix left over from elsewhere');
  });

  world('is who it acts as', async () => {
    assert.equal(JSON.parse(await output([...argv, '--actor', 'web/crew/ada', 'version', 'where'])).actor, 'web/crew/ada');
  });

  world.run();

  const interrupts = suite(`an interrupt (${name})`);

  const alive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };

  for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
    interrupts(`by ${signal} lets a command end its child, and exits with ${status}`, async () => {
      const { ended, pid, child } = await waiting('wait');
      process.kill(pid, signal);
      assert.is(await ended, status);
      assert.not.ok(alive(child));
    });
  }

  interrupts('that is repeated does not wait', async () => {
    const { ended, pid, child } = await waiting('ignore');
    process.kill(pid, 'SIGINT');
    await sleep(100);
    process.kill(pid, 'SIGINT');
    assert.is(await ended, 130);
    process.kill(child);
  });

  interrupts('ends a command that listens', async () => {
    const [file, ...rest] = [...argv, 'version', 'listen'];
    const started = spawn(file, rest, { stdio: ['pipe', 'ignore', 'inherit'] });
    const ended = new Promise<number | null>((settle) => started.on('exit', settle));
    await sleep(500);
    started.kill('SIGINT');
    const began = performance.now();
    assert.is(await ended, 130);
    assert.ok(performance.now() - began < 2_000);
  });

  interrupts.run();
}
