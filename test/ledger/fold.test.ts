import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shardOf } from '../../src/base/ids.ts';
import { find, type Beads } from '../../src/domain/bead.ts';
import { close, remove, reopen } from '../../src/domain/closing.ts';
import { comment, create, edit } from '../../src/domain/content.ts';
import { depend, unmet } from '../../src/domain/dependency.ts';
import { isReady } from '../../src/domain/ready.ts';
import { setSetting } from '../../src/domain/setting.ts';
import { dependencyCycles } from '../../src/domain/tree.ts';
import { importCommit } from '../../src/git/import.ts';
import { listRefs, readRef } from '../../src/git/refs.ts';
import { backupFolder, fold } from '../../src/ledger/fold.ts';
import { importedBirth } from '../../src/ledger/imported.ts';
import { readFormat } from '../../src/ledger/init.ts';
import { mainRef, type Ledger } from '../../src/ledger/ledger.ts';
import { lossesOf } from '../../src/ledger/losses.ts';
import { consult, listShards, openSnapshot } from '../../src/ledger/read.ts';
import { formatShard, shardPath } from '../../src/ledger/shards.ts';
import { born } from '../../src/ledger/stamps.ts';
import type { Stored } from '../../src/ledger/stored.ts';
import { bead, nux, refusal, slit } from '../helpers/garage.ts';
import { cloneOf, fetched, gitIn, loseObject, newLedger, take, write } from '../helpers/ledger.ts';
import { ownEnvironment, run } from '../helpers/temporary.ts';

const start = Date.parse('2026-05-01T08:00:00Z');

const headOf = async (ledger: Ledger): Promise<string> => (await readRef(ledger.repository, mainRef)) ?? '';
const ask = <T>(ledger: Ledger, question: (beads: Beads) => T): Promise<T> => consult(ledger, question);

/** Two clones that know the same two beads. */
async function two(): Promise<readonly [Ledger, Ledger]> {
  const ours = await newLedger();
  await write(ours, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await write(ours, (view) => create(view, 'gt-b', { title: 'Paint' }, nux));
  return [ours, await cloneOf(ours)];
}

const folding = suite('fold');

folding('takes the whole ledger into a clone that has none, and moves one forward that is behind', async () => {
  const [ours, theirs] = await two();
  assert.is(await headOf(theirs), await headOf(ours));
  await write(ours, (view) => edit(view, 'gt-a', { title: 'Rivet' }, nux));
  const folded = await take(theirs, ours);
  assert.equal([folded.how, folded.commit, folded.backup], ['forwarded', await headOf(ours), undefined]);
  assert.equal((await take(ours, theirs)).how, 'kept');
  assert.equal((await take(theirs, ours)).how, 'kept');
});

folding('makes the same commit whoever makes it, and keeps what was here', async () => {
  const [ours, theirs] = await two();
  await write(ours, (view) => edit(view, 'gt-a', { title: 'Rivet', notes: 'x' }, nux));
  await write(theirs, (view) => [...edit(view, 'gt-a', { title: 'Solder' }, slit), ...create(view, 'gt-c', { title: 'Bolt' }, slit)]);
  await write(theirs, (view) => close(view, 'gt-b', { reason: 'dry' }, slit));
  const [before, other] = [await headOf(ours), await fetched(ours, theirs)];
  await fetched(theirs, ours);
  const [mine, yours] = [await fold(ours, other), await fold(theirs, before)];
  assert.is(mine.how, 'merged');
  assert.is(mine.commit, yours.commit);
  assert.is(await readRef(ours.repository, mine.backup ?? ''), before);
  assert.is(await readRef(theirs.repository, yours.backup ?? ''), other);
  const [parents, author, committed] = (await gitIn(ours, 'log', '-1', '--format=%P%n%an <%ae>%n%ct', mainRef)).split('\n');
  assert.equal(parents?.split(' '), [before, other].sort());
  assert.equal([author, Number(committed)], ['gastown <>', theirs.now() / 1000]);
  const beads = await ask(ours, (view) => [...view.all()].map(({ id, title, status, notes }) => `${id} ${title} ${status} ${String(notes ?? '')}`));
  assert.equal(beads.sort(), ['gt-a Solder open x', 'gt-b Paint closed ', 'gt-c Bolt open ']);
});

folding('lists what it overwrote, and nothing that only one side has touched', async () => {
  const [ours, theirs] = await two();
  await write(ours, (view) => [...edit(view, 'gt-a', { title: 'Rivet' }, nux), ...edit(view, 'gt-b', { priority: 0 }, nux)]);
  await write(theirs, (view) => edit(view, 'gt-a', { title: 'Solder' }, slit));
  await take(ours, theirs);
  const body = (await gitIn(ours, 'log', '-1', '--format=%b', mainRef)).trim().split('\n');
  assert.equal((await lossesOf(ours, 'gt-a')).map(({ lost }) => lost), [[{ part: 'title', value: 'Rivet' }]]);
  assert.equal(await lossesOf(ours, 'gt-b'), []);
  assert.equal(JSON.parse(body[0] ?? ''), { op: 'bead.merged', id: 'gt-a', lost: [{ part: 'title', value: 'Rivet' }] });
  assert.equal(body.slice(1), ['', 'Bead: gt-a', 'Actor: gastown']);
});

folding('ends three clones with the same bytes, in whatever order they meet', async () => {
  const [a, b] = await two();
  const c = await cloneOf(a, { time: start - 3_600_000 });
  await write(a, (view) => [...create(view, 'gt-c', { title: 'By a' }, nux), ...comment(view, 'gt-a', 'c1', 'a was here', nux)]);
  await write(b, (view) => [...create(view, 'gt-c', { title: 'By b' }, slit), ...comment(view, 'gt-a', 'c2', 'b was here', slit), ...close(view, 'gt-b', { reason: 'b' }, slit)]);
  await write(c, (view) => [...create(view, 'gt-c', { title: 'By c' }, slit), ...edit(view, 'gt-b', { title: 'c' }, slit)]);
  await write(c, (view) => remove(view, 'gt-a', { reason: 'off', force: true }, slit));
  await take(b, a);
  await take(a, c);
  for (const [into, from] of [[c, b], [b, a], [a, c], [b, c], [a, b], [c, a], [b, a], [c, b]] as const) await take(into, from);
  const trees = await Promise.all([a, b, c].map((ledger) => gitIn(ledger, 'rev-parse', `${mainRef}^{tree}`)));
  assert.equal(new Set(trees).size, 1);
  assert.equal(new Set(await Promise.all([a, b, c].map(headOf))).size, 1);
  const found = await ask(b, (view) => [...view.all()].map(({ id }) => id.replace(/\+.{5}$/, '+')).sort());
  assert.equal(found, ['gt-a', 'gt-b', 'gt-c', 'gt-c+', 'gt-c+']);
  assert.equal(await ask(b, (view) => [view.get('gt-c')?.title, view.get('gt-a')?.status, view.get('gt-b')?.status]), ['By c', 'tombstone', 'closed']);
});

folding('lets edges, parents and metadata mean the bead that they meant when its id turns out to be taken', async () => {
  const [ours, theirs] = await two();
  await write(theirs, (view) => create(view, 'gt-c', { title: 'Theirs' }, slit));
  const third = await cloneOf(theirs);
  await write(theirs, (view) => depend(view, 'gt-b', 'gt-c', 'blocks', slit));
  await write(theirs, (view) => [...create(view, 'gt-c.1', { title: 'Child' }, slit), ...depend(view, 'gt-a', 'gt-c', 'related', slit), ...edit(view, 'gt-a', { metadata: { request: 'gt-c' } }, slit)]);
  await write(theirs, (view) => depend(view, 'gt-c.1', 'gt-c', 'parent-child', slit));
  await take(third, theirs);
  await write(ours, (view) => create(view, 'gt-c', { title: 'Ours' }, nux));
  const folded = await take(third, ours);
  assert.is(folded.how, 'merged');
  const [changed] = (await gitIn(third, 'log', '-1', '--format=%b', mainRef)).split('\n');
  const { op, id, from } = JSON.parse(changed ?? '') as Record<string, string>;
  assert.equal([op, from], ['bead.renamed', 'gt-c']);
  await ask(third, (view) => {
    assert.equal([find(view, 'gt-c').title, find(view, id ?? '').title], ['Ours', 'Theirs']);
    assert.equal(find(view, 'gt-b').dependencies?.map((edge) => edge.depends_on_id), [id]);
    assert.equal(find(view, 'gt-a').dependencies?.map((edge) => edge.depends_on_id), [id]);
    assert.equal(find(view, 'gt-a').metadata, { request: id });
    assert.equal(find(view, 'gt-c.1').dependencies?.map((edge) => [edge.depends_on_id, edge.type]), [[id, 'parent-child']]);
    assert.equal(unmet(view, find(view, 'gt-b')), [id]);
  });
  await write(third, (view) => close(view, id ?? '', { reason: 'done' }, slit));
  assert.ok(await ask(third, (view) => isReady(view, find(view, 'gt-b'), start)));
  // Edits that still use the old id elsewhere arrive at the same bead.
  await write(theirs, (view) => edit(view, 'gt-c', { priority: 0 }, slit));
  await take(third, theirs);
  assert.equal(await ask(third, (view) => [view.get('gt-c')?.priority, view.get(id ?? '')?.priority]), [2, 0]);
});

folding('finds cycles that were made apart, and readiness ends', async () => {
  const [ours, theirs] = await two();
  await write(ours, (view) => [...depend(view, 'gt-a', 'gt-b', 'blocks', nux), ...create(view, 'gt-c', { title: 'C' }, nux)]);
  await write(theirs, (view) => depend(view, 'gt-b', 'gt-a', 'blocks', slit));
  await take(ours, theirs);
  assert.equal(await ask(ours, dependencyCycles), [['gt-a', 'gt-b']]);
  assert.equal(await ask(ours, (view) => [...view.all()].filter((each) => isReady(view, each, start)).map(({ id }) => id)), ['gt-c']);
});

folding('merges settings key by key, and what a ledger says of itself', async () => {
  const [ours, theirs] = await two();
  await write(ours, (view) => [...setSetting(view.settings('config'), 'config', 'theme', 'rust'), ...setSetting(view.settings('config'), 'config', 'queue.size', 3)]);
  await write(theirs, (view) => [...setSetting(view.settings('config'), 'config', 'theme', 'chrome'), ...setSetting(view.settings('config'), 'config', 'queue.pace', 'slow')]);
  await importCommit(theirs.repository, mainRef, await headOf(theirs), async () => ({ message: 'Keep more', author: { name: 'a', email: '', epochSeconds: 0, zone: '+0000' }, committer: { name: 'a', email: '', epochSeconds: 0, zone: '+0000' }, files: new Map([['format.json', '{"cut":0,"format":1,"prefixes":["gt","hq"]}\n']]) }));
  await take(ours, theirs);
  const { clock: _clock, ...settings } = await consult(ours, (view) => view.settings('config'));
  assert.equal(settings, { theme: 'chrome', queue: { size: 3, pace: 'slow' } });
  assert.equal((await readFormat(ours))?.prefixes, ['gt', 'hq']);
});

folding('joins ledgers that were begun apart', async () => {
  const [ours, theirs] = [await newLedger(), await newLedger({ time: start + 1000 })];
  await write(ours, (view) => create(view, 'gt-a', { title: 'Ours' }, nux));
  await write(theirs, (view) => create(view, 'gt-b', { title: 'Theirs' }, slit));
  assert.is((await take(ours, theirs)).how, 'merged');
  assert.is((await take(theirs, ours)).how, 'forwarded');
  assert.equal(await ask(theirs, (view) => [...view.all()].map(({ id }) => id).sort()), ['gt-a', 'gt-b']);
});

folding('brings no old history back where it was cut', async () => {
  const [ours, theirs] = await two();
  const tree = await gitIn(ours, 'rev-parse', `${mainRef}^{tree}`);
  const person = { name: 'a', email: '', epochSeconds: 1, zone: '+0000' };
  const files = new Map([...(await listShards(ours, await headOf(ours)))].map(([shard, oid]) => [shardPath(shard), { oid, mode: '100644' }]));
  const cut = await importCommit(ours.repository, mainRef, null, async () => ({ message: 'Cut', author: person, committer: person, files: new Map<string, string | { oid: string; mode: string }>([...files, ['format.json', '{"cut":1,"format":1,"prefixes":["gt"]}\n']]) }), { expected: await headOf(ours) });
  assert.not.equal(await gitIn(ours, 'rev-parse', `${mainRef}^{tree}`), tree);
  assert.is((await take(ours, theirs)).how, 'kept');
  const old = await headOf(theirs);
  await write(theirs, (view) => edit(view, 'gt-a', { title: 'Late' }, slit));
  assert.is((await take(ours, theirs)).how, 'merged');
  assert.is(await gitIn(ours, 'rev-list', mainRef, '--count'), '2');
  assert.is(await gitIn(ours, 'rev-parse', `${mainRef}^`), cut);
  assert.is((await take(theirs, ours)).how, 'forwarded');
  assert.is(await headOf(theirs), await headOf(ours));
  assert.is((await run(['git', 'merge-base', '--is-ancestor', old, mainRef], { cwd: theirs.repository.gitDir })).code, 1);
  assert.is(await ask(theirs, (view) => view.get('gt-a')?.title), 'Late');
});

folding('refuses what cannot be read, and leaves the ledger where it was', async () => {
  const [ours, theirs] = await two();
  const before = await headOf(ours);
  const person = { name: 'a', email: '', epochSeconds: 1, zone: '+0000' };
  const spoil = (files: ReadonlyMap<string, string>): Promise<string | undefined> => headOf(theirs).then((parent) => importCommit(theirs.repository, mainRef, parent, async () => ({ message: 'Spoil', author: person, committer: person, files })));
  await spoil(new Map([[shardPath(shardOf('gt-a')), '<<<<<<< ours\n']]));
  for (const mine of [() => undefined, () => write(ours, (view) => edit(view, 'gt-b', { title: 'New' }, nux))]) {
    await mine();
    const [stands, other] = [await headOf(ours), await fetched(ours, theirs)];
    await fold(ours, other).then(() => assert.unreachable(), (error: unknown) => assert.ok(refusal('ledger.bad-line')(error)));
    assert.is(await headOf(ours), stands);
  }
  assert.is.not(await headOf(ours), before);
});

folding('takes a shard whose object is lost for no empty one', async () => {
  const [ours, theirs] = await two();
  await write(ours, (view) => create(view, 'gt-a.1', { title: 'Only here' }, nux));
  await write(theirs, (view) => edit(view, 'gt-a', { title: 'Solder' }, slit));
  const [stands, other] = [await headOf(ours), await fetched(ours, theirs)];
  await loseObject(ours, `${mainRef}:${shardPath(shardOf('gt-a'))}`);
  await fold(ours, other).then(() => assert.unreachable(), (error: unknown) => assert.ok(refusal('object.missing')(error)));
  assert.is(await headOf(ours), stands);
});

folding('reads no shard that is the same on both sides', async () => {
  const ours = await newLedger();
  await write(ours, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  const person = { name: 'a', email: '', epochSeconds: 1, zone: '+0000' };
  const head = await headOf(ours);
  assert.is.not(shardOf('gt-zzz'), shardOf('gt-a'));
  await importCommit(ours.repository, mainRef, head, async () => ({ message: 'Spoil', author: person, committer: person, files: new Map([[shardPath(shardOf('gt-zzz')), 'not a bead\n']]) }));
  const theirs = await cloneOf(ours);
  await write(ours, (view) => edit(view, 'gt-a', { title: 'Rivet' }, nux));
  await write(theirs, (view) => edit(view, 'gt-a', { priority: 0 }, slit));
  assert.is((await take(ours, theirs)).how, 'merged');
});

folding('keeps a few backups and lets the oldest go', async () => {
  const [ours, theirs] = await two();
  for (let round = 0; round < 4; round += 1) {
    await write(ours, (view) => edit(view, 'gt-a', { title: `A ${round}` }, nux));
    await write(theirs, (view) => edit(view, 'gt-b', { title: `B ${round}` }, slit));
    (ours as { now: () => number }).now = () => start + round * 1000;
    await take(ours, theirs);
  }
  assert.is((await listRefs(ours.repository, backupFolder)).length, 4);
  for (let more = 0; more < 20; more += 1) await gitIn(ours, 'update-ref', `${backupFolder}0000000000${more % 10}-${'0'.repeat(11)}${more < 10 ? 'a' : 'b'}`, await headOf(theirs));
  await write(ours, (view) => reopen(view, 'gt-a', nux).concat(edit(view, 'gt-a', { title: 'Last' }, nux)));
  await write(theirs, (view) => edit(view, 'gt-b', { title: 'Last' }, slit));
  const folded = await take(ours, theirs);
  const left = (await listRefs(ours.repository, backupFolder)).map(({ ref }) => ref);
  assert.equal([left.length, left.includes(folded.backup ?? '')], [20, true]);
});

folding('may be killed at any moment and done again', async () => {
  const [ours, theirs] = await two();
  await write(ours, (view) => edit(view, 'gt-a', { title: 'Ours' }, nux));
  await write(theirs, (view) => edit(view, 'gt-a', { priority: 0 }, slit));
  const other = await fetched(ours, theirs);
  const before = await headOf(ours);
  await fetched(theirs, ours);
  const expected = (await fold(theirs, before)).commit;
  const script = join(import.meta.dirname, 'folder.ts');
  for (const delay of [20, 40, 60, 80, 100, 120, 160]) {
    const child = spawn(process.execPath, [script, ours.repository.gitDir, other], { env: { ...ownEnvironment() }, stdio: 'ignore' });
    const timer = setTimeout(() => child.kill('SIGKILL'), delay);
    await new Promise((done) => child.on('close', done));
    clearTimeout(timer);
    assert.ok([before, expected].includes(await headOf(ours)));
  }
  const folded = await fold(ours, other);
  assert.is(folded.commit, expected);
  assert.ok((await listRefs(ours.repository, backupFolder)).every(({ oid }) => oid === before));
  assert.is((await run(['git', 'fsck', '--strict', '--no-dangling'], { cwd: ours.repository.gitDir })).code, 0);
});

/** A ledger of so many beads, written in one commit. */
async function largeLedger(count: number): Promise<Ledger> {
  const ledger = await newLedger();
  const shards = new Map<string, Map<string, Stored>>();
  for (let number = 0; number < count; number += 1) {
    const each = bead(`gt-${number.toString(36).padStart(5, '0')}`, { title: `Bead number ${number}`, description: 'Mend what is broken. '.repeat(20) });
    const shard = shards.get(shardOf(each.id)) ?? new Map<string, Stored>();
    shards.set(shardOf(each.id), shard.set(each.id, born(each, importedBirth(each), () => undefined)));
  }
  const person = { name: 'a', email: '', epochSeconds: 1, zone: '+0000' };
  const files = new Map([...shards].map(([shard, content]) => [shardPath(shard), formatShard(content)]));
  await importCommit(ledger.repository, mainRef, await headOf(ledger), async () => ({ message: 'Large', author: person, committer: person, files }));
  return ledger;
}

const thousand = Array.from({ length: 1000 }, (_each, index) => index);
const named = (number: number): string => `gt-${number.toString(36).padStart(5, '0')}`;

folding('costs what differs: a thousand changes on each side of ten thousand beads', async () => {
  const ours = await largeLedger(10_000);
  const theirs = await cloneOf(ours);
  await write(ours, (view) => thousand.flatMap((index) => edit(view, named(index * 7), { title: `Ours ${index}` }, nux)));
  await write(theirs, (view) => thousand.flatMap((index) => edit(view, named(index * 9), { notes: `Theirs ${index}` }, slit)));
  const other = await fetched(ours, theirs);
  const before = await headOf(ours);
  const readAll = async (): Promise<number> => {
    const begun = performance.now();
    for (const commit of [before, other]) {
      const snapshot = await openSnapshot(ours, commit);
      assert.is(await snapshot.ask((view) => [...view.all()].length), 10_000);
      await snapshot.close();
    }
    return performance.now() - begun;
  };
  await readAll();
  const reading = await readAll();
  const begun = performance.now();
  assert.is((await fold(ours, other)).how, 'merged');
  const merging = performance.now() - begun;
  process.stdout.write(`merging 1,000 changes on each side: ${merging.toFixed(0)} ms, ${(merging / reading).toFixed(1)} × reading both ledgers (${reading.toFixed(0)} ms)\n`);
  const beads = await ask(ours, (view) => [view.get(named(63))?.title, view.get(named(63))?.['notes'], view.get(named(7))?.title, view.get(named(9))?.['notes']]);
  assert.equal(beads, ['Ours 9', 'Theirs 7', 'Ours 1', 'Theirs 1']);
});

folding.run();
