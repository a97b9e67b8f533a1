import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { garageFile } from '../helpers/garage.ts';
import { programs } from '../helpers/programs.ts';
import { output, ownEnvironment, repository, temporary, type Ran } from '../helpers/temporary.ts';

type Json = Readonly<Record<string, unknown>>;

const native = programs[0]!;

/** The programs that scripts call: every command about beads is in both. */
const called = { bd: native.bd, gt: native.argv } as const;

interface Place {
  readonly path: string;
  run(words: readonly string[], env?: Readonly<Record<string, string>>): Ran;
  /** What a command that must succeed printed, without the last newline. */
  say(...words: string[]): string;
  json<T = Json[]>(...words: string[]): T;
}

function placeAt(path: string, argv: readonly string[]): Place {
  const run = (words: readonly string[], env: Readonly<Record<string, string>> = {}): Ran => {
    const { status, signal, stdout, stderr } = spawnSync(argv[0]!, [...argv.slice(1), ...words], { cwd: path, env: { ...ownEnvironment(), ...env }, encoding: 'utf8', timeout: 60_000 });
    return { code: status, signal, stdout, stderr };
  };
  const say = (...words: string[]): string => {
    const ran = run(words);
    assert.is(ran.code, 0, `${words.join(' ')}: ${ran.stdout}${ran.stderr}`);
    return ran.stdout.replace(/\n$/, '');
  };
  return { path, run, say, json: <T>(...words: string[]): T => JSON.parse(say(...words, '--json')) as T };
}

/** A repository that was made a ledger as scripts do it. */
async function begun(argv: readonly string[]): Promise<Place> {
  const place = placeAt(await repository({ path: join(temporary(), 'shop') }), called.bd);
  assert.is(place.say('init', '--prefix', 'app-', '--quiet'), '');
  return placeAt(place.path, argv);
}

async function garageAt(argv: readonly string[]): Promise<Place> {
  const place = await begun(argv);
  place.say('import', garageFile);
  return place;
}

const keysOf = (value: unknown): string[] => Object.keys(value as Json).sort();
const idsOf = (beads: readonly Json[]): string[] => beads.map(({ id }) => String(id).replace('garage-', ''));

for (const [name, argv] of Object.entries(called)) {
  const surface = suite(`what scripts get from ${name}`);

  surface('a ledger in any repository, ids alone, and lists as bare arrays', async () => {
    const place = await begun(argv);
    assert.match(place.say('create', 'Weld the pod', '--silent'), /^app-[0-9a-z]{5}$/);
    assert.match(place.say('q', 'Paint', 'the', 'gate'), /^app-[0-9a-z]{5}$/);
    const [bead] = place.json('list', '--sort', 'title', '--reverse');
    assert.equal(keysOf(bead), ['comment_count', 'created_at', 'created_by', 'dependency_count', 'dependent_count', 'id', 'issue_type', 'priority', 'status', 'title', 'updated_at']);
    assert.is(place.json<Json>('create', 'One more')['schema_version'], 1);
  });

  surface('everything in an envelope where that is asked for', async () => {
    const place = await begun(argv);
    const wrapped = (...words: string[]): Json => JSON.parse(place.run([...words, '--json'], { BD_JSON_ENVELOPE: '1' }).stdout) as Json;
    assert.equal(wrapped('list'), { schema_version: 1, data: [] });
    assert.equal(keysOf(wrapped('create', 'Weld')), ['data', 'schema_version']);
    assert.equal(keysOf(wrapped('statuses')['data']), ['built_in_statuses', 'custom_statuses']);
    assert.equal(wrapped('query', '--saved'), { schema_version: 1, data: [] });
  });

  surface('each of several beads by itself, 0 when any was done, and every failure told', async () => {
    const place = await garageAt(argv);
    for (const words of [['show'], ['update', '-p', '1'], ['defer', '--until', '+3d'], ['undefer'], ['close', '--reason', 'enough'], ['reopen']]) {
      const some = place.run([words[0]!, 'garage-horn', 'garage-ghost', 'hoses', ...words.slice(1), '--json']);
      assert.equal([some.code, idsOf(JSON.parse(some.stdout) as Json[])], [0, ['horn', 'hoses']], words[0]);
      assert.match(some.stderr, /^gt: garage-ghost: there is no bead "garage-ghost"$/m);
      const none = place.run([words[0]!, 'garage-ghost', 'garage-spook', ...words.slice(1), '--json']);
      assert.equal([none.code, none.stdout, (JSON.parse(none.stderr) as Json)['code']], [1, '', 'bead.none-done'], words[0]);
    }
  });

  surface('1 and a name for what a rule refuses', async () => {
    const place = await garageAt(argv);
    const refused: [string[], string, RegExp][] = [
      [['show', 'garage-hron'], 'bead.unknown', /garage-hron/], [['update', 'garage-ghost', '-p', '1'], 'bead.unknown', /garage-ghost/], [['create', ' '], 'field.bad', /needs a title/], [['update', 'horn', '--title', ''], 'field.bad', /needs a title/],
      [['label', 'add', 'horn', ''], 'field.bad', /label/], [['tag', 'horn', ' '], 'field.bad', /label/], [['update', 'horn', '--add-label', ''], 'field.bad', /label/], [['update', 'horn', '--status', 'clsoed'], 'status.unknown', /"clsoed"/],
      [['list', '--status', 'bogus'], 'status.unknown', /"bogus"/], [['count', '--status', 'opne'], 'status.unknown', /"opne"/], [['query', 'status = bogus'], 'status.unknown', /"bogus"/], [['query', '@mine'], 'query.unknown', /"mine"/],
      [['close', 'garage-run'], 'bead.close-refused', /garage-run/], [['duplicate', 'horn', '--of', 'ghost'], 'bead.unknown', /ghost/], [['supersede', 'horn', '--with', 'horn'], 'dependency.bad', /itself/], [['link', 'frame', 'run'], 'dependency.bad', /cycle/],
    ];
    for (const [words, code, says] of refused) {
      const ran = place.run([...words, '--json']);
      const error = JSON.parse(ran.stderr) as Json;
      assert.equal([ran.code, error['code']], [1, code], words.join(' '));
      assert.match(String(error['error']), says);
    }
    assert.match(place.run(['list', '--status', 'clsoed']).stderr, /try: --status closed/);
    assert.match(place.run(['query', 'status = clsoed']).stderr, /try: status = closed/);
    assert.match(place.run(['priority', 'horn', '9']).stderr, /try: gt priority horn 2/);
    assert.match(place.run(['list', '--exclude-lable', 'x']).stderr, /try: .* --exclude-label/);
  });

  surface('what they ask for, by every filter', async () => {
    const place = await garageAt(argv);
    place.say('update', 'horn', '--metadata', '{"team":"web","points":5}', '--spec-id', 'road/7', '--due', '2026-01-01', '--notes', 'Brass', '--add-label', 'area:road', '--defer', '2030-01-01');
    place.say('update', 'water', '--set-labels', '');
    const asked: [string[], string[]][] = [
      [['list', '--exclude-label', 'welding', '--exclude-type', 'epic,chore', '--priority-max', '1', '--priority-min', 'P1'], ['run', 'toll']], [['list', '--label-pattern', 'area:*'], ['horn']], [['list', '--label-regex', '^(rig|trade)$', '--no-parent', '--sort', 'id'], ['haul', 'hoses', 'run', 'toll']],
      [['list', '--no-labels', '--type', 'task,bug', '--reverse'], ['water']], [['list', '--desc-contains', 'CANYON'], ['tank']], [['list', '--notes-contains', 'brass'], ['horn']], [['list', '--overdue'], ['horn']], [['list', '--deferred', '--sort', 'id'], ['horn', 'water']],
      [['list', '--defer-after', '2050-01-01'], ['water']], [['list', '--due-before', '+1d'], ['horn']], [['list', '--metadata-field', 'team=web', '--metadata-field', 'points=5'], ['horn']], [['list', '--has-metadata-key', 'team'], ['horn']], [['list', '--spec', 'road/'], ['horn']],
      [['search', 'the', '--priority', '0', '--no-assignee'], ['brakes']], [['ready', '--exclude-type', 'epic', '--label-any', 'trade', '--sort', 'oldest'], ['hoses', 'toll']], [['ready', '--parent', 'haul'], []], [['blocked', '--priority-max', '0'], ['brakes']],
      [['stale', '--days', '1', '--limit', '2'], ['tank', 'frame']], [['children', 'haul'], ['brakes', 'frame', 'spikes', 'water']],
      [['query', 'priority <= 1 AND NOT type = epic AND (assignee = nux OR label = welding)'], ['frame', 'tank']], [['query', '-a', 'closed > 2026-04-08 and metadata.team != web'], ['scout']], [['query', 'due < now'], ['horn']],
    ];
    for (const [words, ids] of asked) assert.equal(idsOf(place.json(...words)), ids, words.join(' '));
    assert.is(place.json<Json>('count', '--no-labels')['count'], 1);
  });

  surface('questions kept under a name', async () => {
    const place = await garageAt(argv);
    assert.equal(place.json('query', '--save', 'urgent', 'Priority<1 or label=rig'), { schema_version: 1, status: 'kept', name: 'urgent', query: 'priority < 1 OR label = rig' });
    assert.equal(idsOf(place.json('query', '@urgent', '--sort', 'id')), ['brakes', 'frame', 'haul', 'run']);
    assert.equal(place.json('query', '--saved'), [{ name: 'urgent', query: 'priority < 1 OR label = rig' }]);
    assert.match(place.run(['query', '@urgnet']).stderr, /try: gt query @urgent/);
    place.say('query', '--forget', 'urgent');
    assert.equal(place.json('query', '--saved'), []);
    const bad = place.run(['query', 'statsu = open']);
    assert.equal([bad.code, bad.stderr], [2, 'gt: the query cannot be understood at character 1: there is no field "statsu"\n  try: gt query "status = open"\n']);
  });

  surface('why work is ready or waits', async () => {
    const place = await garageAt(argv);
    const explained = place.json<Record<'ready' | 'blocked', Json[]> & { cycles: unknown; summary: unknown }>('ready', '--explain');
    assert.equal([idsOf(explained.ready), idsOf(explained.blocked), explained.cycles, explained.summary], [['toll', 'haul', 'hoses', 'horn'], ['brakes', 'run', 'tank', 'spikes'], [], { total_ready: 4, total_blocked: 4, cycle_count: 0 }]);
    assert.equal([explained.ready[0]!['resolved_blockers'], explained.blocked[2]!['blocked_by'], explained.blocked[2]!['blocked_by_count']], [['garage-scout'], [{ id: 'garage-frame', title: 'Straighten the frame', status: 'in_progress', priority: 0 }], 1]);
    const [blocked] = place.json('blocked');
    assert.equal([blocked!['blocked_by'], blocked!['blocked_by_count']], [['garage-hoses'], 1]);
    const book = place.say('create', 'The pit is closed', '--type', 'message', '--deps', 'garage-frame', '--silent');
    assert.equal([place.json('blocked').length, place.json('blocked', '--type', 'message').map(({ id }) => id)], [4, [book]], 'what the town keeps books with is listed when it is asked for');
  });

  surface('what a bead is made from besides its title', async () => {
    const place = await begun(argv);
    const design = join(place.path, 'design.md');
    writeFileSync(design, 'Weld it');
    const road = place.say('create', 'Take the road', '--silent');
    const made = place.json<Json>('create', 'Weld', '--design-file', design, '--mol-type', 'work', '--waits-for', road);
    assert.equal([made['design'], made['mol_type'], (made['dependencies'] as Json[]).map((edge) => [edge['depends_on_id'], edge['type']])], ['Weld it', 'work', [[road, 'waits-for']]]);
    assert.is(place.json<Json>('create', 'Ping', '--ephemeral', '--wisp-type', 'ping')['wisp_type'], 'ping');
    const refused = place.run(['create', 'Weld', '--type', 'bug', '--validate']);
    assert.is(refused.code, 1);
    assert.match(refused.stderr, /a bug should say: ## Steps to Reproduce/);
    const [, advised = ''] = place.run(['create', "Weld Max's $frame", '--type', 'bug', '--validate']).stderr.split('try: ');
    const obeyed = spawnSync('sh', ['-c', `${advised.trim()} --json --dry-run`], { cwd: place.path, env: { ...ownEnvironment(), PATH: `${dirname(called.bd[0]!)}:${process.env['PATH']}` }, encoding: 'utf8' });
    const { title, description } = JSON.parse(obeyed.stdout) as Json;
    assert.equal([title, description], ["Weld Max's $frame", '## Steps to Reproduce\n…\n## Acceptance Criteria\n…\n']);
    writeFileSync(join(place.path, 'chores.jsonl'), '{"title":"Oil","acceptance_criteria":"Silent"}\n{"title":"Weld"}\n');
    writeFileSync(join(place.path, 'plan.json'), '{"nodes":[{"key":"weld","title":"Weld"}]}');
    for (const words of [['--file', 'chores.jsonl'], ['--graph', 'plan.json']]) {
      const unheld = place.run(['create', ...words, '--validate']);
      assert.equal([unheld.code, unheld.stderr.split('\n', 1)], [1, ['gt: the text of "Weld" lacks what a task should say: ## Acceptance Criteria']]);
    }
    for (const other of [['--waits-for', road], ['--wisp-type', 'ping'], ['--mol-type', 'work']]) {
      const ran = place.run(['create', '-f', 'chores.jsonl', ...other]);
      assert.equal([ran.code, ran.stderr], [2, `gt: ${other[0]} does not go with --file, which says everything about each of its beads\n  try: gt create --file <path>\n`]);
    }
    assert.match(place.run(['create', '-f', 'chores.jsonl', '--graph', 'plan.json']).stderr, /--graph does not go with --file/);
    assert.is(place.json('list').length, 2);
  });

  surface('what can be started once something is closed, and the next thing to do with it', async () => {
    const place = await begun(argv);
    const [rig, pod, road, last] = ['Mend the rig', 'Weld the pod', 'Take the road', 'Rest'].map((title) => place.say('create', title, '--silent'));
    place.say('dep', 'add', pod!, rig!);
    place.say('dep', 'add', road!, rig!);
    place.say('dep', 'add', road!, last!);
    place.say('update', pod!, '-p', '0');
    const done = place.json<{ closed: Json[]; unblocked: Json[]; claimed: Json }>('close', rig!, '--suggest-next', '--claim-next');
    assert.equal([done.closed[0]?.['id'], done.unblocked.map(({ id }) => id), done.claimed['id'], done.claimed['status']], [rig, [pod], pod, 'in_progress']);
    assert.match(place.say('close', pod!, last!, '--suggest-next'), new RegExp(`closed ${last}: Rest\\ncan be started now: ${road}: Take the road$`));
    assert.match(place.say('close', road!, '--claim-next', '--suggest-next'), /nothing else can be started because of that\nnothing was claimed/);
    assert.ok(Array.isArray(place.json('close', road!)));
  });

  surface('epics, and those closed that are done', async () => {
    const place = await garageAt(argv);
    const [progress] = place.json('epic', 'status');
    assert.equal([keysOf(progress), progress!['total_children'], progress!['closed_children']], [['closed_children', 'eligible_for_close', 'epic', 'total_children'], 4, 0]);
    place.say('close', '--force', 'frame', 'brakes', 'spikes', 'water');
    assert.equal(place.json<Json[]>('epic', 'close-eligible', '--dry-run').map((each) => (each['epic'] as Json)['id']), ['garage-haul']);
    assert.equal(place.json('epic', 'close-eligible'), { schema_version: 1, closed: ['garage-haul'], count: 1 });
    assert.equal(place.json('epic', 'status', '--eligible-only'), []);
  });

  surface('beads that say the same, and one for all of them', async () => {
    const place = await begun(argv);
    const [first, second] = [place.say('q', 'Oil the hinges'), place.say('q', 'Oil the hinges')];
    const waits = place.say('create', 'Open the gate', '--deps', second, '--silent');
    const found = place.json<{ duplicate_groups: number; groups: Json[] }>('duplicates');
    assert.equal([found.duplicate_groups, keysOf(found.groups[0]), found.groups[0]!['suggested_target'], found.groups[0]!['suggested_sources']], [1, ['issues', 'suggested_sources', 'suggested_target', 'title'], second, [first]]);
    assert.equal(place.json<Json>('duplicates', '--merge')['merged'], [first]);
    assert.is(place.json<Json>('duplicates')['duplicate_groups'], 0);
    const better = place.say('q', 'Replace the hinges');
    assert.equal(place.json('supersede', second, '--with', better), { schema_version: 1, superseded: second, replacement: better, status: 'closed' });
    assert.equal(place.json('blocked').map(({ id, blocked_by: by }) => [id, by]), [[waits, [better]]]);
    assert.equal(place.json('duplicate', waits, '--of', better), { schema_version: 1, duplicate: waits, canonical: better, status: 'closed' });
  });

  surface('what is put off, given to somebody, and tied together', async () => {
    const place = await garageAt(argv);
    assert.equal(place.json('defer', 'horn').map(({ status }) => status), ['deferred']);
    assert.equal(place.json('undefer', 'horn').map(({ status }) => status), ['open']);
    place.say('defer', 'horn', '--until', 'tomorrow');
    assert.not.ok(idsOf(place.json('ready')).includes('horn'));
    place.say('undefer', 'horn');
    assert.is(place.json('assign', 'horn', 'slit')[0]!['assignee'], 'slit');
    assert.is(place.json('assign', 'horn', '')[0]!['assignee'], undefined);
    assert.is(place.json('priority', 'horn', 'P0')[0]!['priority'], 0);
    assert.equal(place.json('tag', 'horn', 'loud', 'brass')[0]!['labels'], ['brass', 'loud']);
    assert.equal(place.json('link', 'horn', 'tank', '--type', 'related'), { schema_version: 1, status: 'added', issue_id: 'garage-horn', depends_on_id: 'garage-tank', type: 'related' });
  });

  surface('what is missing in beads, what waits for what, and what commits name', async () => {
    const place = await garageAt(argv);
    const lint = place.run(['lint', 'brakes', 'hoses', '--json']);
    assert.equal([lint.code, JSON.parse(lint.stdout)], [1, { schema_version: 1, total: 2, issues: 1, results: [{ id: 'garage-brakes', title: 'Replace the brake lines', type: 'bug', missing: ['## Steps to Reproduce', '## Acceptance Criteria'], warnings: 2 }] }]);
    assert.is(place.run(['lint', 'hoses']).code, 0);
    const graph = place.json<{ layers: string[][]; issues: Json[] }>('graph', 'toll');
    assert.equal([graph.issues.length, graph.layers.length], [9, 4]);
    assert.equal(idsOf(place.json<{ issues: Json[] }>('graph', '--all').issues).sort(), idsOf(place.json('list', '--limit', '0')).sort(), 'the town keeps books with others');
    assert.match(place.say('graph', '--dot'), /^digraph beads \{\n[^]*"garage-frame" -> "garage-tank";[^]*\}$/);
    writeFileSync(join(place.path, 'horn.txt'), 'tuned\n');
    await output(['git', 'add', '.'], { cwd: place.path });
    await output(['git', 'commit', '-qm', 'Tune (garage-horn), see garage-map; not garage-hornet'], { cwd: place.path });
    assert.equal(place.json('orphans').map(({ latest_commit: _commit, ...rest }) => rest), [{ issue_id: 'garage-horn', title: 'Tune the horn', status: 'open', latest_commit_message: 'Tune (garage-horn), see garage-map; not garage-hornet' }]);
  });

  surface('many changes in one commit, or none', async () => {
    const place = await garageAt(argv);
    const commits = async (): Promise<number> => Number(await output(['git', 'rev-list', '--count', 'refs/beads/main'], { cwd: place.path }));
    const before = await commits();
    const batch = (text: string, ...words: string[]): Ran => {
      writeFileSync(join(place.path, 'batch.txt'), text);
      return place.run(['batch', '-f', 'batch.txt', ...words, '--json']);
    };
    const text = 'create bug P1 "Mend the siren"\ndep add horn @1\nclose hoses traded\nupdate garage-tank priority=0\n';
    assert.is((JSON.parse(batch(text, '--dry-run').stdout) as Json)['dry_run'], true);
    assert.is(await commits(), before);
    const { operations, created, changed } = JSON.parse(batch(text).stdout) as { operations: number; created: string[]; changed: string[] };
    assert.equal([operations, created.length, changed.length, await commits()], [4, 1, 4, before + 1]);
    assert.equal(place.json('blocked').find(({ id }) => id === 'garage-horn')!['blocked_by'], created);
    const refused = batch('close horn\nclose garage-run\n');
    assert.equal([refused.code, (JSON.parse(refused.stderr) as { data: Json }).data['line'], await commits()], [1, 1, before + 1]);
    const strange = batch('close horn\ncreate tsak 1 x\n');
    assert.equal([strange.code, (JSON.parse(strange.stderr) as { data: Json }).data['line'], await commits()], [1, 2, before + 1]);
    assert.equal(batch('clsoe horn').code, 2);
  });

  surface('a whole plan in one transaction, its ids by its keys', async () => {
    const place = await garageAt(argv);
    const plan = { commit_message: 'Plan the siren', nodes: [{ key: 'wire', title: 'Wire it', parent_key: 'siren', labels: ['hot'] }, { key: 'siren', title: 'A siren', type: 'epic', priority: 0 }, { key: 'test', title: 'Try it', parent_key: 'siren', metadata: { n: 1 } }], edges: [{ from_key: 'test', to_key: 'wire' }, { from_key: 'wire', to_id: 'horn' }, { from_id: 'garage-toll', to_key: 'test', type: 'blocks' }] };
    const file = (value: unknown): void => writeFileSync(join(place.path, 'plan.json'), JSON.stringify(value));
    file(plan);
    const { ids } = place.json<{ ids: Record<string, string> }>('create', '--graph', 'plan.json');
    assert.equal([ids['wire'], ids['test']], [`${ids['siren']}.1`, `${ids['siren']}.2`]);
    assert.equal(place.json('blocked').filter(({ id }) => [ids['wire'], ids['test'], 'garage-toll'].includes(String(id))).map(({ id, blocked_by: by }) => [id, by]).sort(), [['garage-toll', [ids['test']]], [ids['wire'], ['garage-horn']], [ids['test'], [ids['wire']]]].sort());
    assert.is(await output(['git', 'log', '-1', '--format=%s', 'refs/beads/main'], { cwd: place.path }), 'Plan the siren');
    for (const [wrong, says] of [[{ nodes: [{ key: 'a' }] }, /node 1: it has no title/], [{ nodes: [{ key: 'a', title: 'x', colour: 1 }] }, /a plan knows no "colour"/], [{ nodes: [{ key: 'a', title: 'x', parent_key: 'a' }] }, /below itself/], [{ nodes: [], edges: [{ from_id: 'a', to_id: 'b' }] }, /neither of its ends/]] as const) {
      file(wrong);
      const ran = place.run(['create', '--graph', 'plan.json']);
      assert.is(ran.code, 1);
      assert.match(ran.stderr, says);
    }
  });

  surface('summaries, and none that is written for --dry-run', async () => {
    const place = await begun(argv);
    const closed = { status: 'closed', created_at: '2025-01-01T08:00:00Z', updated_at: '2025-02-01T08:00:00Z', closed_at: '2025-02-01T08:00:00Z' };
    const beads = [{ id: 'app-long', title: 'Long', description: 'Rust. '.repeat(150), ...closed }, { id: 'app-short', title: 'Short', description: 'Rust. '.repeat(40), notes: 'Salt. '.repeat(40), ...closed }];
    writeFileSync(join(place.path, 'closed.jsonl'), beads.map((bead) => `${JSON.stringify(bead)}\n`).join(''));
    place.say('import', 'closed.jsonl');
    const head = (): Promise<string> => output(['git', 'rev-parse', 'refs/beads/main'], { cwd: place.path });
    const before = await head();
    assert.is(place.say('compact', 'app-long', '--summary', 'Rust.', '--dry-run'), 'would compact app-long: 900 bytes would become 5');
    assert.is(place.say('compact', 'app-long', 'app-short', '--trim', '--dry-run'), 'would compact app-long: 900 bytes would become 303\napp-short says nothing that is worth cutting');
    assert.is(place.json('compact', 'app-long', '--summary', 'Rust.', '--dry-run')[0]?.['description'], 'Rust.');
    assert.match(place.say('compact', '--all', '--trim', '--dry-run'), /^would trim 1 bead\n/);
    const forced = place.run(['compact', '--all', '--trim', '--force']);
    assert.is(forced.code, 2);
    assert.match(forced.stderr, /--force is for beads that are named[^]*try: gt compact <bead> --trim --force/);
    assert.is(await head(), before);
    assert.match(place.say('compact', '--all', '--trim'), /^trimmed 1 bead\n/);
    assert.is(await output(['git', 'log', '-1', '--format=%s', 'refs/beads/main'], { cwd: place.path }), 'Compact 1 bead');
    assert.is(place.say('compact', '--all', '--trim'), 'nothing is worth cutting');
    assert.is(place.say('compact', 'app-long', '--trim', '--force'), 'app-long says nothing that is worth cutting');
  });

  surface('closed beads that are taken away, once that is told', async () => {
    const place = await begun(argv);
    const closed = { status: 'closed', created_at: '2025-01-01T08:00:00Z', updated_at: '2025-02-01T08:00:00Z', closed_at: '2025-02-01T08:00:00Z' };
    const waiting = { created_at: '2025-01-01T08:00:00Z', dependencies: [{ issue_id: 'app-user', depends_on_id: 'app-used', type: 'blocks' }] };
    const beads = [{ id: 'app-old', title: 'Old', ...closed }, { id: 'app-used', title: 'Used', ...closed }, { id: 'app-user', title: 'User', ...waiting }];
    writeFileSync(join(place.path, 'closed.jsonl'), beads.map((bead) => `${JSON.stringify(bead)}\n`).join(''));
    place.say('import', 'closed.jsonl');
    const wisp = place.say('create', 'Sweep', '--ephemeral', '--silent');
    place.say('close', wisp);
    place.say('close', place.say('create', 'New', '--silent'));
    const told = (purged: readonly string[], done: boolean): Json => ({ schema_version: 1, purged, purged_count: purged.length, dry_run: !done });
    const head = (): Promise<string> => output(['git', 'rev-parse', 'refs/beads/main'], { cwd: place.path });
    const whole = await head();
    for (const done of [false, true]) {
      assert.is(await head(), whole);
      assert.is(place.run(['show', 'app-old']).code, 0);
      assert.equal(place.json('prune', ...(done ? ['--force'] : [])), told(['app-old'], done));
    }
    assert.is(place.run(['show', 'app-old']).code, 1);
    assert.match(place.say('show', 'app-old', '--at', whole), /Old/);
    const pruned = await head();
    for (const done of [false, true]) {
      assert.is(place.run(['show', wisp]).code, 0);
      assert.equal(place.json('purge', ...(done ? ['--force'] : [])), told([wisp], done));
    }
    assert.is(place.run(['show', wisp]).code, 1);
    assert.is(await head(), pruned);
    assert.match(place.say('purge'), /^there is no closed ephemeral bead/);
  });

  surface('what is kept beside beads', async () => {
    const place = await begun(argv);
    const key = 'the-brake-lines-come-from-the-bullet-farm';
    assert.equal(place.json('remember', 'The brake lines come from the Bullet Farm!'), { schema_version: 1, key, value: 'The brake lines come from the Bullet Farm!', action: 'remembered' });
    assert.is(place.json<Json>('remember', '--key', key, 'No longer.')['action'], 'updated');
    assert.is(place.say('recall', key), 'No longer.');
    assert.equal(place.json('memories', 'LONGER'), { schema_version: 1, [key]: 'No longer.' });
    assert.match(place.run(['recall', `${key}s`]).stderr, /nothing is kept under .*\n {2}try: gt recall the-brake-lines/);
    assert.is(place.json<Json>('forget', key)['action'], 'forgotten');
    assert.is(place.run(['forget', key]).code, 1);
    assert.equal(place.json('kv', 'set', 'deploy.last_run', '7'), { schema_version: 1, key: 'deploy.last_run', value: '7', status: 'set' });
    place.say('kv', 'set', 'deploy', 'x');
    assert.equal(place.json('kv', 'get', 'deploy.last_run'), { schema_version: 1, key: 'deploy.last_run', value: '7', found: true });
    assert.equal(place.json('kv', 'list'), { schema_version: 1, deploy: 'x', 'deploy.last_run': '7' });
    place.say('kv', 'clear', 'deploy');
    assert.is(place.run(['kv', 'get', 'deploy']).code, 1);
  });

  surface('statuses of their own, by what the settings say of each', async () => {
    const place = await begun(argv);
    const ids = ['gate', 'horn', 'rust', 'haul'].map((title) => place.say('create', title, '--silent'));
    const [gate = '', horn = '', rust = '', haul = ''] = ids;
    place.say('config', 'set', 'status.custom', 'in_review:active,qa:wip,shelved:frozen,shipped:done');
    for (const [id, status] of [[gate, 'in_review'], [horn, 'qa'], [rust, 'shelved'], [haul, 'shipped']] as const) place.say('update', id, '--status', status);
    const titles = (...words: string[]): unknown[] => place.json(...words).map(({ title }) => title).sort();
    assert.equal(place.json<{ custom_statuses: Json[] }>('statuses').custom_statuses.map((each) => [each['name'], each['category']]), [['in_review', 'active'], ['qa', 'wip'], ['shelved', 'frozen'], ['shipped', 'done']]);
    assert.equal([titles('ready'), titles('ready', '-p', '2'), titles('list'), titles('list', '--sort', 'title'), titles('list', '--status', 'shipped,shelved'), titles('query', 'status != qa')], [['gate'], ['gate'], ['gate', 'horn'], ['gate', 'horn'], ['haul', 'rust'], ['gate', 'haul', 'rust']]);
    for (const _ of [1, 2]) assert.equal([titles('search', 'R'), titles('search', 'R', '--status', 'shelved'), titles('search', rust)], [['horn'], ['rust'], []]);
    assert.match(place.say('ready', '--claim'), new RegExp(`nothing was claimed: ${gate} is in_review, .*gt update ${gate} --status open, then gt claim ${gate}`));
    const ran = place.run(['update', gate, '--claim', '--json']);
    const refused = JSON.parse(ran.stdout || ran.stderr) as Json;
    assert.equal([refused['code'], refused['hint']], ['bead.taken', `gt update ${gate} --status open`]);
    assert.is(place.run(['create', 'paint', '--deps', gate]).code, 0);
    assert.equal([titles('blocked'), place.json('list', '--limit', '1').length, place.run(['list', '--limit', '1']).stdout.split('\n').at(-2)], [['paint'], 1, '(more: 2 of 3 are not shown; --limit 0 shows all)']);
    for (const [words, code, message] of [[['update', gate, '--status', 'shpped'], 'status.unknown', /shipped/], [['list', '--status', 'bogus'], 'status.unknown', /in_review/], [['config', 'set', 'status.custom', 'qa:chrome'], 'status.bad', /"qa:chrome"/]] as const) {
      const ran = place.run([...words, '--json']);
      const told = JSON.parse(ran.stdout || ran.stderr) as Json;
      assert.equal([ran.code, told['code']], [1, code]);
      assert.match(String(told['error']), message);
    }
    const file = join(place.path, 'all.jsonl');
    writeFileSync(file, place.say('export'));
    const other = await begun(argv);
    other.say('import', file);
    const work = (text: string): string[] => text.split('\n').filter((line) => line.includes('"issue_type":"task"'));
    assert.equal(work(other.say('export')), work(place.say('export')), 'where nobody has heard of the statuses');
    place.say('config', 'unset', 'status.custom');
    assert.equal([titles('ready'), titles('list', '--status', 'in_review'), place.json('show', haul).map(({ status }) => status)], [[], ['gate'], ['shipped']]);
    assert.is(place.run(['list', '--status', 'nothing']).code, 1);
    place.say('update', gate, '-s', 'open', '-p', '0');
    assert.equal(titles('ready'), ['gate']);
  });

  surface('what there is, and where', async () => {
    const place = await garageAt(argv);
    assert.equal(place.json<{ built_in_statuses: Json[] }>('statuses').built_in_statuses.map((each) => each['name']), ['open', 'in_progress', 'blocked', 'hooked', 'deferred', 'pinned', 'closed']);
    assert.equal([keysOf(place.json('types')), place.json<{ core_types: Json[] }>('types').core_types.length], [['core_types', 'custom_types', 'schema_version'], 9]);
    assert.equal(place.json('where'), { schema_version: 1, path: place.path, database_path: join(place.path, '.git'), ref: 'refs/beads/main', prefix: 'app', prefixes: ['app', 'hq', 'garage'] });
    assert.is(place.json<Json>('info')['issue_count'], 16);
    if (name === 'bd') assert.equal(keysOf(place.json('status')), ['schema_version', 'summary']);
    assert.is(place.json<Json>('comments', 'add', 'horn', 'It', 'howls')['text'], 'It howls');
  });

  surface.run();
}
