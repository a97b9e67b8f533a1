import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { shellWord } from '../base/text.ts';
import { sessionEnvironment, usualPath, type Environment } from './environment.ts';
import { dropLauncher, writeLauncher } from './launcher.ts';
import { endTree, isAlive, processStart } from './processes.ts';
import { nonceVariable, SessionExists, SessionNotStarted, type Backend, type SessionHandle, type SessionSpec } from './session.ts';
import { asWords } from './shell.ts';
import { markOf, observeProcess, recordThenGo } from './subprocess.ts';
import { lastLines, lastOf } from './transcript.ts';

const timeLimit = 10_000;
const seenWithin = 5_000;
const takenWithin = 1_500;

interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Tmux = (socket: string, args: readonly string[], input?: string) => Promise<Answer>;

/** Sessions in panes of a tmux server that belongs to the town alone and reads nobody's configuration. */
export function tmuxBackend(town: string, inherited: Environment): Backend {
  const tmux = runner(inherited);
  return {
    name: 'tmux',
    start: (spec, record) => start(tmux, socketOf(town, inherited), spec, inherited, record),
    tell: (handle, text) => tell(tmux, handle, text),
    async interrupt(handle) {
      if (!(await isPane(tmux, handle))) return 'undelivered';
      const { code } = await tmux(socketIn(handle), ['send-keys', '-t', paneOf(handle), 'C-c']);
      return code === 0 ? 'delivered' : 'undelivered';
    },
    observe: (handle) => Promise.resolve(observeProcess(handle)),
    // The pane, and with the last one the server, goes with its process.
    stop: (handle) => endTree(handle, { mark: markOf(handle) }),
    async peek(handle, lines) {
      const pane = (await isPane(tmux, handle)) ? await capture(tmux, handle, lines) : '';
      return pane.trim() === '' ? lastLines(handle.transcript, lines) : lastOf(pane, lines);
    },
  };
}

/** Where the town's server listens: the place that `tmux -L gastown-<hash>` means. */
function socketOf(town: string, { TMUX_TMPDIR }: Environment): string {
  return join(TMUX_TMPDIR || '/tmp', `tmux-${process.getuid?.() ?? 0}`, `gastown-${shortHash(town)}`);
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

function socketIn(handle: SessionHandle): string {
  return handle.tmux?.socket ?? '';
}

/** The pane of a session, by its whole name: tmux would take the beginning of another one. */
function paneOf(handle: SessionHandle): string {
  return `=${handle.tmux?.name ?? ''}:`;
}

function runner(inherited: Environment): Tmux {
  // The server keeps the environment of who starts it first and gives it to every session: so it gets next to nothing.
  const { PATH = usualPath, HOME, SHELL, LANG, LC_ALL, LC_CTYPE, USER, LOGNAME } = inherited;
  const base = sessionEnvironment({ PATH, HOME, SHELL, LANG, LC_ALL, LC_CTYPE, USER, LOGNAME });
  return (socket, args, input = '') =>
    new Promise((settle, fail) => {
      // By its name, not its path: then tmux makes the folder, and refuses one that others could write to.
      const env = { ...base, TMUX_TMPDIR: dirname(dirname(socket)) };
      const argv = ['-u', '-f', '/dev/null', '-L', basename(socket), ...args];
      const child = spawn('tmux', argv, { env, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'], timeout: timeLimit, killSignal: 'SIGKILL' });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
      child.stdin.on('error', () => undefined); // told by the exit status
      child.once('error', fail);
      child.once('close', (code) => settle({ code, stdout, stderr }));
      child.stdin.end(input);
    });
}

/** Keeps tmux from reading formats, which can run commands, and dates into a text. */
function literal(text: string): string {
  return text.replaceAll('%', '%%').replaceAll('#', '##');
}

/** The name of a session in tmux, where `.` and `:` have a meaning. */
function nameOf(id: string): string {
  const name = id.replace(/[^A-Za-z0-9_-]/g, '_');
  return name === id ? name : `${name.slice(0, 60)}-${shortHash(id)}`;
}

async function start(tmux: Tmux, socket: string, spec: SessionSpec, inherited: Environment, record?: (handle: SessionHandle) => void | Promise<void>): Promise<SessionHandle> {
  const nonce = randomBytes(8).toString('hex');
  const name = nameOf(spec.id);
  // What terminal it has is for tmux to say.
  const env = sessionEnvironment({ ...inherited, TERM: undefined }, { ...spec.env, [nonceVariable]: nonce });
  const launcher = writeLauncher(spec, env, nonce, true);
  const pane = ['new-session', '-d', '-P', '-F', '#{pane_pid}', '-s', name, '-n', spec.title.replace(/[^\w .-]/g, '_') || name, '-x', '200', '-y', '50', '-c', '/', '/bin/sh', launcher];
  const keep = ['pipe-pane', '-t', `=${name}:`, literal(`exec cat >>${shellWord(spec.transcript)}`)];
  const args = ['start-server', ';', 'set-option', '-g', 'history-limit', '20000', ';', ...pane, ';', ...keep];
  const pid = await open(tmux, socket, args, spec.id, name).catch((error: unknown) => {
    dropLauncher(launcher);
    throw error;
  });
  const handle: SessionHandle = { backend: 'tmux', id: spec.id, pid, started: processStart(pid) ?? '', nonce, transcript: spec.transcript, tmux: { socket, name } };
  await recordThenGo(handle, launcher, record);
  return handle;
}

/** Opens the pane; a server that was just leaving is asked again. */
async function open(tmux: Tmux, socket: string, args: readonly string[], id: string, name: string): Promise<number> {
  for (let turn = 1; ; turn++) {
    const { code, stdout, stderr } = await tmux(socket, args);
    const pid = Number(stdout.trim());
    if (code === 0 && pid > 0) return pid;
    if (pid > 0) await endTree({ pid, started: processStart(pid) ?? '' }, { graceMs: 0 });
    else if ((await tmux(socket, ['has-session', '-t', `=${name}`])).code === 0) throw new SessionExists(id);
    if (turn === 4) throw new SessionNotStarted(id, stderr.trim() || `tmux ended with ${code}`);
    await sleep(50 * turn);
  }
}

/** Tells whether the pane of that name is still the one of this session. */
async function isPane(tmux: Tmux, handle: SessionHandle): Promise<boolean> {
  if (handle.tmux === undefined || isAlive(handle) !== true) return false;
  const { code, stdout } = await tmux(socketIn(handle), ['display-message', '-p', '-t', paneOf(handle), '#{pane_pid}']);
  return code === 0 && Number(stdout.trim()) === handle.pid;
}

/** What the pane shows, and so many lines above it. */
async function capture(tmux: Tmux, handle: SessionHandle, lines: number): Promise<string> {
  const { code, stdout } = await tmux(socketIn(handle), ['capture-pane', '-p', '-J', '-t', paneOf(handle), '-S', `-${Math.max(0, Math.floor(lines))}`]);
  return code === 0 ? stdout : '';
}

const history = 500;

async function tell(tmux: Tmux, handle: SessionHandle, text: string): Promise<'delivered' | 'undelivered'> {
  const typed = typeable(text);
  if (typed === '' || !(await isPane(tmux, handle))) return 'undelivered';
  const before = sightings(await capture(tmux, handle, history), typed);
  const buffer = `gt-${randomBytes(4).toString('hex')}`;
  const paste = ['load-buffer', '-b', buffer, '-', ';', 'paste-buffer', '-d', '-p', '-b', buffer, '-t', paneOf(handle)];
  if ((await tmux(socketIn(handle), paste, typed)).code !== 0) return 'undelivered';
  let screen = '';
  const arrived = await soon(seenWithin, async () => sightings((screen = await capture(tmux, handle, history)), typed) > before);
  if (!arrived) return 'undelivered';
  // A client that is still busy with a paste takes the key for a part of it.
  for (let turn = 0; turn < 2; turn++) {
    if ((await tmux(socketIn(handle), ['send-keys', '-t', paneOf(handle), 'Enter'])).code !== 0) return 'undelivered';
    if (await soon(takenWithin, async () => (await capture(tmux, handle, history)) !== screen)) return 'delivered';
  }
  return 'undelivered';
}

/** A text as keys that can only write: nothing in it ends the paste, is a key of its own, or a command to the client. */
function typeable(text: string): string {
  return asWords(stripVTControlCharacters(text.replace(/\r\n?/g, '\n')).replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, '').trim());
}

/** Counts how often the end of a text stands on a screen, however it was wrapped or framed; clients show a long paste as `[Pasted text …]`. */
function sightings(screen: string, typed: string): number {
  const bare = (all: string): string => all.replace(/[\s\u2500-\u259f|]/g, '');
  const end = bare(typed).slice(-32);
  const shown = bare(screen);
  return (end === '' ? 0 : shown.split(end).length - 1) + (shown.match(/\[Pastedtext/g)?.length ?? 0);
}

/** Asks again and again until the answer is yes; no when the time is up. */
async function soon(milliseconds: number, ask: () => Promise<boolean>): Promise<boolean> {
  const end = performance.now() + milliseconds;
  for (;;) {
    if (await ask()) return true;
    if (performance.now() > end) return false;
    await sleep(40);
  }
}
