import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findProgram } from '../../src/sessions/backend.ts';
import { claudeEnvironment, claudeFolder, inTurns, startModelServer, textOf, toolResults, type Conversation, type ModelServer, type Reply, type Script } from '../helpers/model-server.ts';
import { programs } from '../helpers/programs.ts';
import { skip } from '../helpers/skip.ts';
import { output, ownEnvironment, repository, run, temporary } from '../helpers/temporary.ts';
import { until } from '../sessions/until.ts';
import { lastProcesses } from './siege.ts';

const [native] = programs;
const patience = 40_000;

interface Bead {
  readonly id: string;
  readonly status: string;
  readonly assignee?: string;
  readonly attempts?: readonly { readonly outcome: string; readonly evidence: string }[];
}

interface Agent {
  readonly agent: string;
  readonly bead: string;
  readonly session: string;
  readonly runtime: string;
  readonly alive: boolean;
}

/** A town with a gate whose workers are real clients that talk to a scripted model, and nothing else of anybody's in its environment. */
interface Stage {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly server: ModelServer;
  /** Where commands are typed. */
  readonly place: string;
  /** The repository that work lands in. */
  readonly hub: string;
  /** The git directory of the rig. */
  readonly rig: string;
  gt(...words: string[]): Promise<string>;
  json<T>(...words: string[]): Promise<T>;
}

const servers: ModelServer[] = [];
const stages: Stage[] = [];

async function stage(kind: 'solo' | 'town', backend: 'tmux' | 'subprocess', script: Script): Promise<Stage> {
  const folder = temporary();
  const server = await startModelServer(script);
  servers.push(server);
  const root = join(folder, kind === 'solo' ? 'shop.town' : 'town');
  const env = claudeEnvironment(join(folder, 'home'), server.url, { path: [native!.folder, claudeFolder() ?? ''], trusted: kind === 'solo' ? join(folder, 'shop') : join(root, 'shop/.repo.git') });
  const shop = await repository({ path: join(folder, 'shop') });
  const call = (cwd: string, words: readonly string[]): Promise<string> => output([...native!.argv, ...words], { cwd, env, bare: true });
  const gate = ['--gate', 'test ! -e broken'];
  let made: Pick<Stage, 'place' | 'hub' | 'rig'>;
  if (kind === 'solo') {
    await call(shop, ['init', '--prefix', 'shop', ...gate]);
    made = { place: shop, hub: join(shop, '.git'), rig: join(shop, '.git') };
  } else {
    const hub = join(folder, 'shop.git');
    await output(['git', 'clone', '-q', '--bare', shop, hub]);
    await call(folder, ['install', root]);
    await call(root, ['rig', 'add', 'shop', hub, '--prefix', 'shop', ...gate]);
    made = { place: root, hub, rig: join(root, 'shop/.repo.git') };
  }
  await call(made.place, ['config', 'set', 'sessions.backend', backend]);
  const gt = (...words: string[]): Promise<string> => call(made.place, words);
  const on: Stage = { folder, env, server, ...made, gt, json: async (...words) => JSON.parse(await gt(...words, '--json')) };
  stages.push(on);
  return on;
}

async function file({ json }: Stage, title: string): Promise<string> {
  return (await json<Bead>('create', title, '--rig', 'shop', '--description', 'Bright red, as the customer wants it.')).id;
}

async function beadOf({ json }: Stage, id: string): Promise<Bead> {
  const shown = await json<Bead | readonly Bead[]>('show', id);
  return Array.isArray(shown) ? (shown as readonly Bead[])[0]! : (shown as Bead);
}

function recordsOf({ rig }: Stage): string[] {
  const folder = join(rig, 'gastown/sessions');
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Waits until no session of the stage is left: neither its record, nor a process, nor a terminal. */
async function sessionsGone(on: Stage): Promise<void> {
  await until(() => recordsOf(on).length === 0, patience);
  assert.equal(await lastProcesses(on.folder, 10_000), []);
  const sockets = join(on.env['TMUX_TMPDIR'] ?? '', `tmux-${process.getuid?.()}`);
  for (const name of existsSync(sockets) ? readdirSync(sockets) : []) {
    const listed = await run(['tmux', '-S', join(sockets, name), 'list-sessions'], { env: on.env, bare: true });
    assert.is(listed.code, 1, listed.stdout);
  }
}

/** The last result, which the script needs in what it says next. */
const lastResult = (conversation: Conversation): string => toolResults(conversation).at(-1)?.text.trim() ?? '';
const bash = (command: string): Reply => ({ tool: 'Bash', input: { command, description: 'Work' } });

/** Edits, commits, is done, and says so. */
const diligent: Script = inTurns(
  [{ text: 'I look where I am.' }, bash('pwd')],
  (conversation) => [{ tool: 'Write', input: { file_path: `${toolResults(conversation)[0]?.text.trim()}/door.txt`, content: 'Bright red.\n' } }],
  [bash('git add door.txt && git commit -qm "Paint the door" && git log -1 --format=%an')],
  [bash('gt done')],
  [{ text: 'It is finished.' }],
);

async function landed(on: Stage, id: string, engine = false): Promise<void> {
  if (engine) await until(async () => (await beadOf(on, id)).status === 'closed', patience);
  else assert.equal((await on.json<{ landed: readonly { bead: string }[] }>('mq', 'run')).landed.map(({ bead }) => bead), [id]);
  assert.is((await beadOf(on, id)).status, 'closed');
  const git = (...words: string[]): Promise<string> => output(['git', '--git-dir', on.hub, ...words]);
  assert.is(await git('show', 'main:door.txt'), 'Bright red.');
  const trailers = await git('log', '-1', '--format=%(trailers:only,unfold)', '--grep=^Paint the door$', 'main');
  assert.match(trailers, new RegExp(`^Bead: ${id}$`, 'm'));
  assert.match(trailers, /^Agent: shop\/polecats\/\w+$/m);
}

const client = suite('a worker that is the real Claude Code client');
const absent = claudeFolder() === undefined ? 'GASTOWN_TEST_CLAUDE does not name the executable of Claude Code' : undefined;
const noTerminal = absent ?? (findProgram('tmux', ownEnvironment()) === undefined ? 'there is no tmux on this machine' : undefined);

function real(name: string, needs: string | undefined, test: () => Promise<void>): void {
  if (needs === undefined) client(name, test);
  else skip(client, name, needs);
}

client.after.each(async () => {
  for (const { gt } of stages.splice(0)) await gt('down', '--all').catch(() => undefined);
  for (const server of servers.splice(0)) await server.close();
});

for (const [kind, backend, engine] of [['solo', 'subprocess', false], ['solo', 'tmux', true], ['town', 'subprocess', true], ['town', 'tmux', false]] as const) {
  real(`is told its bead, edits, commits, is done, and ${engine ? 'the engine' : 'gt mq run'} lands its work: ${kind}, ${backend}`, backend === 'tmux' ? noTerminal : absent, async () => {
    const on = await stage(kind, backend, diligent);
    const id = await file(on, 'Paint the $(touch pwned) door');
    if (engine) await on.gt('up');
    const { slung } = await on.json<{ slung: readonly { outcome: string; agent: string; session: string }[] }>('sling', id, '--agent', 'claude');
    assert.is(slung[0]?.outcome, 'started');
    const [record = ''] = recordsOf(on);
    assert.is((JSON.parse(readFileSync(join(on.rig, 'gastown/sessions', record), 'utf8')) as { handle: { backend: string } }).handle.backend, backend);
    await until(() => textOf(on.server.conversations.at(-1) ?? { role: 'user', content: '' }).includes(`${id} is submitted as`), patience);
    const first = textOf(on.server.conversations[0]!);
    assert.ok(first.includes(`# You are ${slung[0]!.agent}`));
    assert.ok(first.includes(`## On your hook: ${id}\nTitle: Paint the $(touch pwned) door\n`));
    assert.ok(first.includes('Bright red, as the customer wants it.'));
    const last = on.server.conversations.at(-1)!;
    assert.equal(toolResults(last).filter(({ error }) => error), []);
    assert.match(lastResult(last), new RegExp(`^${id} is submitted as shop-mr-\\w+ at`));
    assert.is(toolResults(last)[2]?.text.trim(), slung[0]!.agent);
    await landed(on, id, engine);
    await until(() => recordsOf(on).length === 0, patience);
    if (engine) await on.gt('down');
    await sessionsGone(on);
    assert.not.ok(existsSync(join(on.place, 'pwned')));
  });
}

const reminder = 'still hangs on your hook';

for (const backend of ['subprocess', 'tmux'] as const) {
  real(`is asked once when it stops before it is done: ${backend}`, backend === 'tmux' ? noTerminal : absent, async () => {
    const on = await stage('solo', backend, (conversation) => (textOf(conversation).includes(reminder) ? diligent(conversation) : [{ text: 'I think that is all.' }]));
    const id = await file(on, 'Paint the door');
    await on.gt('sling', id, '--agent', 'claude');
    await until(async () => (await beadOf(on, id)).assignee === 'shop/refinery', patience);
    await sessionsGone(on);
    // The client tells the model of one refusal in two messages.
    assert.is(textOf(on.server.conversations.at(-1)!).match(/Stop hook feedback:\s+\S+ still hangs on your hook/g)?.length, 1);
    await landed(on, id);
  });
}

real('that never is done is tried three times, and its bead goes back with the evidence', absent, async () => {
  const on = await stage('solo', 'subprocess', () => [{ text: 'This is beyond me.' }]);
  const id = await file(on, 'Paint the door');
  await on.gt('sling', id, '--agent', 'claude');
  await until(async () => (await beadOf(on, id)).status === 'open', 2 * patience);
  await sessionsGone(on);
  const { attempts = [], assignee } = await beadOf(on, id);
  assert.equal(attempts.map(({ outcome }) => outcome), ['ended without gt done', 'ended without gt done', 'gave up']);
  for (const { evidence } of attempts) assert.match(evidence, /ended with status 0\nThis is beyond me\./);
  assert.is(assignee, undefined);
  assert.equal(await on.json('agents'), []);
  const asked = on.server.conversations.map((one) => textOf(one));
  assert.is(asked.length, 6);
  assert.is(asked.filter((text) => text.includes('An earlier attempt: ended without gt done')).length, 4);
});

real('that a person starts by hand is the session of its worker', noTerminal, async () => {
  const on = await stage('solo', 'tmux', diligent);
  const id = await file(on, 'Paint the door');
  const { slung } = await on.json<{ slung: readonly { outcome: string; agent: string; folder: string; command: string }[] }>('sling', id, '--agent', 'claude', '--no-start');
  const { outcome, agent, folder, command } = slung[0]!;
  assert.is(outcome, 'hooked');
  assert.equal(await on.json('agents'), []);
  assert.match(await on.gt('tick'), /^0 orders/);

  const screen = join(on.folder, 'screen');
  mkdirSync(join(on.folder, 'person'));
  const tmux = (...words: string[]): Promise<string> => output(['tmux', '-u', '-f', '/dev/null', '-S', screen, ...words], { env: { ...on.env, TERM: 'xterm-256color' }, bare: true, cwd: join(on.folder, 'person') });
  const type = async (line: string): Promise<void> => {
    await tmux('send-keys', '-t', 'person', '-l', line);
    await tmux('send-keys', '-t', 'person', 'Enter');
  };
  const shows = async (text: string): Promise<boolean> => (await tmux('capture-pane', '-p', '-S', '-200', '-t', 'person')).includes(text);
  await tmux('new-session', '-d', '-s', 'person', '-x', '150', '-y', '50', 'bash --norc --noprofile -i');
  try {
    await type(`cd ${folder} && gt prime`);
    await until(() => shows('When it is finished: `gt done`.'), patience);
    assert.ok(await shows('No client works on this. To start one by hand: '));
    assert.equal(await on.json('agents'), [], 'a shell is no client');

    await type(`${command} --dangerously-skip-permissions`);
    await until(async () => (await on.json<readonly Agent[]>('agents')).length > 0, patience);
    const [adopted] = await on.json<readonly Agent[]>('agents');
    assert.equal([adopted?.agent, adopted?.bead, adopted?.runtime, adopted?.alive], [agent, id, 'adopted', true]);
    const [worker] = await on.json<readonly { state: string; session: string }[]>('polecat', 'list');
    assert.equal([worker?.state, worker?.session], ['working', adopted?.session]);
    assert.match(await on.gt('tick'), /^0 orders/);
    assert.equal((await on.json<readonly Agent[]>('agents')).map(({ session }) => session), [adopted?.session]);

    await until(() => shows('❯'), patience);
    await type('Begin.');
    await until(async () => (await beadOf(on, id)).assignee === 'shop/refinery', patience);
    await until(() => shows('It is finished.'), patience);
    await landed(on, id);
    await type('/exit');
    await until(async () => (await on.json<readonly Agent[]>('agents'))[0]?.alive !== true, patience);
    await on.gt('tick');
    assert.equal(await on.json('agents'), []);
  } finally {
    await tmux('kill-server');
  }
  await sessionsGone(on);
});

client.run();
