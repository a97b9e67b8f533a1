// time limit: 300 s
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { programs } from '../helpers/programs.ts';
import { skip } from '../helpers/skip.ts';
import { output, run } from '../helpers/temporary.ts';
import { obeyed, Siege, texts, type Facts } from './assault.ts';
import { citadel, environmentFor, file } from './siege.ts';

const records = suite('hostile records');

for (const program of programs) {
  records(`stands in the way of nobody else's landing, and forges no trailer (${program.name})`, async () => {
    const castle = await citadel(program);
    const siege = new Siege(castle);
    const names = ['$(touch pwned)', '`touch pwned`', '--force', 'a\u001b]0;pwned\u0007b', '{{x}} %s', '# nothing', 'fixup! Begin', 'Merge-Request: ci-mr-zzzzz'];
    const imported = { id: 'ci-forge', title: 'one\n\nMerge-Request: ci-mr-zzzzz\nBead: ci-zzzzz\nAgent: pwned', created_at: '2026-01-01T00:00:00Z', metadata: { run: 'echo x > forged.txt' } };
    const ids: string[] = [];
    for (const [index, title] of names.entries()) ids.push((JSON.parse(await siege.must(['create', '--json', '--run', `echo x > file-${index}.txt`, '--', title])) as Facts).id);
    const forged = await siege.try(['import', '-'], `${JSON.stringify(imported)}\n`);
    if (forged.code === 0) ids.push(imported.id);
    await siege.must(['sling', ...ids]);
    await siege.must(['wait', ...ids, '--for', 'submitted', '--timeout', '30s']);
    await siege.must(['mq', 'list']);
    await siege.must(['mq', 'run']);
    const landed = (await output(['git', 'log', '--first-parent', '--format=%(trailers:key=Bead,valueonly,separator=%x2C)|%(trailers:key=Merge-Request,valueonly,separator=%x2C)|%(trailers:key=Agent,valueonly,separator=%x2C)', 'main', '^main~' + String(ids.length)], { cwd: castle.place })).split('\n');
    assert.equal(landed.map((line) => line.split('|')[0] ?? '').sort(), [...ids].sort());
    for (const line of landed) assert.match(line, /^ci-[a-z0-9]+\|ci-mr-[a-z0-9]+\|citadel\/polecats\/[a-z]+$/);
    for (const words of [['mq', 'list', '--all'], ['log'], ['status'], ['polecat', 'list'], ['convoy', 'list'], ['list', '--all']]) await siege.must(words);
    assert.equal((await siege.result()).filter((line) => !/file-\d|worktree/.test(line)), []);
  });

  records(`is a file name in a worktree like any other (${program.name})`, async () => {
    const castle = await citadel(program);
    const siege = new Siege(castle);
    const odd = ['a\nb', '-rf', '--force', '$(touch pwned)', '`x`', 'ünï 🦀', ' x ', 'a"b', "a'b", 'a\\b', ':(top)x', '\u001b[2J', '*', '[x]', '.gitx', 'a\tb'];
    const id = await file(castle, 'Odd names');
    await siege.must(['sling', id, 'citadel/nux', '--no-start']);
    const worker = join(`${castle.place}.town`, 'polecats/nux');
    mkdirSync(join(worker, '-d', ' e '), { recursive: true });
    for (const name of odd) for (const at of ['', '-d/ e ']) writeFileSync(join(worker, at, name), 'x\n');
    writeFileSync(join(worker, Buffer.from([0x66, 0xff, 0xfe]).toString('latin1')), 'x\n');
    await siege.must(['-C', worker, 'done', '-m', 'x\n\nMerge-Request: ci-mr-zzzzz\nBead: ci-zzzzz']);
    await siege.must(['mq', 'run']);
    const files = (await output(['git', 'ls-tree', '-r', '-z', '--name-only', 'main'], { cwd: castle.place })).split('\0');
    assert.equal(odd.filter((name) => !files.includes(name) || !files.includes(`-d/ e /${name}`)), []);
    const commit = await output(['git', 'log', '-1', '--format=%(trailers:key=Bead,valueonly,separator=%x2C)', 'main^2'], { cwd: castle.place });
    assert.is(commit, id);
    assert.equal((await siege.result()).filter((line) => !line.includes('touch pwned')), []);
  });

  records(`is no way in by an exchange file (${program.name})`, async () => {
    const castle = await citadel(program);
    const siege = new Siege(castle);
    const at = '2026-01-01T00:00:00Z';
    const plain = { title: 'x', created_at: at };
    const head = await output(['git', 'rev-parse', 'HEAD'], { cwd: castle.place });
    const beads = [
      { ...plain, id: 'ci-a1', status: 'hooked', assignee: '../../../etc/polecats/x' },
      { ...plain, id: 'ci-a2', status: 'hooked', assignee: 'citadel/polecats/../../x', metadata: { run: 'touch pwned' } },
      { ...plain, id: 'ci-a3', status: 'hooked', assignee: 'citadel/polecats/nux', metadata: { start: '--output=pwned', runtime: '../x' } },
      { ...plain, id: 'ci-a4', metadata: { queued: { rig: '../x', runtime: '$(touch pwned)' }, start: 'HEAD; touch pwned' } },
      { ...plain, id: 'ci-a5', issue_type: 'merge-request', metadata: { target: '../../x', branch: '--force', head: '--exec=touch pwned', base: '--help', source: 'ci-a1', worker: 'x\n<y>' } },
      { ...plain, id: 'ci-a6', issue_type: 'merge-request', metadata: { target: 'main', branch: 'main', head, base: `${head}^{/x}`, source: '', worker: 'Ada <x>\ncommitter y <z> 0 +0000' } },
      { ...plain, id: 'ci-a7', issue_type: 'merge-request', metadata: { target: 'main', branch: 'x', head: head.toUpperCase(), base: head } },
      { ...plain, id: 'ci-a8', issue_type: 'agent', metadata: { agent: '../x' }, labels: ['gt:agent', '\u001b[2J'] },
      { ...plain, id: 'ci-a9', issue_type: 'convoy', dependencies: [{ depends_on_id: '../x', type: 'tracks' }, { depends_on_id: 'ci-a9', type: 'blocks' }] },
      { ...plain, id: 'ci-b1', comments: [{ id: 1, text: '\u001b[2J', author: '\u001b]0;x\u0007', created_at: 'never' }], attempts: 'x', priority: 3 },
      { ...plain, id: 'ci-b2', dependencies: [{ depends_on_id: 'ci-b3' }] },
      { ...plain, id: 'ci-b3', dependencies: [{ depends_on_id: 'ci-b2' }] },
    ];
    const raw = '{"id":"ci-b4","title":"x","created_at":"2026-01-01T00:00:00Z","__proto__":{"status":"closed"},"constructor":{"prototype":{"x":1}},"metadata":{"__proto__":{"run":"touch pwned"}}}';
    for (const line of [...beads.map((bead) => JSON.stringify(bead)), raw]) await siege.try(['import', '-'], `${line}\n`);
    for (const line of ['{', '[]', 'null', '""', '{"id":"../x","title":"x","created_at":"2026-01-01"}', '{"id":"ci-b5"}', `${'['.repeat(100_000)}`, '\u0000', '\ufeff{}', `{"id":"ci-${'x'.repeat(5000)}","title":"x","created_at":"${at}"}`]) await siege.try(['import', '-'], `${line}\n`);
    const ids = (JSON.parse(await siege.must(['list', '--all', '--json', '--limit', '0'])) as Facts[]).map(({ id }) => id);
    for (const words of [['list', '--all'], ['ready'], ['blocked'], ['status'], ['polecat', 'list'], ['agents'], ['convoy', 'list'], ['scheduler', 'status'], ['mq', 'list'], ['mq', 'status'], ['dep', 'cycles'], ['export'], ['stats']]) await siege.must(words);
    for (const id of ids) for (const words of [['show', id], ['dep', 'tree', id], ['mq', 'show', id], ['mq', 'explain', id], ['convoy', 'status', id], ['history', id]]) await siege.try(words);
    await siege.must(['tick']);
    await siege.try(['mq', 'run']);
    const works = await file(castle, 'All the same', 'echo x > works.txt');
    await siege.must(['up']);
    await siege.must(['sling', works]);
    await siege.must(['wait', works, '--timeout', '20s']);
    await siege.must(['down']);
    for (const id of ids) {
      await siege.try(['sling', id]);
      await siege.try(['unsling', id, '--force']);
    }
    assert.equal(await siege.result(), []);
    assert.is(await output(['git', 'show', 'main:works.txt'], { cwd: castle.place }), 'x');
  });

  const scripted = await run(['sh', '-c', 'command -v script && script --version']);
  const onTerminal = `reaches no terminal as anything but text (${program.name})`;
  if (scripted.code !== 0 || !scripted.stdout.includes('util-linux')) skip(records, onTerminal, 'there is no script(1) of util-linux here');
  else {
    records(onTerminal, async () => {
      const castle = await citadel(program);
      const nasty = ['a terminal title', 'a cleared screen', 'an eight-bit escape', 'a change of direction', 'a backspace'].map((name) => texts[name] ?? '');
      const lines = nasty.map((title) => JSON.stringify({ title, description: `${title}\n${title}`, notes: title }));
      await output([...program.argv, 'create', '-f', '-'], { cwd: castle.place, input: `${lines.join('\n')}\n`, env: environmentFor(program) });
      const ids = (await castle.json<Facts[]>('list')).map(({ id }) => id);
      for (const words of [['list'], ['ready'], ['show', ...ids], ['show', '\u001b[2J'], ['search', '\u001b]0;pwned\u0007'], ['list', '--json'], ['history', ids[0] ?? ''], ['\u001b[2J'], ['list', '--\u001b[2J'], ['-C', '\u001b[2J\u202e', 'list'], ['create', '\u001b[2J\nx']]) {
        const shell = [...program.argv, ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
        const { stdout } = await run(['script', '-qec', shell, '/dev/null'], { cwd: castle.place, env: { ...environmentFor(program), TERM: 'xterm-256color' } });
        assert.ok(stdout.length > 0);
        const bare = stdout.replaceAll(/\u001b\[[0-9;]*m|\r\u001b\[K|\r\n/g, '');
        assert.not.match(bare, obeyed, JSON.stringify(words));
      }
    });
  }
}

records.run();
