import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseBackend, findProgram } from '../../src/sessions/backend.ts';
import { isAlive, processStart } from '../../src/sessions/processes.ts';
import type { Backend, SessionHandle, SessionSpec } from '../../src/sessions/session.ts';
import { skip } from '../helpers/skip.ts';
import { ownEnvironment, temporary } from '../helpers/temporary.ts';
import { until } from './until.ts';

const inherited = { ...ownEnvironment(), BUN_OPTIONS: '--smol', NODE_OPTIONS: '-r x', GIT_DIR: '/x', CLAUDECODE: '1', GT_AGENT: 'mayor' };

function spec(command: string, more: Partial<SessionSpec> = {}): SessionSpec {
  const folder = temporary();
  return { id: 's-1', agent: 'web/polecats/nux', command: ['sh', '-c', command], cwd: folder, env: {}, transcript: join(folder, 'transcripts', 's-1.log'), title: 'a bead', ...more };
}

/** What a session has written, without the question by which a terminal is asked whether it has read all. */
const transcriptOf = (handle: SessionHandle): string => readFileSync(handle.transcript, 'utf8').replaceAll('\r\n', '\n').replace(/\x1b\[5n$/, '');

/** What both backends promise. */
function promises(name: 'tmux' | 'subprocess'): void {
  const sessions = suite(name);
  if (name === 'tmux' && findProgram('tmux', inherited) === undefined) {
    skip(sessions, 'all of it', 'there is no tmux on this machine');
    sessions.run();
    return;
  }
  const begun: [Backend, SessionHandle][] = [];
  const open = (town = temporary()): Backend => chooseBackend(name, { town, inherited });
  const begin = async (backend: Backend, ...args: Parameters<Backend['start']>): Promise<SessionHandle> => {
    const handle = await backend.start(...args);
    begun.push([backend, handle]);
    return handle;
  };
  sessions.after.each(async () => {
    for (const [backend, handle] of begun.splice(0)) await backend.stop(handle);
  });

  sessions('runs a command in its folder, and keeps what it prints', async () => {
    const backend = open();
    const wanted = spec('echo "$0"; pwd; echo err >&2', { command: ['sh', '-c', 'echo "$0"; pwd; echo err >&2', `it's $(touch pwned) "#{pane_pid}" ; #(touch pwned)`] });
    const handle = await begin(backend, wanted);
    await until(async () => (await backend.observe(handle)) === 'dead');
    await until(() => transcriptOf(handle).endsWith('err\n'));
    assert.is(transcriptOf(handle), `it's $(touch pwned) "#{pane_pid}" ; #(touch pwned)\n${wanted.cwd}\nerr\n`);
    assert.is(await backend.peek(handle, 2), `${wanted.cwd}\nerr`);
    assert.equal(readdirSync(wanted.cwd), ['transcripts']);
    assert.equal(readdirSync(dirname(handle.transcript)), ['s-1.log']);
    assert.is(statSync(handle.transcript).mode & 0o077, 0);
  });

  sessions('loses nothing of a command that ends at once, nor of one that floods', async () => {
    const backend = open();
    const floods: SessionHandle[] = [];
    for (let flood = 0; flood < 20; flood += 1) floods.push(await begin(backend, spec('i=0; while [ $i -lt 5000 ]; do echo "line $i"; i=$((i+1)); done', { id: `s-flood-${flood}` })));
    const short = await begin(backend, spec('echo short', { id: 's-short' }));
    await until(async () => (await Promise.all([...floods, short].map((handle) => backend.observe(handle)))).every((seen) => seen === 'dead'), 20_000);
    await until(() => floods.every((flood) => transcriptOf(flood).endsWith('line 4999\n')) && transcriptOf(short) === 'short\n');
    assert.equal(floods.map((flood) => transcriptOf(flood).split('\n').length), floods.map(() => 5001));
  });

  sessions('sets the environment at creation: what is given, nothing that misleads', async () => {
    const backend = open();
    const text = `$(touch pwned) 'single' "double" \n second; --force 🐝 \\ %H #{x}`;
    const handle = await begin(backend, spec(`printf '%s|' "$TITLE" "$GT_AGENT" "$BUN_OPTIONS$NODE_OPTIONS$GIT_DIR$CLAUDECODE"; echo "$$"; sleep 60`, { env: { TITLE: text, GT_AGENT: 'web/polecats/nux' } }));
    await until(() => /\|\d+\n$/.test(transcriptOf(handle)));
    const [pid = ''] = /\d+$/.exec(transcriptOf(handle).trimEnd()) ?? [];
    assert.is(transcriptOf(handle), `${text}|web/polecats/nux||${pid}\n`);
    if (name === 'subprocess') assert.is(Number(pid), handle.pid);
    assert.ok(readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`GT_SESSION_NONCE=${handle.nonce}\0`));
  });

  sessions('gives each session its own environment, whoever started the first', async () => {
    const town = temporary();
    const first = await begin(chooseBackend(name, { town, inherited: { ...inherited, FLAVOUR: 'first' } }), spec('echo "$FLAVOUR"; sleep 60', { id: 's-a' }));
    const second = await begin(open(town), spec('echo "[$FLAVOUR]"; sleep 60', { id: 's-b' }));
    await until(() => transcriptOf(first) === 'first\n' && transcriptOf(second) === '[]\n');
  });

  sessions('carries an environment and a command line that are far longer than a terminal would take', async () => {
    const backend = open();
    const long = 'x'.repeat(100_000);
    const handle = await begin(backend, spec('', { command: ['sh', '-c', 'echo $(printf %s "$1" | wc -c) $(printf %s "$LONG" | wc -c)', 'sh', long], env: { LONG: long } }));
    await until(() => transcriptOf(handle) === '100000 100000\n');
  });

  sessions('writes its transcript where it was told, whatever the path is called', async () => {
    const backend = open();
    const folder = join(temporary(), `it's #(touch pwned) %H $(touch pwned) ; "`);
    mkdirSync(folder);
    const handle = await begin(backend, spec('pwd', { cwd: folder, transcript: join(folder, 'a b;.log;') }));
    await until(() => transcriptOf(handle) === `${folder}\n`);
    assert.equal(readdirSync(folder), ['a b;.log;']);
  });

  sessions('runs nothing before it is written down', async () => {
    const backend = open();
    const wanted = spec('touch ran');
    let seen: SessionHandle | undefined;
    const handle = await begin(backend, wanted, async (early) => {
      seen = early;
      await new Promise((done) => setTimeout(done, 200));
      assert.is(await backend.observe(early), 'alive');
      assert.not(existsSync(join(wanted.cwd, 'ran')));
    });
    assert.equal(seen, handle);
    assert.equal(JSON.parse(JSON.stringify(handle)), handle);
    await until(() => existsSync(join(wanted.cwd, 'ran')));
  });

  sessions('never runs when it could not be written down', async () => {
    const backend = open();
    const wanted = spec('touch ran');
    let seen: SessionHandle | undefined;
    try {
      await backend.start(wanted, (early) => {
        seen = early;
        throw new Error('disk full');
      });
      assert.unreachable();
    } catch (error) {
      assert.is((error as Error).message, 'disk full');
    }
    assert.is(await backend.observe(seen!), 'dead');
    assert.not(existsSync(join(wanted.cwd, 'ran')));
    assert.equal(readdirSync(dirname(wanted.transcript)), ['s-1.log']);
  });

  sessions('outlives the process that started it', async () => {
    const town = temporary();
    const script = join(town, 'starter.ts');
    const wanted = spec('sleep 61; true');
    const module = new URL('../../src/sessions/backend.ts', import.meta.url).pathname;
    writeFileSync(
      script,
      `import { chooseBackend } from ${JSON.stringify(module)};
       const backend = chooseBackend(${JSON.stringify(name)}, { town: ${JSON.stringify(town)}, inherited: process.env });
       console.log(JSON.stringify(await backend.start(${JSON.stringify(wanted)})));
       process.kill(process.pid, 'SIGKILL');`,
    );
    const starter = spawn(process.execPath, [script], { env: ownEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    starter.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await new Promise((done) => starter.on('close', done));
    const handle = JSON.parse(said) as SessionHandle;
    const backend = open(town);
    begun.push([backend, handle]);
    assert.is(await backend.observe(handle), 'alive');
    assert.is(await backend.stop(handle), 'gone');
    assert.is(await backend.observe(handle), 'dead');
  });

  sessions('stops all that a session started, also when its first process was killed before', async () => {
    const backend = open();
    const wanted = spec('trap "" HUP; sleep 62 & echo $! >child; wait');
    const handle = await begin(backend, wanted);
    await until(() => existsSync(join(wanted.cwd, 'child')) && readFileSync(join(wanted.cwd, 'child'), 'utf8').endsWith('\n'));
    const pid = Number(readFileSync(join(wanted.cwd, 'child'), 'utf8'));
    const child = { pid, started: processStart(pid) ?? '' };
    process.kill(handle.pid, 'SIGKILL');
    await until(async () => (await backend.observe(handle)) === 'dead');
    assert.is(isAlive(child), true);
    assert.is(await backend.stop(handle), 'gone');
    assert.is(isAlive(child), false);
  });

  sessions('never stops a process that only has the number of a session', async () => {
    const backend = open();
    const handle = await begin(backend, spec('sleep 63; true'));
    const stranger = { ...handle, started: `${handle.started}1`, nonce: 'another' };
    assert.is(await backend.observe(stranger), 'dead');
    assert.is(await backend.stop(stranger), 'gone');
    assert.is(await backend.stop({ ...handle, started: '' }), 'unknown');
    assert.is(await backend.tell(stranger, 'hello'), 'undelivered');
    assert.is(await backend.observe(handle), 'alive');
  });

  sessions('refuses in words what cannot be started', async () => {
    const backend = open();
    try {
      await backend.start(spec('', { command: ['a\0b'] }));
      assert.unreachable();
    } catch (error) {
      assert.is((error as { code?: string }).code, 'session.not-started');
    }
    const missing = await begin(backend, spec('', { command: ['/no/such/program'] }));
    await until(async () => (await backend.observe(missing)) === 'dead');
    await until(async () => /no such program|not found/i.test(await backend.peek(missing, 3)));
  });

  if (name === 'tmux') typing(sessions, open, begin);
  sessions.run();
}

/** What only a terminal can do. */
function typing(sessions: ReturnType<typeof suite>, open: (town?: string) => Backend, begin: (backend: Backend, ...args: Parameters<Backend['start']>) => Promise<SessionHandle>): void {
  sessions('types a text and sees it arrive', async () => {
    const backend = open();
    const handle = await begin(backend, spec('cat'));
    assert.is(await backend.tell(handle, `it's "me" $(x) #{y} ; 🐝`), 'delivered');
    await until(async () => (await backend.peek(handle, 9)) === `it's "me" $(x) #{y} ; 🐝\nit's "me" $(x) #{y} ; 🐝`);
    assert.is(await backend.tell(handle, `it's "me" $(x) #{y} ; 🐝`), 'delivered', 'the same text again');
  });

  sessions('types no keys: what would end a paste or steer a terminal is left out, and no command of a client begins a text', async () => {
    const backend = open();
    const handle = await begin(backend, spec('cat -v'));
    assert.is(await backend.tell(handle, 'a\u001b[201~b\u0003c\u0004d\u0000e'), 'delivered');
    await until(async () => /abcde$/.test(await backend.peek(handle, 1)));
    assert.is(await backend.tell(handle, '!touch pwned'), 'delivered');
    await until(async () => /!touch pwned$/.test(await backend.peek(handle, 1)));
    assert.not.match(await backend.peek(handle, 9), /^!touch/m);
    assert.is(await backend.observe(handle), 'alive');
  });

  sessions('does not call delivered what was not seen', async () => {
    const backend = open();
    const handle = await begin(backend, spec('stty -echo; echo ready; exec sleep 64'));
    await until(async () => (await backend.peek(handle, 1)) === 'ready');
    assert.is(await backend.tell(handle, 'hello'), 'undelivered');
    assert.is(await backend.stop(handle), 'gone');
    assert.is(await backend.tell(handle, 'hello'), 'undelivered');
  });

  sessions('interrupts as Ctrl-C does', async () => {
    const backend = open();
    const handle = await begin(backend, spec('trap "echo stopped" INT; echo ready; while :; do sleep 0.1; done'));
    await until(async () => (await backend.peek(handle, 1)) === 'ready');
    assert.is(await backend.interrupt(handle), 'delivered');
    await until(async () => /stopped/.test(await backend.peek(handle, 3)));
    assert.is(await backend.observe(handle), 'alive');
  });

  sessions('refuses a second session of the same id, and takes no name for the beginning of another', async () => {
    const backend = open();
    const long = await begin(backend, spec('sleep 65; true', { id: 's-12' }));
    const short = await begin(backend, spec('echo short; sleep 66', { id: 's-1' }));
    await until(async () => (await backend.peek(short, 1)) === 'short');
    assert.is(await backend.stop(short), 'gone');
    assert.is(await backend.peek(short, 1), 'short');
    assert.is(await backend.interrupt(short), 'undelivered');
    assert.is(await backend.observe(long), 'alive');
    try {
      await backend.start(spec('true', { id: 's-12' }));
      assert.unreachable();
    } catch (error) {
      assert.is((error as { code?: string }).code, 'session.exists');
    }
  });

  sessions('starts while the last session of the server is just leaving', async () => {
    const backend = open();
    for (let round = 0; round < 15; round++) {
      const handle = await begin(backend, spec('true', { id: `s-${round}` }));
      if (round % 3 === 0) await until(async () => (await backend.observe(handle)) === 'dead');
    }
  });

  sessions('is read and stopped by one who knows nothing but its handle', async () => {
    const handle = await begin(open(), spec('echo hello; sleep 68'));
    const other = chooseBackend(handle.backend, { town: '', inherited: {} });
    await until(async () => (await other.peek(handle, 1)) === 'hello');
    assert.is(await other.stop(handle), 'gone');
  });
}

promises('subprocess');
promises('tmux');

const choice = suite('chooseBackend');

choice('takes tmux where there is one, else a plain process', () => {
  const town = temporary();
  assert.is(chooseBackend(undefined, { town, inherited: { PATH: town } }).name, 'subprocess');
  assert.is(chooseBackend('subprocess', { town, inherited }).name, 'subprocess');
  writeFileSync(join(town, 'tmux'), '', { mode: 0o755 });
  assert.is(chooseBackend(undefined, { town, inherited: { PATH: `:${town}` } }).name, 'tmux');
});

choice('refuses a name that it does not know, and tmux where there is none', () => {
  const ground = { town: temporary(), inherited: { PATH: '/nowhere' } };
  const codeOf = (name: string): unknown => {
    try {
      return chooseBackend(name, ground);
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };
  assert.is(codeOf('screen'), 'backend.unknown');
  assert.is(codeOf('tmux'), 'tmux.missing');
});

choice.run();
