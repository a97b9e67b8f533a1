import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stampTime } from '../../src/base/clock.ts';
import { shardOf } from '../../src/base/ids.ts';
import { create, edit } from '../../src/domain/content.ts';
import { depend } from '../../src/domain/dependency.ts';
import { importCommit } from '../../src/git/import.ts';
import { fold } from '../../src/ledger/fold.ts';
import { headOf } from '../../src/ledger/history.ts';
import { inspect, mend } from '../../src/ledger/inspection.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { consult } from '../../src/ledger/read.ts';
import { shardPath } from '../../src/ledger/shards.ts';
import type { Finding } from '../../src/ledger/soundness.ts';
import { nux, slit } from '../helpers/garage.ts';
import { ace, gitIn, loseObject, newLedger, write, type Watch } from '../helpers/ledger.ts';

const path = shardPath(shardOf('gt-a'));
const person = { name: 'vandal', email: 'v@andal.example', epochSeconds: 1_777_000_000, zone: '+0000' };

/** A ledger with three beads in one shard, of which one was edited, and one elsewhere. */
async function citadel(watch?: Watch): Promise<Ledger> {
  const ledger = await newLedger(watch);
  await write(ledger, (view) => ['gt-a', 'gt-a.1', 'gt-a.2', 'gt-b'].flatMap((id) => create(view, id, { title: `Mend ${id}` }, nux)));
  await write(ledger, (view) => edit(view, 'gt-a', { priority: 0 }, slit));
  return ledger;
}

/** Writes files into a ledger as somebody does who is not us. */
async function vandalize(ledger: Ledger, files: Readonly<Record<string, string | null>>): Promise<string> {
  return (await importCommit(ledger.repository, ledger.ref, await headOf(ledger), async () => ({ message: 'Tidy up', author: person, committer: person, files: new Map(Object.entries(files)) }))) ?? '';
}

async function textOf(ledger: Ledger, commit = 'refs/beads/main'): Promise<string> {
  return `${await gitIn(ledger, 'show', `${commit}:${path}`)}\n`;
}

async function faults(ledger: Ledger): Promise<Finding[]> {
  return (await inspect(ledger)).findings.filter(({ severity }) => severity === 'fault');
}

/** What a ledger holds, by id. */
async function beadsOf(ledger: Ledger): Promise<Record<string, unknown>> {
  return consult(ledger, (view) => Object.fromEntries([...view.all()].map((bead) => [bead.id, bead])));
}

const inspecting = suite('inspect');

inspecting('finds nothing in a ledger that we wrote', async () => {
  assert.equal((await inspect(await citadel())).findings, []);
});

/** What somebody may do to a shard without any loss, and what is then found on which line. */
const harmless: Record<string, { vandal: (text: string, before: string) => Record<string, string | null>; check: string; line: number }> = {
  'a shard that was cut off in a line': { vandal: (text) => ({ [path]: text.slice(0, text.indexOf('\n') + 40) }), check: 'shard.truncated', line: 2 },
  'a last line without its end': { vandal: (text) => ({ [path]: text.slice(0, -1) }), check: 'shard.truncated', line: 3 },
  'conflict markers around both sides': {
    vandal: (text, before) => ({ [path]: `<<<<<<< ours\n${text.split('\n')[0]}\n=======\n${before.split('\n')[0]}\n>>>>>>> theirs\n${text.split('\n').slice(1).join('\n')}` }), check: 'shard.conflict', line: 1,
  },
  'a bead that stands there twice': { vandal: (text, before) => ({ [path]: `${before.split('\n')[0]}\n${text}` }), check: 'bead.twice', line: 2 },
  'an empty line': { vandal: (text) => ({ [path]: `\n${text}` }), check: 'shard.garbage', line: 1 },
  'a bead in another shard': {
    vandal: (text) => ({ [path]: text.split('\n').slice(1).join('\n'), [shardPath('00/00')]: `${text.split('\n')[0]}\n` }), check: 'bead.misplaced', line: 1,
  },
};

for (const [name, { vandal, check, line }] of Object.entries(harmless)) {
  inspecting(`names ${name} with commit, file and line, and mends it without a loss`, async () => {
    const ledger = await citadel();
    const before = await beadsOf(ledger);
    const commit = await vandalize(ledger, vandal(await textOf(ledger), await textOf(ledger, 'refs/beads/main^')));
    const seen = await inspect(ledger);
    const [first] = seen.findings;
    assert.equal([first?.check, first?.line, first?.commit, first?.loses], [check, line, commit, undefined], first?.message);
    assert.match(first!.message, `since ${commit.slice(0, 12)}, by vandal`);
    assert.ok(await mend(ledger, ace, seen));
    assert.equal(await faults(ledger), []);
    assert.equal(await beadsOf(ledger), before);
    await write(ledger, (view) => edit(view, 'gt-a', { title: 'Paint' }, nux));
  });
}

inspecting('mends nothing where a line says what nobody can read, and tells what would be lost', async () => {
  const ledger = await citadel();
  const text = await textOf(ledger);
  for (const bad of [`${text}rust never sleeps\n`, text.replace('"priority":0', '"priority":'), `${text.slice(0, -30)}!`]) {
    await vandalize(ledger, { [path]: bad });
    const seen = await inspect(ledger);
    assert.match(seen.findings[0]?.loses ?? '', 'which nobody can read');
    assert.is(await mend(ledger, ace, seen), undefined);
    assert.is(await gitIn(ledger, 'show', `refs/beads/main:${path}`), bad.trimEnd());
    await vandalize(ledger, { [path]: text });
  }
});

inspecting('mends one shard and leaves another that it cannot read', async () => {
  const ledger = await citadel();
  const other = shardPath(shardOf('gt-b'));
  await vandalize(ledger, { [path]: (await textOf(ledger)).slice(0, -1), [other]: '{"id":\n' });
  assert.ok(await mend(ledger, ace, await inspect(ledger)));
  assert.equal((await faults(ledger)).map((each) => each.path), [other]);
});

inspecting('names an object that the repository has lost, and what was written to it since', async () => {
  const ledger = await citadel();
  const oid = (await gitIn(ledger, 'rev-parse', `refs/beads/main:${path}`)).trim();
  const folder = join(ledger.repository.gitDir, 'objects');
  unpackAll(ledger);
  rmSync(join(folder, oid.slice(0, 2), oid.slice(2)));
  const [found] = await faults(ledger);
  assert.equal([found?.check, found?.path, found?.commit], ['object.missing', path, await headOf(ledger)]);
  assert.match(found!.loses!, /^what was written to it since [0-9a-f]{12}, unless another clone still has it$/);
  const tree = (await gitIn(ledger, 'rev-parse', `refs/beads/main:beads/${shardOf('gt-b').slice(0, 2)}`)).trim();
  rmSync(join(folder, tree.slice(0, 2), tree.slice(2)));
  assert.equal((await faults(ledger)).map((each) => [each.check, each.path]), [['object.missing', `beads/${shardOf('gt-b').slice(0, 2)}`], ['object.missing', path]]);
});

/** Turns packs into single files, so that one can get lost. */
function unpackAll({ repository: { gitDir } }: Ledger): void {
  const folder = join(gitDir, 'objects', 'pack');
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.pack'))) {
    const input = readFileSync(join(folder, name));
    for (const end of ['.pack', '.idx']) rmSync(join(folder, name.replace('.pack', end)));
    execFileSync('git', ['unpack-objects', '-q'], { cwd: gitDir, input });
  }
}

inspecting('names a clock that is ahead by its bead, and no other bead takes it over', async () => {
  const watch: Watch = { time: Date.parse('2036-05-01T08:00:00Z') };
  const ledger = await citadel(watch);
  watch.time = Date.parse('2026-05-01T08:00:00Z');
  const ahead = (await inspect(ledger)).findings;
  assert.equal(ahead.map(({ check, bead, severity }) => [check, bead, severity]), ['gt-a', 'gt-a.1', 'gt-a.2', 'gt-b'].map((id) => ['clock.ahead', id, 'note']).sort((a, b) => (shardOf(a[1]!) < shardOf(b[1]!) ? -1 : 1)));
  assert.match(ahead[0]!.message, 'was written at 2036-05-01T08:00:00Z');
  rmSync(join(ledger.repository.gitDir, 'gastown', 'clock'));
  await write(ledger, (view) => [...create(view, 'gt-c', { title: 'New' }, nux), ...edit(view, 'gt-a', { title: 'Newer' }, nux)]);
  const [c, a] = await consult(ledger, (view) => ['gt-c', 'gt-a'].map((id) => view.stored(id)));
  assert.ok(stampTime(c!.clock.born) <= watch.time);
  assert.ok(stampTime(String(a!.clock['title'])) >= Date.parse('2036-05-01T08:00:00Z'));
});

inspecting('finds circles and edges to beads that are not there, and leaves them to people', async () => {
  const ledger = await citadel();
  const edge = (id: string, on: string): Parameters<typeof write>[1] => () => [{ op: 'dependency.added', id, dependency: { issue_id: id, depends_on_id: on, type: 'blocks', created_at: nux.at, created_by: 'nux' } }];
  for (const [id, on] of [['gt-a', 'gt-b'], ['gt-b', 'gt-a'], ['gt-a', 'gt-gone'], ['gt-a', 'zz-other'], ['gt-b', 'external:x:y']] as const) await write(ledger, edge(id, on));
  const { findings, mended, foreign } = await inspect(ledger, (id) => id !== 'zz-other');
  assert.equal(findings.map(({ check, message }) => [check, message]), [
    ['dependency.circle', 'gt-a, gt-b wait for one another'],
    ['dependency.dangling', 'gt-a depends on gt-gone, which is not there'],
    ['dependency.dangling', 'gt-a depends on zz-other, which is not there'],
  ]);
  assert.equal([mended.size, foreign], [0, ['zz-other']]);
});

inspecting('names settings and a format that cannot be read, and files that are none of a ledger', async () => {
  const ledger = await citadel();
  await vandalize(ledger, { 'settings/config.json': '<<<<<<< ours\n', 'format.json': '{}', 'notes.txt': 'hello\n' });
  assert.equal((await inspect(ledger)).findings.map(({ check, path: at }) => [check, at]), [['format.bad', 'format.json'], ['file.strange', 'notes.txt'], ['settings.bad', 'settings/config.json']]);
});

inspecting('moves no bead into a shard whose object is lost: what that held would be gone', async () => {
  const ledger = await citadel();
  const [first = '', ...others] = (await textOf(ledger)).split('\n');
  await vandalize(ledger, { [path]: others.join('\n'), [shardPath('00/00')]: `${first}\n` });
  assert.ok((await inspect(ledger)).mended.size > 0);
  await loseObject(ledger, `refs/beads/main:${path}`);
  const { findings, mended } = await inspect(ledger);
  assert.equal([mended.size, findings.map(({ check }) => check).sort().filter((each) => each !== 'dependency.dangling')], [0, ['bead.misplaced', 'object.missing']]);
});

/** An id of the shard into which another one strays. */
const strayId = Array.from({ length: 100_000 }, (_, index) => `gt-${index.toString(36)}`).find((id) => shardOf(id) === '00/00') ?? '';

inspecting('leaves a bead whose own shard cannot be written where it is, says so, and mends the rest', async () => {
  const other = shardPath(shardOf('gt-b'));
  for (const lost of [true, false]) {
    const ledger = await citadel();
    const text = await textOf(ledger);
    const [first = ''] = text.split('\n');
    const away = shardPath('00/00');
    // Of the two files of strays, the second holds one that belongs into the first.
    const stray = `${first.replaceAll('gt-a', strayId)}\n`;
    await vandalize(ledger, { [path]: lost ? text : 'rust never sleeps\n', [away]: `${first}\n`, [shardPath('77/77')]: stray, [other]: `${await gitIn(ledger, 'show', `refs/beads/main:${other}`)}` });
    if (lost) await loseObject(ledger, `refs/beads/main:${path}`);
    const seen = await inspect(ledger);
    assert.equal([...seen.mended.keys()], [other]);
    const strays = seen.findings.filter(({ check }) => check === 'bead.misplaced');
    assert.equal(strays.map(({ loses }) => loses), [`gt-a, whose own file ${path} cannot be mended`, `${strayId}, whose own file ${away} cannot be mended`]);
    assert.not(strays.some(({ hint = '' }) => hint.includes('--fix')));
    assert.ok(await mend(ledger, ace, seen));
    assert.not((await faults(ledger)).some(({ path: at }) => at === other));
  }
});

inspecting('mends two beads that a union of lines has put under one id to what a merge makes of them, edges elsewhere included', async () => {
  const [ours, theirs] = [await newLedger({ time: Date.parse('2026-05-01T08:00:00Z') }), await newLedger({ time: Date.parse('2026-05-01T09:00:00Z') })];
  await write(ours, (view) => [...create(view, 'gt-a', { title: 'Ours' }, nux), ...create(view, 'gt-z', { title: 'Waits for ours' }, nux)]);
  await write(ours, (view) => depend(view, 'gt-z', 'gt-a', 'blocks', nux));
  await write(theirs, (view) => [...create(view, 'gt-a', { title: 'Theirs' }, slit), ...create(view, 'gt-b', { title: 'Waits for theirs' }, slit)]);
  await write(theirs, (view) => [...depend(view, 'gt-b', 'gt-a', 'blocks', slit), ...edit(view, 'gt-b', { metadata: { request: 'gt-a' } }, slit)]);
  await gitIn(ours, 'fetch', '-q', theirs.repository.gitDir, 'refs/beads/main:refs/beads-remotes/theirs/main');
  const before = await headOf(ours);
  const [here, there] = [await textOf(ours), await textOf(ours, 'refs/beads-remotes/theirs/main')];
  await vandalize(ours, { [path]: `${here}${there}`, [shardPath(shardOf('gt-b'))]: `${await gitIn(ours, 'show', `refs/beads-remotes/theirs/main:${shardPath(shardOf('gt-b'))}`)}\n` });
  assert.equal((await faults(ours)).map(({ check }) => check), ['bead.twice']);
  assert.ok(await mend(ours, ace, await inspect(ours)));
  assert.equal(await faults(ours), []);
  const mended = await beadsOf(ours);
  await gitIn(ours, 'update-ref', 'refs/beads/main', before);
  await fold(ours, await gitIn(ours, 'rev-parse', 'refs/beads-remotes/theirs/main').then((text) => text.trim()));
  assert.equal(mended, await beadsOf(ours));
});

inspecting.run();
