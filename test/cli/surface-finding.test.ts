import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { called, garageAt, idsOf, type Json } from '../helpers/scripting.ts';
import { output } from '../helpers/temporary.ts';

for (const [name, argv] of Object.entries(called)) {
  const surface = suite(`what scripts find by ${name}`);

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

  surface.run();
}
