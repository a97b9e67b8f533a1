import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readNotes, writeNote } from '../../src/git/notes.ts';
import { output } from '../helpers/temporary.ts';
import { eachFormat, fresh, furiosa, git, script, thrown, writeBlob } from './ground.ts';

const ref = 'refs/notes/mail';

const noting = suite('writeNote');

eachFormat(noting, 'writes what git notes shows', async (format) => {
  const repo = await fresh({ format });
  const mayor = await writeBlob(repo, 'mailbox mayor\n');
  await writeNote(repo, ref, mayor, (old) => `${old ?? ''}{"sent":1}\n`, furiosa);
  await writeNote(repo, ref, mayor, (old) => `${old ?? ''}{"read":1}\n`, furiosa);
  assert.is(await git(repo.gitDir, ['notes', '--ref=mail', 'show', mayor]), '{"sent":1}\n{"read":1}');
  assert.is(await git(repo.gitDir, ['ls-tree', '-r', '--name-only', ref]), `${mayor.slice(0, 2)}/${mayor.slice(2)}`);
  assert.is(await git(repo.gitDir, ['rev-list', '--count', ref]), '2');
});

noting('commits nothing where nothing changes', async () => {
  const repo = await fresh();
  const mayor = await writeBlob(repo, 'mailbox mayor\n');
  await writeNote(repo, ref, mayor, () => 'a\n', furiosa);
  assert.is(await writeNote(repo, ref, mayor, (old) => old!, furiosa), undefined);
});

noting('brings notes of every fan-out into one', async () => {
  const repo = await fresh();
  const blobs = await Promise.all(Array.from({ length: 6 }, (_, index) => writeBlob(repo, `mailbox ${index}\n`)));
  const note = await writeBlob(repo, 'theirs\n');
  const [flat, deep] = [blobs[0]!, blobs[1]!];
  for (const layout of [[flat], [`${deep.slice(0, 2)}/${deep.slice(2, 4)}/${deep.slice(4)}`]]) {
    const input = layout.map((path) => `M 100644 ${note} ${path}\n`).join('');
    await git(repo.gitDir, ['fast-import', '--quiet', '--force'], { input: `commit ${ref}\ncommitter a <a> 1 +0000\ndata 0\n${input}\n` });
    const there = layout[0] === flat ? flat : deep;
    assert.is(await readNotes(repo, ref, there), 'theirs\n');
    await writeNote(repo, ref, blobs[2]!, () => 'new\n', furiosa);
    await writeNote(repo, ref, there, (old) => `${old}ours\n`, furiosa);
    const expected = [there, blobs[2]!].map((oid) => `${oid.slice(0, 2)}/${oid.slice(2)}`).sort();
    assert.equal((await git(repo.gitDir, ['ls-tree', '-r', '--name-only', ref])).split('\n'), expected);
    assert.is(await git(repo.gitDir, ['notes', '--ref=mail', 'show', there]), 'theirs\nours');
  }
});

noting('reads what git notes append makes of ours, and writes on', async () => {
  const repo = await fresh();
  const blobs = await Promise.all(Array.from({ length: 5 }, (_, index) => writeBlob(repo, `mailbox ${index}\n`)));
  for (const oid of blobs) await writeNote(repo, ref, oid, () => 'ours\n', furiosa);
  await git(repo.gitDir, ['notes', '--ref=mail', 'append', '-m', 'theirs', blobs[0]!]);
  assert.match((await readNotes(repo, ref, blobs[0]!))!, 'theirs');
  assert.is(await readNotes(repo, ref, blobs[1]!), 'ours\n');
  await writeNote(repo, ref, blobs[1]!, (old) => `${old}more\n`, furiosa);
  assert.is(await readNotes(repo, ref, blobs[1]!), 'ours\nmore\n');
  assert.is((await git(repo.gitDir, ['notes', '--ref=mail', 'list'])).split('\n').length, 5);
});

noting('loses none of what four processes write', async () => {
  const repo = await fresh({ bare: true });
  const mayor = await writeBlob(repo, 'mailbox mayor\n');
  await Promise.all(Array.from({ length: 4 }, (_, index) => output([...script('sender.ts'), repo.gitDir, ref, mayor, String(index), '12'], { timeoutMs: 120_000 })));
  const lines = (await readNotes(repo, ref, mayor))!.trim().split('\n');
  assert.is(new Set(lines).size, 48);
});

noting('refuses what is no object', async () => {
  const repo = await fresh();
  assert.is((await thrown(() => writeNote(repo, ref, 'HEAD', () => '', furiosa))).code, 'object.bad-name');
});

noting.run();

const reading = suite('readNotes');

reading('answers undefined where there is none', async () => {
  const repo = await fresh();
  assert.is(await readNotes(repo, ref, 'a'.repeat(40)), undefined);
  await writeNote(repo, ref, 'b'.repeat(40), () => 'x', furiosa);
  assert.is(await readNotes(repo, ref, 'a'.repeat(40)), undefined);
});

reading.run();
