import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { knownKeys, parseValue } from '../../src/actions/settings.ts';
import { git, gt, gtJson, gtOutput, soloTown, townWithRig } from '../helpers/town.ts';

interface Explained {
  key: string;
  value?: unknown;
  source: string;
  hidden: { source: string; value: unknown }[];
}

function local(folder: string, text: string): void {
  mkdirSync(join(folder, 'settings'), { recursive: true });
  writeFileSync(join(folder, 'settings/config.json'), text);
}

const parsing = suite('parseValue');

parsing('knows numbers, booleans, JSON and texts by the key', () => {
  assert.is(parseValue('scheduler.max_polecats', '4'), 4);
  assert.is(parseValue('scheduler.paused', 'true'), true);
  assert.is(parseValue('merge_queue.gates.test.command', 'true'), 'true');
  assert.is(parseValue('merge_queue.gates.test.timeout', '90'), '90');
  assert.equal(parseValue('agents.mine.args', '--model opus'), ['--model', 'opus']);
  assert.equal(parseValue('agents.mine.args', '["a b"]'), ['a b']);
  assert.equal(parseValue('status.custom', ' in review:active , qa:wip, '), ['in review:active', 'qa:wip']);
  assert.equal(parseValue('roles.polecat.extra', '{"a":1}'), { a: 1 });
  assert.is(parseValue('roles.polecat.extra', 'plain'), 'plain');
});

parsing.run();

const config = suite('gt config');

config('keeps settings as transactions of the ledger', async () => {
  const path = await soloTown();
  assert.is(await gtOutput(path, ['config', 'set', 'scheduler.max_polecats', '4']), 'scheduler.max_polecats = 4');
  assert.is(await gtOutput(path, ['config', 'get', 'scheduler.max_polecats']), '4');
  assert.is(await git(path, ['log', '-1', '--format=%s', 'refs/beads/main']), 'Set scheduler.max_polecats');
  assert.is(JSON.parse(await git(path, ['show', 'refs/beads/main:settings/config.json'])).scheduler.max_polecats, 4);
  const before = await git(path, ['rev-parse', 'refs/beads/main']);
  await gtOutput(path, ['config', 'set', 'scheduler.max_polecats', '4']);
  assert.is(await git(path, ['rev-parse', 'refs/beads/main']), before);
  assert.is(await gtOutput(path, ['config', 'unset', 'scheduler.max_polecats']), 'scheduler.max_polecats is not set');
  assert.is((await gt(path, ['config', 'get', 'scheduler.max_polecats'])).code, 1);
});

config('opens the settings in an editor, writes what was changed at once, and keeps a text that it refuses', async () => {
  const path = await soloTown();
  await gtOutput(path, ['config', 'set', 'scheduler.paused', 'true']);
  const edit = (editor: string): ReturnType<typeof gt> => gt(path, ['config', 'edit'], { env: { EDITOR: editor } });
  const text = join(path, '..', 'text.json');
  writeFileSync(text, '{"merge_queue": {"gates": "none"}, "scheduler": {"max_polecats": "many"}, "agents": {"mine": {"args": ["-x"]}}}');
  const before = await git(path, ['rev-parse', 'refs/beads/main']);
  const refused = await edit(`cp ${text}`);
  assert.is(refused.code, 1);
  assert.match(refused.stderr, /^gt: the settings were not changed: scheduler\.max_polecats is a whole number, not "many"\n {2}try: gt config edit \(goes on with your text, which is kept in .*\/edit\/config\.json\)$/m);
  assert.is((await edit('false')).code, 1);
  assert.is(await git(path, ['rev-parse', 'refs/beads/main']), before);
  await gtOutput(path, ['config', 'set', 'default_agent', 'codex']);
  assert.is((await edit(`sed -i.old 's/"many"/4/'`)).stdout, 'scheduler.paused is not set\nagents.mine.args = ["-x"]\nscheduler.max_polecats = 4\n');
  const { clock: _clock, ...settings } = JSON.parse(await git(path, ['show', 'refs/beads/main:settings/config.json'])) as Record<string, unknown>;
  assert.equal(settings, { agents: { mine: { args: ['-x'] } }, default_agent: 'codex', merge_queue: { gates: 'none' }, scheduler: { max_polecats: 4 } });
  assert.match((await edit('true')).stdout, 'nothing was changed');
});

config('tells defaults apart from what is set', async () => {
  const path = await soloTown();
  assert.is(await gtOutput(path, ['config', 'get', 'default_agent']), 'claude');
  assert.is((await gtJson<Explained>(path, ['config', 'explain', 'default_agent'])).source, 'the default');
  assert.equal((await gtJson<Explained[]>(path, ['config', 'list'])).map(({ key }) => key), ['merge_queue.gates']);
  const all = (await gtJson<Explained[]>(path, ['config', 'list', '--all'])).map(({ key }) => key);
  for (const { key } of knownKeys) assert.ok(all.includes(key), key);
});

config("prefers the rig to the town, and a file to the ledger, and says so", async () => {
  const { town, rig } = await townWithRig();
  const crew = (await gtJson<{ folder: string }>(town, ['crew', 'add', 'max', '--rig', 'shop'])).folder;
  await gtOutput(town, ['config', 'set', 'roles.polecat.agent', 'codex']);
  assert.is(await gtOutput(crew, ['config', 'get', 'roles.polecat.agent']), 'codex');
  local(town, '{"roles":{"polecat":{"agent":"gemini"}}}');
  assert.is(await gtOutput(town, ['config', 'get', 'roles.polecat.agent']), 'gemini');
  await gtOutput(town, ['config', 'set', '--rig', 'shop', 'roles.polecat.agent', 'exec']);
  assert.is(await gtOutput(crew, ['config', 'get', 'roles.polecat.agent']), 'exec');
  assert.is(await gtOutput(town, ['config', 'get', 'roles.polecat.agent']), 'gemini');
  local(rig, '{"roles":{"polecat":{"agent":"claude"}}}');
  const explained = await gtJson<Explained>(crew, ['config', 'explain', 'roles.polecat.agent']);
  assert.equal([explained.value, explained.source], ['claude', join(rig, 'settings/config.json')]);
  assert.equal(explained.hidden.map(({ value }) => value), ['exec', 'gemini', 'codex']);
  assert.match(await gtOutput(crew, ['config', 'set', '--rig', 'shop', 'roles.polecat.agent', 'amp']), /config.json says claude, and that counts/);
  await gtOutput(town, ['config', 'set', 'types.custom', 'chrome']);
  local(town, '{"status":{"custom":"in_review:active"}}');
  const id = await gtOutput(town, ['create', 'Weld the pod', '--rig', 'shop', '--type', 'chrome', '--silent']);
  await gtOutput(town, ['batch', '--json'], { input: `update ${id} status=in_review type=chrome` });
  assert.equal((await gtJson<{ id: string; issue_type: string; status: string }[]>(crew, ['ready'])).map(({ id, issue_type: type, status }) => [id, type, status]), [[id, 'chrome', 'in_review']]);
});

config("keeps the queue's settings with the rig", async () => {
  const { town, rig } = await townWithRig();
  const ran = await gt(town, ['config', 'set', 'merge_queue.gates.test.command', 'make test']);
  assert.is(ran.code, 1);
  assert.match(ran.stderr, /belongs to a rig\n {2}try: gt config set --rig shop/);
  await gtOutput(rig, ['config', 'set', 'merge_queue.gates.test.command', 'make test']);
  assert.equal(await gtJson(town, ['config', 'get', 'merge_queue.gates', '--rig', 'shop']).then(({ value }) => value), { test: { command: 'make test' } });
  await gtOutput(rig, ['config', 'set', 'scheduler.max_polecats', '2']);
  assert.is(await gtOutput(town, ['config', 'get', 'scheduler.max_polecats']), '2');
  const edit = async (editor: string): Promise<string> => (await gt(town, ['config', 'edit', '--rig', 'shop'], { env: { EDITOR: editor } })).stderr;
  assert.match(await edit("sed -i.old 's/{/many/'"), /\n {2}try: gt config edit --rig shop \(goes on with your text/);
  assert.match(await edit('false'), /the editor false ended with 1\n {2}try: export EDITOR=vi, and the same command again/);
});

config('merges what several places say of one gate', async () => {
  const path = await soloTown();
  await gtOutput(path, ['config', 'set', 'merge_queue.gates.test.command', 'make test']);
  local(`${path}.town`, '{"merge_queue":{"gates":{"test":{"timeout":"5m"}}}}');
  assert.equal(await gtJson(path, ['config', 'get', 'merge_queue.gates.test']).then(({ value }) => value), { command: 'make test', timeout: '5m' });
});

config('refuses keys and values that are none, in words, with the nearest', async () => {
  const path = await soloTown();
  const refused: [string[], RegExp][] = [
    [['set', 'scheduler.max_polecat', '4'], /there is no setting "scheduler.max_polecat"\n {2}try: gt config explain 'scheduler.max_polecats'/],
    [['get', 'defaultagent'], /there is no setting/],
    [['set', 'scheduler.max_polecats', 'many'], /is a whole number, not "many"/],
    [['set', 'scheduler.paused', 'perhaps'], /is true or false/],
    [['set', 'merge_queue.gates', 'all'], /is "none"/],
    [['set', 'merge_queue.gates.test.timeout', 'soon'], /is a duration/],
    [['set', 'merge_queue.gates.test.command', ' '], /is a text/],
    [['set', 'merge_queue.gates.a/b.command', 'true'], /the gate "a\/b" cannot be run/],
    [['set', 'scheduler', '4'], /there is no setting "scheduler"/],
    [['set', '__proto__.x', '4'], /there is no setting/],
    [['set', 'roles.__proto__.agent', 'x'], /is not a settings key/],
    [['set', 'agents.x.env.a\nb', 'x'], /is not a settings key/],
    [['set', 'agents.x.env.$(touch pwned)', 'x'], /is not a settings key/],
    [['get', '--rig', '../../x', 'default_agent'], /there is no rig/],
  ];
  const before = await git(path, ['rev-parse', 'refs/beads/main']);
  for (const [args, words] of refused) {
    const ran = await gt(path, ['config', ...args]);
    assert.ok(ran.code === 1 || ran.code === 2, `${args.join(' ')}: ${ran.code} ${ran.stderr}`);
    assert.match(ran.stderr, words);
  }
  assert.is(await git(path, ['rev-parse', 'refs/beads/main']), before);
});

config('names a file that it cannot read', async () => {
  const path = await soloTown();
  for (const text of ['{', '[]']) {
    local(`${path}.town`, text);
    const ran = await gt(path, ['config', 'get', 'default_agent']);
    assert.is(ran.code, 4);
    assert.match(ran.stderr, /shop\.town\/settings\/config\.json cannot be read/);
  }
});

config.run();
