import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseBackend, findProgram } from '../../src/sessions/backend.ts';
import { prepareClient, runtimeNamed, type RuntimeSpec } from '../../src/sessions/runtimes.ts';
import type { Backend, SessionHandle } from '../../src/sessions/session.ts';
import { claudeEnvironment, claudeFolder, inTurns, startModelServer, textOf, toolResults, type ModelServer, type Script } from '../helpers/model-server.ts';
import { skip } from '../helpers/skip.ts';
import { output, ownEnvironment, temporary } from '../helpers/temporary.ts';
import { untilReady } from './screen.ts';
import { until } from './until.ts';

const claude = runtimeNamed('claude');
const sandbox = { IS_SANDBOX: '1' };

function spec(more: Partial<RuntimeSpec> = {}): RuntimeSpec {
  return { gt: ['/opt/it is/gt'], cwd: '/rig/tree', stateFolder: '/state', headless: false, env: sandbox, ...more };
}

function codeOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

const preset = suite('the claude runtime');

preset('puts the prompt last, behind what ends the flags, and lets it be no command', () => {
  const start = ['claude', '--dangerously-skip-permissions', '--settings', '/state/claude-settings.json'];
  assert.equal(claude.command(spec()), start);
  assert.equal(claude.command(spec({ prompt: '--help me' })), [...start, '--', '--help me']);
  assert.equal(claude.command(spec({ prompt: '/exit', model: 'opus' })), [...start, '--model', 'opus', '--', '» /exit']);
  assert.equal(claude.command(spec({ headless: true, prompt: 'go' })), ['claude', '-p', ...start.slice(1), '--', 'go']);
});

preset('has its hooks call gt, and never say by accident that the client may not stop', () => {
  const stateFolder = temporary();
  prepareClient(claude, spec({ stateFolder, headless: true }));
  const { hooks } = JSON.parse(readFileSync(join(stateFolder, 'claude-settings.json'), 'utf8')) as { hooks: Record<string, { hooks: { command: string }[] }[]> };
  const commands = Object.entries(hooks).map(([event, [first]]) => [event, first?.hooks[0]?.command]);
  assert.equal(commands, [
    ['SessionStart', "'/opt/it is/gt' prime --hook || exit 1"],
    ['PreCompact', "'/opt/it is/gt' prime --hook || exit 1"],
    ['Stop', "'/opt/it is/gt' session signal stop || exit 1"],
  ]);
});

preset('answers the questions of a first start in a configuration of the town, and keeps what is there', () => {
  const configFolder = temporary();
  const path = join(configFolder, '.claude.json');
  writeFileSync(path, JSON.stringify({ theme: 'dark', projects: { '/other': { allowedTools: ['x'] }, '/rig': { cost: 3 } }, customApiKeyResponses: { approved: ['old'], rejected: ['bad'] } }));
  const env = { ...sandbox, ANTHROPIC_API_KEY: `sk-${'k'.repeat(30)}` };
  const wanted = spec({ configFolder, trusted: '/rig', env, stateFolder: temporary() });
  assert.equal(prepareClient(claude, wanted).env, { CLAUDE_CONFIG_DIR: configFolder });
  assert.equal(JSON.parse(readFileSync(path, 'utf8')), {
    theme: 'dark',
    projects: { '/other': { allowedTools: ['x'] }, '/rig': { cost: 3, hasTrustDialogAccepted: true } },
    customApiKeyResponses: { approved: ['old', 'k'.repeat(20)], rejected: ['bad'] },
    hasCompletedOnboarding: true,
  });
  const written = statSync(path).mtimeMs;
  prepareClient(claude, wanted);
  assert.is(statSync(path).mtimeMs, written);
  assert.equal(readdirSync(configFolder), ['.claude.json']);
});

preset('only reads the configuration of a person, and refuses where the client would wait for that person', () => {
  const home = temporary();
  const path = join(home, '.claude.json');
  const prepare = (more: Partial<RuntimeSpec> = {}): unknown => codeOf(() => prepareClient(claude, spec({ env: { ...sandbox, HOME: home }, stateFolder: temporary(), ...more })).command.length);
  assert.is(prepare(), 'client.not-ready');
  writeFileSync(path, '{"hasCompletedOnboarding":true}');
  assert.is(prepare(), 'client.not-ready');
  assert.is(prepare({ headless: true }), 5, 'a headless client asks nothing');
  writeFileSync(path, 'no JSON');
  assert.is(prepare(), 'client.not-ready');
  assert.is(prepare({ configFolder: home }), 'client.not-ready', 'and what cannot be read is not overwritten');
  assert.is(readFileSync(path, 'utf8'), 'no JSON');
  const trusting = '{"hasCompletedOnboarding":true,"projects":{"/rig":{"hasTrustDialogAccepted":true}}}';
  writeFileSync(path, trusting);
  assert.is(prepare(), 'client.not-ready', 'trust in a folder above does not count');
  assert.is(prepare({ trusted: '/rig' }), 4, 'trust in its repository does');
  assert.is(readFileSync(path, 'utf8'), trusting);
});

preset('refuses root on a machine that is no sandbox', () => {
  const refused = codeOf(() => prepareClient(claude, spec({ env: {}, headless: true, stateFolder: temporary() })).command[0]);
  assert.is(refused, process.getuid?.() === 0 ? 'client.root-without-sandbox' : 'claude');
});

preset('is one of those that have a name', () => {
  assert.equal(runtimeNamed('exec').command(spec({ run: ['make'] })), ['make']);
  assert.is(codeOf(() => runtimeNamed('clod')), 'runtime.unknown');
});

preset.run();

/** A town's place for one worker, with a program in the place of gt that notes how it was called. */
interface Place {
  readonly folder: string;
  readonly worktree: string;
  readonly server: ModelServer;
  readonly env: Record<string, string>;
  readonly spec: RuntimeSpec;
  readonly calls: () => string[];
  begin(name: 'tmux' | 'subprocess', change?: Partial<RuntimeSpec>): Promise<[Backend, SessionHandle]>;
}

const client = suite('the real Claude Code client');
const folderOfClient = claudeFolder();
const open: Place[] = [];
const begun: [Backend, SessionHandle][] = [];

async function place(script: Script): Promise<Place> {
  const folder = temporary();
  const worktree = join(folder, 'rig', 'polecats', 'nux');
  mkdirSync(worktree, { recursive: true });
  const gt = join(folder, 'gt');
  writeFileSync(gt, `#!/bin/sh\necho "$* $GT_AGENT" >>'${folder}/calls'\nif [ "$1" = prime ]; then echo 'On your hook hangs hq-k3f9x: write the file.'; fi\n`, { mode: 0o755 });
  const server = await startModelServer(script);
  const env = { ...claudeEnvironment(join(folder, 'home'), server.url, { path: folderOfClient === undefined ? [] : [folderOfClient], trusted: worktree }), GT_AGENT: 'rig/polecats/nux' };
  const base: RuntimeSpec = { gt: [gt], cwd: worktree, stateFolder: join(folder, 'state'), headless: true, prompt: 'Work hangs on your hook. Begin.', env };
  const made: Place = {
    folder, worktree, server, env, spec: base,
    calls: () => (existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trimEnd().split('\n') : []),
    async begin(name, change = {}) {
      const wanted = { ...base, headless: name === 'subprocess', ...change };
      const ready = prepareClient(claude, wanted);
      const backend = chooseBackend(name, { town: folder, inherited: { ...ownEnvironment(), NODE_OPTIONS: '-r x', CLAUDECODE: '1' } });
      const handle = await backend.start({ id: 's-1', agent: 'rig/polecats/nux', command: ready.command, cwd: worktree, env: { ...env, ...ready.env }, transcript: join(folder, 'state', 's-1.log'), title: 'hq-k3f9x' });
      begun.push([backend, handle]);
      return [backend, handle];
    },
  };
  open.push(made);
  return made;
}

client.after.each(async () => {
  for (const [backend, handle] of begun.splice(0)) await backend.stop(handle);
  for (const { server } of open.splice(0)) await server.close();
});

const work: Script = inTurns(
  [{ text: 'I write the file.' }, { tool: 'Bash', input: { command: 'echo done > work.txt && env', description: 'Write the file' } }],
  [{ text: 'It is written.' }],
);

function real(name: string, needs: string | undefined, run: () => Promise<void>): void {
  if (needs === undefined) client(name, run);
  else skip(client, name, needs);
}

const absent = folderOfClient === undefined ? 'GASTOWN_TEST_CLAUDE does not name the executable of Claude Code' : undefined;
const noTerminal = absent ?? (findProgram('tmux', ownEnvironment()) === undefined ? 'there is no tmux on this machine' : undefined);

real('reads its hook, uses its tools and ends, headless', absent, async () => {
  const { worktree, server, begin, calls } = await place(work);
  const [backend, handle] = await begin('subprocess');
  await until(async () => (await backend.observe(handle)) === 'dead', 60_000);
  assert.is(readFileSync(join(worktree, 'work.txt'), 'utf8'), 'done\n');
  assert.match(textOf(server.conversations[0]!), /On your hook hangs hq-k3f9x/);
  assert.match(textOf(server.conversations[0]!), /Work hangs on your hook\. Begin\./);
  const [ran] = toolResults(server.conversations.at(-1)!);
  assert.match(ran!.text, /^GT_AGENT=rig\/polecats\/nux$/m);
  assert.not.match(ran!.text, /^(NODE_OPTIONS|BUN_)/m);
  assert.is(await backend.peek(handle, 1), 'It is written.');
  assert.equal(calls(), ['prime --hook rig/polecats/nux', 'session signal stop rig/polecats/nux']);
});

real('takes a prompt that looks like a flag, or a command of its own, as words', absent, async () => {
  for (const prompt of ['--help', '/exit']) {
    const { server, begin } = await place(inTurns([{ text: 'Well.' }]));
    const [backend, handle] = await begin('subprocess', { prompt });
    await until(async () => (await backend.observe(handle)) === 'dead', 60_000);
    assert.ok(textOf(server.conversations[0]!).includes(prompt), prompt);
  }
});

real('reads its hook, uses its tools, and takes what it is told, in a terminal', noTerminal, async () => {
  const { worktree, server, begin, calls } = await place(work);
  const [backend, handle] = await begin('tmux');
  await until(() => calls().includes('session signal stop rig/polecats/nux'), 60_000);
  assert.is(readFileSync(join(worktree, 'work.txt'), 'utf8'), 'done\n');
  assert.match(textOf(server.conversations[0]!), /On your hook hangs hq-k3f9x/);
  assert.is(await untilReady(backend, handle), 'ready');
  assert.is(await backend.tell(handle, 'Check your hook.\nThen go on.'), 'delivered');
  await until(() => server.conversations.some((one) => textOf(one).includes('Check your hook.\nThen go on.')), 20_000);
  assert.is(await untilReady(backend, handle), 'ready');
  assert.is(await backend.tell(handle, '!touch pwned'), 'delivered');
  await until(() => server.conversations.some((one) => textOf(one).includes('» !touch pwned')), 20_000);
  assert.is(await untilReady(backend, handle), 'ready');
  assert.is(await backend.tell(handle, `${'a long message\n'.repeat(60)}its end`), 'delivered');
  await until(() => server.conversations.some((one) => /(a long message\n){60}its end/.test(textOf(one))), 20_000);
  assert.equal(readdirSync(worktree), ['work.txt']);
  assert.is(await backend.stop(handle), 'gone');
});

real('is primed again when it makes its memory shorter', noTerminal, async () => {
  const { begin, calls } = await place(work);
  const [backend, handle] = await begin('tmux');
  await until(() => calls().includes('session signal stop rig/polecats/nux'), 60_000);
  assert.is(await untilReady(backend, handle), 'ready');
  const keys = (...words: string[]): Promise<string> => output(['tmux', '-S', handle.tmux!.socket, 'send-keys', '-t', `=${handle.tmux!.name}:`, ...words]);
  await keys('-l', '/compact');
  await until(async () => (await backend.peek(handle, 20)).includes('/compact'));
  await keys('Enter');
  await until(() => calls().filter((call) => call.startsWith('prime')).length >= 3, 30_000);
});

real('is seen to wait for a person where nobody has said that the folder is trusted', noTerminal, async () => {
  const { begin, env, worktree } = await place(work);
  const configuration = join(env['CLAUDE_CONFIG_DIR'] ?? '', '.claude.json');
  const trusted = readFileSync(configuration, 'utf8');
  writeFileSync(configuration, trusted.replace('"hasTrustDialogAccepted":true', '"hasTrustDialogAccepted":false'));
  assert.is(await begin('tmux').then(() => 'started', (error: { code?: string }) => error.code), 'client.not-ready');
  writeFileSync(configuration, trusted);
  const ready = prepareClient(claude, spec({ env, cwd: worktree, stateFolder: temporary() }));
  const backend = chooseBackend('tmux', { town: env['HOME'] ?? '', inherited: ownEnvironment() });
  const folder = temporary();
  const handle = await backend.start({ id: 's-2', agent: 'x', command: ready.command, cwd: folder, env, transcript: join(folder, 'log'), title: 'x' });
  begun.push([backend, handle]);
  assert.is(await untilReady(backend, handle), 'asks');
});

real('begins at once in a configuration of the town that was empty', noTerminal, async () => {
  const { begin, calls, folder } = await place(work);
  await begin('tmux', { configFolder: join(folder, 'configuration') });
  await until(() => calls().includes('session signal stop rig/polecats/nux'), 60_000);
});

client.run();
