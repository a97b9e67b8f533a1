import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { begun, called, garageAt, idsOf, keysOf, type Json } from '../helpers/scripting.ts';
import { output, ownEnvironment, type Ran } from '../helpers/temporary.ts';

for (const [name, argv] of Object.entries(called)) {
  const surface = suite(`what scripts change by ${name}`);

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

  surface.run();
}
