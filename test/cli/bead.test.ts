// time limit: 400 s
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { garageFile } from '../helpers/garage.ts';
import { programs } from '../helpers/programs.ts';
import { run, temporary, type Ran, type RunOptions } from '../helpers/temporary.ts';
import { git, gtJson, gtOutput, project, soloTown, townWithRig } from '../helpers/town.ts';

interface Bead {
  id: string;
  title: string;
  status: string;
  priority: number;
  issue_type: string;
  assignee?: string;
  labels?: string[];
  metadata?: Record<string, unknown>;
  dependencies?: { id: string; title: string; depends_on_id: string; dependency_type: string; type: string }[];
  dependents?: { id: string; dependency_type: string }[];
  comments?: { text: string }[];
  parent?: string;
  [key: string]: unknown;
}

/** `bd` in a folder, from the sources: what it printed; it must succeed. */
function bd(cwd: string, ...args: string[]): Promise<string> {
  return gtOutput(cwd, ['bead', ...args]);
}

function bdJson<T = Bead[]>(cwd: string, ...args: string[]): Promise<T> {
  return gtJson<T>(cwd, ['bead', ...args]);
}

function attempt(cwd: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return run([process.execPath, join(import.meta.dirname, '../../src/main.ts'), 'bead', ...args], { cwd, ...options });
}

/** A town whose ledger holds the beads of fixtures/beads.jsonl. */
async function garageTown(): Promise<string> {
  const path = await soloTown();
  await bd(path, 'import', garageFile);
  return path;
}

async function show(cwd: string, id: string): Promise<Bead> {
  const [bead] = await bdJson(cwd, 'show', id);
  assert.ok(bead);
  return bead;
}

const creating = suite('bd create');

creating('takes every field', async () => {
  const path = await soloTown();
  writeFileSync(join(path, 'chore.sh'), 'make\n');
  const parent = await bd(path, 'create', 'Rig', '-t', 'epic', '-l', 'rig', '--silent');
  const made = await bdJson<Bead>(path, 'create', 'Weld', '-d', 'The pod.', '--design', 'Plates', '--acceptance', 'Holds', '--notes', 'Hot', '-t', 'feat', '-p', 'P0', '-l', 'fuel,hot', '-a', 'nux', '-e', '2h', '--parent', parent, '--external-ref', 'gh-9', '--spec-id', 's1', '--due', '2030-01-31', '--defer', '2030-01-01', '--metadata', '{"tool":"torch"}', '--run', 'make weld', '--script', 'chore.sh');
  const { id, created_at: _created, updated_at: _updated, dependencies, ...rest } = made;
  assert.is(id, `${parent}.1`);
  assert.equal(dependencies?.map((edge) => [edge.depends_on_id, edge.type]), [[parent, 'parent-child']]);
  assert.equal(rest, {
    schema_version: 1, title: 'Weld', description: 'The pod.', design: 'Plates', acceptance_criteria: 'Holds', notes: 'Hot', issue_type: 'feature', priority: 0, labels: ['fuel', 'hot', 'rig'], assignee: 'nux', estimated_minutes: 120,
    external_ref: 'gh-9', spec_id: 's1', due_at: '2030-01-31T00:00:00Z', defer_until: '2030-01-01T00:00:00Z', metadata: { tool: 'torch', run: 'make weld', script: 'make\n' }, status: 'open', created_by: 'Ada Lovelace',
  });
});

creating('takes the description from a file or from standard input', async () => {
  const path = await soloTown();
  writeFileSync(join(path, 'body.md'), 'From a file.\n');
  assert.is((await bdJson<Bead>(path, 'create', 'A', '--body-file', 'body.md'))['description'], 'From a file.\n');
  const piped = await attempt(path, ['create', 'B', '--stdin', '--json'], { input: 'From a pipe.' });
  assert.is((JSON.parse(piped.stdout) as Bead)['description'], 'From a pipe.');
});

creating('adds edges in the direction that is meant', async () => {
  const path = await garageTown();
  const made = await bd(path, 'create', 'Siren', '--deps', 'garage-horn,discovered-from:garage-map,blocks:garage-run', '--silent');
  assert.equal((await show(path, made)).dependencies?.map((edge) => [edge.id, edge.dependency_type]), [['garage-horn', 'blocks'], ['garage-map', 'discovered-from']]);
  assert.ok((await show(path, 'garage-run')).dependencies?.some((edge) => edge.id === made));
});

creating('files many beads in one transaction, or none', async () => {
  const path = await soloTown();
  const file = join(path, 'chores.jsonl');
  writeFileSync(file, '{"id":"paint","title":"Paint","deps":["oil"]}\n{"id":"oil","title":"Oil","priority":0}\n');
  const before = await git(path, ['rev-list', '--count', 'refs/beads/main']);
  const made = await bdJson(path, 'create', '-f', file);
  assert.equal(made.map(({ title }) => title), ['Paint', 'Oil']);
  assert.equal((await show(path, made[0]?.id ?? '')).dependencies?.map(({ id }) => id), [made[1]?.id]);
  assert.is(Number(await git(path, ['rev-list', '--count', 'refs/beads/main'])), Number(before) + 1);
  writeFileSync(file, '{"title":"Fine"}\n{"title":""}\n');
  assert.is((await attempt(path, ['create', '-f', file])).code, 1);
  writeFileSync(file, '{"title":"Fine"}\n{"titel":"Typo"}\n');
  const unread = await attempt(path, ['create', '-f', file]);
  assert.is(unread.code, 1);
  assert.match(unread.stderr, /chores\.jsonl, line 2: it has no title/);
  assert.is(Number(await git(path, ['rev-list', '--count', 'refs/beads/main'])), Number(before) + 1);
});

creating('decides without writing for --dry-run, and prints the id alone for --silent and q', async () => {
  const path = await soloTown();
  assert.match(await bd(path, 'create', 'Weld', '--dry-run'), /^would create shop-[0-9a-z]{5}: Weld$/);
  assert.equal(await bdJson(path, 'list'), []);
  assert.match(await bd(path, 'create', 'Weld', '--silent'), /^shop-[0-9a-z]{5}$/);
  assert.match(await bd(path, 'q', 'Weld', 'the', 'pod'), /^shop-[0-9a-z]{5}$/);
  assert.equal((await bdJson(path, 'list', '--sort', 'title')).map(({ title }) => title), ['Weld', 'Weld the pod']);
});

creating('keeps ephemeral beads in this clone', async () => {
  const path = await soloTown();
  const before = await git(path, ['rev-parse', 'refs/beads/main']);
  const wisp = await bd(path, 'create', 'A ping', '--ephemeral', '--silent');
  assert.match(wisp, /^shop-wisp-[0-9a-z]{5}$/);
  assert.is(await git(path, ['rev-parse', 'refs/beads/main']), before);
  assert.is((await show(path, wisp))['ephemeral'], true);
  assert.equal(await bdJson(path, 'list'), []);
  assert.equal((await bdJson(path, 'list', '--ephemeral')).map(({ id }) => id), [wisp]);
  await bd(path, 'close', wisp);
  assert.is((await show(path, wisp)).status, 'closed');
});

creating('refuses in words', async () => {
  const path = await garageTown();
  const cases: [string[], number, RegExp][] = [
    [['create'], 2, /a bead needs a title/],
    [['create', ''], 1, /a bead needs a title/],
    [['create', 'a\nb'], 1, /a title is one line/],
    [['create', '🔥'.repeat(25_000)], 1, /at most 500 characters/],
    [['create', 'x', '-p', '7'], 2, /0 \(most urgent\) to 4/],
    [['create', 'x', '-t', 'bgu'], 1, /try: --type bug/],
    [['create', 'x', '--id', 'garage-horn'], 1, /taken already/],
    [['create', 'x', '--id', 'nowhere-1'], 1, /belongs to no ledger/],
    [['create', 'x', '--id', 'shop-../../x'], 2, /is not a bead id/],
    [['create', 'x', '--deps', 'garage-ghost'], 1, /there is no bead "garage-ghost"/],
    [['create', 'x', '--parent', 'garage-g'], 1, /there is no bead/],
    [['create', 'x', '--metadata', '[1]'], 2, /not a JSON object/],
    [['create', 'x', '--metadata', '@missing.json'], 2, /there is no such file/],
    [['create', 'x', '--due', 'someday'], 2, /is not a time/],
    [['create', 'x', '--rig', 'nowhere'], 1, /there is no rig "nowhere"/],
  ];
  for (const [args, code, says] of cases) {
    const ran = await attempt(path, args);
    assert.is(ran.code, code, `${args.slice(0, 4).join(' ').slice(0, 80)}: ${ran.stderr}`);
    assert.match(ran.stderr, says);
  }
  const nul = await attempt(path, ['create', 'x', '--stdin'], { input: 'a\0b' });
  assert.is(nul.code, 2);
  assert.match(nul.stderr, /holds a NUL/);
});

creating.run();

const finding = suite('an id');

finding('may be typed without its prefix, or as far as it is the only one', async () => {
  const path = await garageTown();
  const id = await bd(path, 'create', 'Weld', '--silent');
  for (const text of [id, id.slice('shop-'.length), id.slice(0, -1), id.slice('shop-'.length, -1), 'garage-hor', 'hor']) {
    assert.is((await show(path, text)).id, text.includes('hor') ? 'garage-horn' : id, text);
  }
  const ambiguous = await attempt(path, ['show', 'garage-t']);
  assert.is(ambiguous.code, 1);
  assert.match(ambiguous.stderr, /garage-t may be garage-tank, garage-toll/);
  assert.match((await attempt(path, ['show', 'garage-hron'])).stderr, /there is no bead "garage-hron"\n {2}try: gt show garage-horn/);
  assert.match(await bd(path, 'update', 'hor', '-p', '1'), /updated garage-horn/);
});

finding('means a bead rather than its children', async () => {
  const path = await garageTown();
  await bd(path, 'create', 'Part', '--parent', 'garage-haul');
  assert.is((await show(path, 'garage-ha')).id, 'garage-haul');
  assert.is((await show(path, 'garage-haul.')).id, 'garage-haul.1');
});

finding.run();

const listing = suite('lists');

listing('show what was asked for, and say so when that is nothing', async () => {
  const path = await garageTown();
  const ids = async (...args: string[]): Promise<string[]> => (await bdJson(path, ...args)).map(({ id }) => id.slice('garage-'.length));
  assert.equal(await ids('ready'), ['toll', 'haul', 'hoses', 'horn']);
  assert.equal(await ids('list', '-s', 'closed', '--sort', 'closed'), ['scout', 'map']);
  assert.equal(await ids('list', '-p', '0,P4', '--sort', 'id', '--reverse'), ['horn', 'frame', 'brakes']);
  assert.equal(await ids('list', '--parent', 'garage-haul', '--label', 'welding'), ['frame', 'spikes']);
  assert.equal(await ids('list', '--ready', '--type', 'epic'), ['haul']);
  assert.equal(await ids('list', '--all', '--limit', '0', '--assignee', 'nux'), ['frame']);
  assert.equal(await ids('search', 'HORN'), ['horn']);
  assert.equal(await ids('search', 'canyon'), ['tank']);
  assert.equal(await ids('search', 'canyon', '--status', 'all'), ['scout', 'tank']);
  assert.equal(await ids('search', 'garage-ma', '--status', 'closed'), ['map']);
  assert.match(await bd(path, 'list', '--title-contains', 'valhalla'), /^no bead is like that/);
  assert.match(await bd(path, 'list', '-n', '2'), /\(more: 8 of 10 are not shown; --limit 0 shows all\)$/);
  const blocked = await bdJson<(Bead & { blocked_by: string[] })[]>(path, 'blocked');
  assert.equal(blocked.map(({ id, blocked_by: by }) => [id.slice(7), by.length]), [['brakes', 1], ['run', 4], ['tank', 1], ['spikes', 1]]);
});

listing('count', async () => {
  const path = await garageTown();
  assert.equal(await bdJson(path, 'count'), { schema_version: 1, count: 12 });
  const { groups } = await bdJson<{ groups: { group: string; count: number }[] }>(path, 'count', '--by-status');
  assert.equal(groups, [{ group: 'open', count: 8 }, { group: 'closed', count: 2 }, { group: 'deferred', count: 1 }, { group: 'in_progress', count: 1 }]);
  const { summary } = await bdJson<{ summary: Record<string, number> }>(path, 'stats');
  assert.equal([summary['total_issues'], summary['ready_issues'], summary['blocked_issues'], summary['closed_issues']], [12, 4, 4, 2]);
});

listing('let nothing of a title reach the terminal raw', async () => {
  const path = await soloTown();
  await bd(path, 'create', '\u001b[31mred\u0007 \u202etxt');
  const shown = await bd(path, 'list');
  assert.match(shown, /\\u001b\[31mred\\u0007 \\u202etxt/);
  assert.not.match(shown, /[\u001b\u0007\u202e]/);
});

listing.run();

const changing = suite('verbs');

changing('update several things at once, and several beads', async () => {
  const path = await garageTown();
  const [horn, tank] = await bdJson(path, 'update', 'garage-horn', 'garage-tank', '-p', 'P1', '--add-label', 'loud', '--set-metadata', 'pitch="low"', '--set-metadata', 'turns=3', '--append-notes', 'first', '--assignee', 'slit');
  assert.equal([horn?.priority, horn?.labels, horn?.metadata, horn?.['notes'], horn?.assignee], [1, ['loud'], { pitch: 'low', turns: 3 }, 'first', 'slit']);
  assert.equal(tank?.labels, ['loud', 'welding']);
  await bd(path, 'note', 'garage-horn', 'second', 'line');
  const after = (await bdJson(path, 'update', 'garage-horn', '--unset-metadata', 'pitch', '--set-labels', 'a,b', '--assignee', '', '--parent', 'garage-run', '--title=--force'))[0];
  assert.equal([after?.title, after?.metadata, after?.labels, after?.assignee, after?.['notes']], ['--force', { turns: 3 }, ['a', 'b'], undefined, 'first\nsecond line']);
});

changing('that change nothing write nothing', async () => {
  const path = await garageTown();
  const before = await git(path, ['rev-parse', 'refs/beads/main']);
  await bd(path, 'update', 'garage-horn', '-p', '4', '--status', 'open');
  await bd(path, 'label', 'add', 'garage-tank', 'welding');
  await bd(path, 'dep', 'add', 'garage-tank', 'garage-frame');
  await bd(path, 'dep', 'remove', 'garage-tank', 'garage-horn');
  await bd(path, 'close', 'garage-map');
  await bd(path, 'reopen', 'garage-horn');
  await bd(path, 'claim', 'garage-frame', '--actor', 'nux');
  assert.is(await git(path, ['rev-parse', 'refs/beads/main']), before);
});

changing('do what they can of several beads, and tell the rest', async () => {
  const path = await garageTown();
  const some = await attempt(path, ['close', 'garage-horn', 'garage-run', 'garage-ghost', '--reason', 'enough']);
  assert.is(some.code, 0);
  assert.match(some.stdout, /^closed garage-horn/);
  assert.match(some.stderr, /garage-run was not closed: it still waits for/);
  assert.match(some.stderr, /there is no bead "garage-ghost"/);
  const none = await attempt(path, ['close', 'garage-run', 'garage-ghost', '--json']);
  assert.is(none.code, 1);
  assert.is(none.stdout, '');
  assert.is((JSON.parse(none.stderr) as { code: string }).code, 'bead.none-done');
  assert.is((await attempt(path, ['close', 'garage-run', '--force'])).code, 0);
  assert.is((await show(path, 'garage-horn'))['close_reason'], 'enough');
});

changing('claim what is ready', async () => {
  const path = await garageTown();
  assert.match(await bd(path, 'claim', 'garage-horn', '--actor', 'nux'), /^claimed garage-horn/);
  assert.is((await attempt(path, ['claim', 'garage-horn', '--actor', 'slit'])).code, 1);
  const [first] = await bdJson(path, 'ready', '--claim', '--actor', 'slit');
  assert.equal([first?.id, first?.assignee], ['garage-toll', 'slit']);
  const left = (await bdJson(path, 'ready')).map(({ id }) => String(id));
  for (const id of left.slice(0, -1)) await bd(path, 'assign', id, 'ace');
  const [last] = await bdJson(path, 'ready', '--claim', '--limit', '1', '--actor', 'slit');
  assert.equal([last?.id, last?.assignee], [left.at(-1), 'slit']);
  for (const { id } of await bdJson(path, 'ready')) await bd(path, 'assign', String(id), 'ace');
  assert.ok((await bdJson(path, 'ready')).length > 0);
  assert.equal(await bdJson(path, 'ready', '--claim', '--actor', 'slit'), []);
  assert.match(await bd(path, 'ready', '--claim', '--actor', 'slit'), /^nothing was claimed: others have what is ready/);
});

changing('delete only when told to, and with what depends on it', async () => {
  const path = await garageTown();
  const preview = await bdJson<{ deleted: string[]; referring: string[]; dry_run: boolean }>(path, 'delete', 'garage-hoses');
  assert.equal([preview.deleted, preview.referring, preview.dry_run], [['garage-hoses'], ['garage-brakes'], true]);
  assert.is((await show(path, 'garage-hoses')).status, 'open');
  const done = await bdJson<{ deleted: string[] }>(path, 'delete', 'garage-hoses', '--cascade', '--force');
  assert.equal(done.deleted, ['garage-hoses', 'garage-brakes', 'garage-run']);
  assert.is((await attempt(path, ['show', 'garage-hoses'])).code, 1);
  assert.match(await bd(path, 'history', 'garage-hoses'), /deleted: deleted/);
});

changing('speak about a bead', async () => {
  const path = await garageTown();
  assert.is((await bdJson<{ text: string }>(path, 'comment', 'garage-horn', 'It', 'howls')).text, 'It howls');
  assert.is((await attempt(path, ['comment', 'garage-horn', '--file', '-'], { input: 'Longer.\nStill.' })).code, 0);
  assert.equal((await bdJson<{ text: string }[]>(path, 'comments', 'garage-horn')).map(({ text }) => text), ['It howls', 'Longer.\nStill.']);
});

changing('tie beads together', async () => {
  const path = await garageTown();
  assert.equal(await bdJson(path, 'dep', 'add', 'garage-horn', 'garage-tank', '--type', 'related'), { schema_version: 1, status: 'added', issue_id: 'garage-horn', depends_on_id: 'garage-tank', type: 'related' });
  assert.match((await attempt(path, ['dep', 'add', 'garage-frame', 'garage-run'])).stderr, /that would close a cycle/);
  assert.equal((await bdJson(path, 'dep', 'list', 'garage-tank', '--direction', 'up')).map(({ id }) => id).sort(), ['garage-horn', 'garage-spikes']);
  assert.match(await bd(path, 'dep', 'tree', 'garage-run'), /^garage-run .*\n {2}garage-brakes .*\n {4}garage-haul .*\(parent-child\)/);
  assert.is(await bd(path, 'dep', 'cycles'), 'no beads wait for one another');
  assert.equal(await bdJson(path, 'dep', 'cycles'), []);
  assert.equal((await bdJson<{ status: string }>(path, 'dep', 'remove', 'garage-horn', 'garage-tank')).status, 'removed');
});

changing('tell what happened, from the ledger', async () => {
  const path = await garageTown();
  await bd(path, 'update', 'garage-horn', '-p', '1', '--actor', 'nux');
  const episodes = await bdJson<{ actor: string; changes: string[] }[]>(path, 'history', 'garage-horn');
  assert.equal(episodes.map(({ actor, changes }) => [actor, ...changes]), [['Ada Lovelace', 'created as open task P4: Tune the horn'], ['nux', 'priority 4 → 1']]);
});

changing.run();

/** An export without the town's own agents, which every town has of its own. */
function withoutAgents(text: string): string {
  return text.split('\n').filter((line) => !/"id":"(shop|hq)-[^"]*","issue_type":"agent"/.test(line)).join('\n');
}

/** The lines of a file as an export orders them. */
function linesById(text: string): string {
  return `${text.trim().split('\n').sort((a, b) => ((JSON.parse(a) as Bead).id < (JSON.parse(b) as Bead).id ? -1 : 1)).join('\n')}\n`;
}

const exchange = suite('import and export');

exchange('take in a file once, whole, and give it out as it came', async () => {
  const path = await soloTown();
  const first = await bdJson<{ created: number; prefixes: string[] }>(path, 'import', garageFile);
  assert.equal([first.created, first.prefixes], [12, ['garage']]);
  const before = await git(path, ['rev-parse', 'refs/beads/main']);
  const again = await bdJson<{ created: number; updated: number; skipped: number }>(path, 'import', garageFile);
  assert.equal([again.created, again.updated, again.skipped], [0, 0, 12]);
  assert.is(await git(path, ['rev-parse', 'refs/beads/main']), before);
  assert.is(withoutAgents(`${await bd(path, 'export')}\n`), linesById(readFileSync(garageFile, 'utf8')));
});

exchange('go round without a difference, through another town', async () => {
  const [here, there] = [await soloTown(), await soloTown()];
  await bd(here, 'import', garageFile);
  await bd(here, 'delete', 'garage-horn', '--force');
  await bd(here, 'label', 'add', 'garage-tank', 'ümlaut 🔥');
  await bd(here, 'export', '-o', 'out.jsonl');
  await bd(there, 'import', join(here, 'out.jsonl'));
  assert.is(withoutAgents(`${await bd(there, 'export')}\n`), withoutAgents(readFileSync(join(here, 'out.jsonl'), 'utf8')));
});

exchange('replace what is older, and leave what is newer', async () => {
  const path = await garageTown();
  const line = (fields: object): string => JSON.stringify({ ...(JSON.parse(readFileSync(garageFile, 'utf8').split('\n').find((each) => each.includes('garage-horn"')) ?? '') as object), ...fields });
  const take = async (fields: object): Promise<Bead> => {
    assert.is((await attempt(path, ['import', '-'], { input: line(fields) })).code, 0);
    return show(path, 'garage-horn');
  };
  assert.is((await take({ title: 'Older', updated_at: '2026-04-01T00:00:00Z' })).title, 'Tune the horn');
  const newer = await take({ title: 'Newer', updated_at: '2027-01-01T00:00:00Z', chrome: { shine: 1 } });
  assert.equal([newer.title, newer['chrome']], ['Newer', { shine: 1 }]);
  assert.is((await take({ status: 'tombstone', updated_at: '2028-01-01T00:00:00Z' }).catch(() => undefined))?.title, undefined);
});

exchange('name the line that cannot be read, and then take nothing in', async () => {
  const path = await soloTown();
  const before = await git(path, ['rev-parse', 'refs/beads/main']);
  const good = readFileSync(garageFile, 'utf8').split('\n')[0];
  for (const [bad, says] of [['{"id":', ''], ['[]', 'is not a JSON object'], ['{"id":"garage-x"}', 'garage-x has no title'], ['{"title":"x"}', 'it has no id'], ['{"id":"--force","title":"x"}', 'is no id of a bead']] as const) {
    const ran = await attempt(path, ['import', '-'], { input: `${good}\n\n${bad}\n` });
    assert.is(ran.code, 1);
    assert.ok(/standard input, line 3: /.test(ran.stderr) && ran.stderr.includes(says), ran.stderr);
  }
  assert.is(await git(path, ['rev-parse', 'refs/beads/main']), before);
});

exchange.run();

const town = suite('across the ledgers of a town');

town('beads wait for one another, and are found from anywhere', async () => {
  const { town: top, rig } = await townWithRig();
  const deep = join(rig, 'crew');
  mkdirSync(deep, { recursive: true });
  const charter = await bd(top, 'create', 'Charter', '--rig', 'hq', '--silent');
  const work = await bd(top, 'create', 'Work', '--rig', 'shop', '--silent', '--deps', charter);
  assert.match(charter, /^hq-/);
  assert.match(work, /^shop-/);
  assert.equal((await bdJson(top, 'ready')).map(({ id }) => id), [charter]);
  assert.equal((await bdJson(top, 'ready', '--rig', 'shop')).map(({ id }) => id), []);
  assert.equal((await bdJson<(Bead & { blocked_by: string[] })[]>(top, 'blocked')).map(({ id, blocked_by: by }) => [id, by]), [[work, [charter]]]);
  assert.match((await attempt(top, ['claim', work])).stderr, new RegExp(`${work} still needs ${charter}`));
  assert.match((await attempt(deep, ['close', work])).stderr, /still waits for hq-/);
  assert.equal((await show(deep, work)).dependencies?.map(({ id, title }) => [id, title]), [[charter, 'Charter']]);
  assert.match((await attempt(top, ['dep', 'add', charter, work])).stderr, /that would close a cycle/);
  await bd(deep, 'close', charter);
  assert.equal((await bdJson(top, 'ready')).map(({ id }) => id), [work]);
  assert.match(await bd(top, 'claim', work), /^claimed/);
});

town('a file that belongs to another ledger is refused', async () => {
  const { town: top, rig } = await townWithRig();
  const elsewhere = await attempt(top, ['import', '-', '--rig', 'hq'], { input: '{"id":"shop-x","title":"X","created_at":"2026-01-01T00:00:00Z"}' });
  assert.is(elsewhere.code, 1);
  assert.match(elsewhere.stderr, /line 1: shop-x belongs to another ledger: gt import --rig shop/);
  assert.ok(existsSync(rig));
});

town.run();

const faces = suite('the same command');

for (const { name, argv, bd: program, folder } of programs) {
  faces(`is bd, gt bead, gt and git bead (${name})`, async () => {
    const path = await soloTown();
    mkdirSync(join(path, 'src'));
    const env = { PATH: `${folder}:${process.env.PATH ?? ''}` };
    const made = await run([...program, 'create', 'Weld', '--silent'], { cwd: path });
    const id = made.stdout.trim();
    const outputs = await Promise.all([[...program, 'show', id], [...argv, 'bead', 'show', id], [...argv, 'show', id], ['git', 'bead', 'show', id]].map((words) => run(words, { cwd: join(path, 'src'), env })));
    for (const { stdout, stderr, code } of outputs) assert.equal([stdout, stderr, code], [outputs[0]?.stdout, '', 0]);
    writeFileSync(join(path, 'src/body.md'), 'From below.\n');
    const aliased = await run(['git', 'bead', 'update', id, '--body-file', 'body.md', '--json'], { cwd: join(path, 'src'), env });
    assert.is((JSON.parse(aliased.stdout) as Bead[])[0]?.['description'], 'From below.\n', aliased.stderr);
  });

  faces(`takes hostile titles as text or refuses them in words (${name})`, async () => {
    const path = await soloTown();
    const titles = ['$(touch pwned)', '`touch pwned`', '../../x', ';touch pwned', '-', '%s%n', '"\'\\', 'ﷺ🔥'];
    for (const title of titles) {
      const id = (await run([...program, 'create', '--silent', '--', title], { cwd: path })).stdout.trim();
      const [shown] = JSON.parse((await run([...program, 'show', id, '--json'], { cwd: path })).stdout) as Bead[];
      assert.is(shown?.title, title);
    }
    const dashed = (await run([...program, 'create', '--silent', '--', '--force'], { cwd: path })).stdout.trim();
    assert.is((JSON.parse((await run([...program, 'show', dashed, '--json'], { cwd: path })).stdout) as Bead[])[0]?.title, '--force');
    assert.is((await run([...program, 'create', '🔥'.repeat(25_000)], { cwd: path })).code, 1);
    assert.equal(readdirSync(path).sort(), ['.git', 'README.md']);
    assert.match((await run([...program, 'list'], { cwd: path })).stdout, /\$\(touch pwned\)/);
  });
}

faces('says what to do where there is no town', async () => {
  for (const place of [temporary(), await project()]) {
    const ran = await attempt(place, ['list']);
    assert.is(ran.code, 4);
    assert.match(ran.stderr, /try: gt init/);
  }
});

faces.run();
