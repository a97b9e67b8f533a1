import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { begun, called, garageAt, idsOf, keysOf, type Json } from '../helpers/scripting.ts';

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
