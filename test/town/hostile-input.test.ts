// time limit: 300 s
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { programs } from '../helpers/programs.ts';
import { output } from '../helpers/temporary.ts';
import { isArgument, isTitle, Siege, texts, type Facts } from './assault.ts';
import { citadel, file } from './siege.ts';

const input = suite('hostile input');

for (const program of programs) {
  input(`is a title as it stands, or refused in words (${program.name})`, async () => {
    const castle = await citadel(program);
    const siege = new Siege(castle);
    const kept: Facts[] = [];
    for (const [name, text] of Object.entries(texts)) {
      const lines = await siege.try(['create', '-f', '-', '--json'], `${JSON.stringify({ title: text, description: text, notes: text })}\n`);
      // An argument holds no NUL, and no half of a character.
      const typed = !isArgument(text) ? lines : await siege.try(['create', '--json', '--description', `=${text}`, '--', text]);
      for (const ran of [lines, typed]) if (ran.code === 0 !== isTitle(text)) siege.faults.push(`${name}: exit ${ran.code} ${ran.stderr.slice(0, 300)}`);
      if (typed.code === 0) kept.push([JSON.parse(typed.stdout)].flat()[0] as Facts);
    }
    const shown = new Map((JSON.parse(await siege.must(['list', '--json', '--limit', '0'])) as Facts[]).map((bead) => [bead.id, bead]));
    for (const { id, title } of kept) assert.is(shown.get(id)?.title, title);
    for (const title of kept.map((bead) => bead.title)) assert.ok(Object.values(texts).includes(title) || !title.isWellFormed() || title.includes('\ufffd'), title);
    await siege.must(['list']);
    for (const { id } of kept) {
      await siege.must(['show', id]);
      await siege.must(['history', id]);
    }
    await siege.must(['ready']);
    await siege.try(['search', '$(touch pwned)']);
    await siege.try(['search', '--', '--force']);
    const before = await siege.must(['export']);
    const other = await citadel(program);
    const there = new Siege(other);
    await there.must(['import', '-'], before);
    const own = (lines: string): string[] => lines.split('\n').filter((line) => !line.includes('"issue_type":"agent"'));
    assert.equal(own(await there.must(['export'])), own(before));
    assert.equal([await siege.result(), await there.result()], [[], []]);
    const log = await output(['git', 'log', '--format=%(trailers:key=Actor,valueonly,separator=%x2C)', 'refs/beads/main'], { cwd: castle.place });
    assert.equal([...new Set(log.split('\n'))], ['Ada Lovelace']);
  });

  input(`is a field as it stands, or refused in words (${program.name})`, async () => {
    const castle = await citadel(program);
    const siege = new Siege(castle);
    const id = await file(castle, 'Oil the hinges');
    for (const [at, [name, text]] of Object.entries(texts).entries()) {
      if (!isArgument(text)) continue;
      for (const [index, field] of (['description', 'notes', 'design', 'assignee', 'external-ref'] as const).entries()) {
        if (!siege.takes(at, index)) continue;
        const ran = await siege.try(['update', id, `--${field}=${text}`, '--json']);
        if (ran.code !== 0 || text === '' || field === 'external-ref') continue;
        const bead = [JSON.parse(ran.stdout) as Record<string, unknown>].flat()[0];
        if (bead?.[field] !== text) siege.faults.push(`${field} is ${JSON.stringify(bead?.[field])?.slice(0, 200)} for ${name}`);
      }
      const commands = [
        ['label', 'add', id, '--', text],
        ['comment', id, '--', text],
        ['dep', 'add', id, '--', text],
        ['close', id, `--reason=${text}`],
        ['reopen', id, `--reason=${text}`],
        ['update', id, `--status=${text}`],
        ['update', id, `--metadata=${JSON.stringify({ [text.slice(0, 1000)]: text.slice(0, 1000) })}`],
        ['list', `--status=${text}`],
      ];
      for (const [index, words] of commands.entries()) if (siege.takes(at, index)) await siege.try(words);
    }
    for (const words of [['show', id], ['show', id, '--json'], ['list', '--all'], ['history', id], ['comments', id], ['export']]) await siege.must(words);
    assert.equal(await siege.result(), []);
  });

  input(`names nothing that it should not (${program.name})`, async () => {
    const castle = await citadel(program);
    const siege = new Siege(castle);
    const id = await file(castle, 'Oil the hinges');
    const places = [...Object.values(texts).filter(isArgument), 'citadel/polecats/../../../x', 'citadel/polecats/-x', 'citadel/polecats/nux\n', 'polecats/..', 'mayor/../x', 'HEAD', '@{u}', 'refs/heads/main', 'main..main', 'a.lock', '-', '.', '..'];
    for (const [at, text] of places.entries()) {
      const commands = [
        ['show', '--', text],
        ['sling', '--no-start', '--', id, text],
        ['sling', '--no-start', `--agent=${text}`, id],
        ['unsling', '--', text],
        ['hook', `--for=${text}`],
        ['update', id, '--notes=x', `--actor=${text}`],
        ['create', 'x', `--id=${text}`],
        ['mq', 'submit', `--branch=${text}`],
        ['mq', 'submit', '--branch=main', `--target=${text}`],
        ['mq', 'show', '--', text],
        ['polecat', 'nuke', '--', text],
        ['peek', '--', text],
        ['wait', '--timeout=1s', '--', text],
        ['config', 'set', '--', text, 'x'],
        ['config', 'get', '--', text],
        ['-C', text, 'list'],
        ['--', text],
        [text],
        ['import', '--', text],
      ];
      for (const [index, words] of commands.entries()) if (siege.takes(at, index)) await siege.try(words);
    }
    const branches = (await output(['git', 'for-each-ref', '--format=%(refname)', 'refs/heads'], { cwd: castle.place })).split('\n');
    assert.equal(branches.filter((ref) => ref !== 'refs/heads/main' && !/^refs\/heads\/polecat\/[a-z]+\/ci-[a-z0-9]+$/.test(ref)), []);
    const workers = join(`${castle.place}.town`, 'polecats');
    assert.equal(existsSync(workers) ? readdirSync(workers).filter((name) => !/^[a-z][a-z0-9_]*$/.test(name)) : [], []);
    assert.equal(readdirSync(castle.ground).sort().filter((name) => name !== 'citadel' && name !== 'citadel.town'), []);
    assert.equal(await siege.result(), []);
    await siege.must(['list']);
  });

  input(`names no town, rig or prefix that it should not (${program.name})`, async () => {
    const castle = await citadel(program);
    const siege = new Siege(castle);
    const town = join(castle.ground, 'town');
    await siege.must(['-C', castle.ground, 'install', town]);
    for (const [at, text] of Object.values(texts).filter((each) => isArgument(each) && each !== '').entries()) {
      const commands = [
        ['-C', town, 'rig', 'add', '--no-gate', '--', text, castle.place],
        ['-C', town, 'rig', 'add', '--no-gate', '--', 'shop', `${text}x`],
        ['-C', town, 'rig', 'add', 'shop', castle.place, `--prefix=${text}x`],
        ['-C', town, 'rig', 'add', 'shop', castle.place, '--prefix=s', `--branch=${text}x`],
        ['-C', town, 'crew', 'add', '--rig=shop', '--', text],
        ['-C', town, 'rig', 'remove', '--', text],
      ];
      for (const [index, words] of commands.entries()) if (siege.takes(at, index)) await siege.try(words);
    }
    const source = 'ext::sh -c touch% pwned';
    for (const url of [source, `--upload-pack=touch ${castle.ground}/pwned`, '-u./x', 'ssh://-oProxyCommand=touch$IFS$()pwned/x', 'file:///../../x', 'git://-x/x', 'https://exa\u202emple.invalid/x']) await siege.try(['-C', town, 'rig', 'add', '--no-gate', '--', 'shop', url]);
    assert.equal(readdirSync(town).filter((name) => !['.git', '.gitignore', 'mayor'].includes(name)), []);
    assert.equal(await siege.result(), []);
  });
}

input.run();
