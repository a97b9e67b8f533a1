import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runCommand, type GateCommand } from '../../src/sessions/gate.ts';
import { isAlive, processStart } from '../../src/sessions/processes.ts';
import { ownEnvironment, temporary } from '../helpers/temporary.ts';
import { until } from './until.ts';

const inherited = ownEnvironment();

function gate(command: string, more: Partial<GateCommand> = {}): GateCommand {
  const cwd = more.cwd ?? temporary();
  return { command, cwd, inherited, timeoutMs: 10_000, log: join(cwd, 'logs', 'gate.log'), ...more };
}

/** Waits for a file with a process number, and says how to recognise that process. */
async function processIn(path: string): Promise<{ pid: number; started: string }> {
  await until(() => existsSync(path) && readFileSync(path, 'utf8').endsWith('\n'));
  const pid = Number(readFileSync(path, 'utf8'));
  return { pid, started: processStart(pid) ?? '' };
}

const running = suite('runCommand');

running('answers the exit status and what was printed, and keeps all of it in the log', async () => {
  const command = gate('echo out; echo err >&2; exit 3');
  const { code, signal, timedOut, aborted, milliseconds, tail } = await runCommand(command);
  assert.equal({ code, signal, timedOut, aborted, tail }, { code: 3, signal: null, timedOut: false, aborted: false, tail: 'out\nerr\n' });
  assert.ok(milliseconds < 5_000);
  assert.is(readFileSync(command.log, 'utf8'), 'out\nerr\n');
});

running('appends to its log, and tells only of its own run', async () => {
  const command = gate('echo again');
  await runCommand(command);
  assert.is((await runCommand(command)).tail, 'again\n');
  assert.is(readFileSync(command.log, 'utf8'), 'again\nagain\n');
});

running('has nothing to read from, and the folder that was said', async () => {
  const command = gate('cat; pwd');
  assert.is((await runCommand(command)).tail, `${command.cwd}\n`);
});

running('is not misled by what it inherits, and gets what it is given', async () => {
  const hostile = { ...inherited, BUN_OPTIONS: '--smol', BUN_BE_BUN: '1', NODE_OPTIONS: '-r x', GIT_DIR: '/x', GIT_WORK_TREE: '/y', CLAUDECODE: '1', TMUX: 'x', GT_AGENT: 'mayor', BD_ACTOR: 'mayor' };
  const { tail } = await runCommand(gate('env | grep -E "^(BUN|NODE|GIT|CLAUDE|TMUX|GT_AGENT|BD)" | sort', { inherited: hostile, env: { GIT_AUTHOR_NAME: 'Ada', GT_AGENT: 'web/polecats/nux' } }));
  assert.is(tail, 'GIT_AUTHOR_NAME=Ada\nGIT_CONFIG_NOSYSTEM=1\nGT_AGENT=web/polecats/nux\n');
});

running('cuts the tail to 4 KiB of whole characters', async () => {
  const { tail } = await runCommand(gate(`i=0; while [ $i -lt 2000 ]; do printf '\\303\\251\\360\\237\\220\\235'; i=$((i+1)); done; printf x`));
  assert.ok(Buffer.byteLength(tail) <= 4096 && Buffer.byteLength(tail) > 4080, String(Buffer.byteLength(tail)));
  assert.match(tail, /^[é🐝]+x$/u);
});

running('keeps the tail within its bounds when the output is no UTF-8', async () => {
  const { tail } = await runCommand(gate(`head -c 9000 /dev/zero | tr '\\0' '\\377'`));
  assert.ok(Buffer.byteLength(tail) <= 4096);
  assert.match(tail, /^\ufffd+$/);
});

running('ends all of a command whose time is up, also what left its group', async () => {
  const cwd = temporary();
  const ran = runCommand(gate(`sleep 41 & echo $! >a; setsid sh -c 'echo $$ >b; sleep 42' & sh -c 'trap "" TERM; echo $$ >c; while :; do sleep 0.2; done'`, { cwd, timeoutMs: 600 }));
  const left = await Promise.all(['a', 'b', 'c'].map((name) => processIn(join(cwd, name))));
  const { timedOut, code, signal } = await ran;
  assert.equal([timedOut, code], [true, null]);
  assert.ok(signal === 'SIGTERM' || signal === 'SIGKILL');
  assert.equal(left.map(isAlive), [false, false, false]);
});

running('leaves nothing behind that a command put into the background', async () => {
  const cwd = temporary();
  const ran = runCommand(gate(`sleep 43 & echo $! >a; (setsid sh -c 'echo $$ >b; exec sleep 44' &); while [ ! -e seen ]; do sleep 0.05; done`, { cwd }));
  const left = await Promise.all(['a', 'b'].map((name) => processIn(join(cwd, name))));
  assert.equal(left.map(isAlive), [true, true]);
  writeFileSync(join(cwd, 'seen'), '');
  assert.is((await ran).code, 0);
  assert.equal(left.map(isAlive), [false, false]);
});

running('ends with the one who runs it, though that one is killed', async () => {
  const cwd = temporary();
  const script = join(cwd, 'runner.ts');
  const module = new URL('../../src/sessions/gate.ts', import.meta.url).pathname;
  const command = gate('sleep 45 & echo $! >a; sleep 46', { cwd });
  writeFileSync(script, `import { runCommand } from ${JSON.stringify(module)};\nawait runCommand(${JSON.stringify(command)});`);
  const runner = spawn(process.execPath, [script], { env: inherited, stdio: 'ignore' });
  const one = await processIn(join(cwd, 'a'));
  assert.is(isAlive(one), true);
  runner.kill('SIGKILL');
  await until(() => isAlive(one) === false);
});

running('ends early when it is asked to', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 100);
  const { aborted, timedOut, milliseconds } = await runCommand(gate('sleep 47', { abort: stop.signal }));
  assert.equal([aborted, timedOut], [true, false]);
  assert.ok(milliseconds < 5_000);
  assert.is((await runCommand(gate('sleep 48', { abort: stop.signal }))).aborted, true);
});

running('holds its processes to their limits', async () => {
  assert.is.not((await runCommand(gate('while :; do :; done', { limits: { cpuSeconds: 1 } }))).code, 0);
  assert.match((await runCommand(gate('ulimit -t; ulimit -v', { limits: { cpuSeconds: 7, memoryBytes: 2 ** 30 } }))).tail, /^7\n1048576\n$/);
});

running('takes texts in the environment and the path as texts', async () => {
  const cwd = join(temporary(), `$(touch pwned) ' "; #`);
  mkdirSync(cwd);
  const title = '$(touch pwned); `touch pwned` \' " \n --force 🐝';
  const { tail } = await runCommand(gate('printf %s "$TITLE"; ls -A', { cwd, log: join(cwd, '$(touch pwned).log'), env: { TITLE: title } }));
  assert.is(tail, `${title}$(touch pwned).log\n`);
});

running('says so when it cannot start', async () => {
  try {
    await runCommand(gate('true', { cwd: '/nowhere', log: join(temporary(), 'log') }));
    assert.unreachable();
  } catch (error) {
    assert.is((error as { code?: string }).code, 'gate.not-started');
  }
});

running.run();
