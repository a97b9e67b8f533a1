import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStamp, stampAfter, stampTime } from '../../src/base/clock.ts';
import { shardOf } from '../../src/base/ids.ts';
import { find } from '../../src/domain/bead.ts';
import { close, remove } from '../../src/domain/closing.ts';
import { create, edit } from '../../src/domain/content.ts';
import { depend } from '../../src/domain/dependency.ts';
import { setSetting } from '../../src/domain/setting.ts';
import { importCommit } from '../../src/git/import.ts';
import { readRef } from '../../src/git/refs.ts';
import { readFormat } from '../../src/ledger/init.ts';
import { keepStamp, lastStamp, replicaOf, stateFolder } from '../../src/ledger/ledger.ts';
import { consult } from '../../src/ledger/read.ts';
import { transact } from '../../src/ledger/transact.ts';
import { nux, refusal } from '../helpers/garage.ts';
import { ace, gitIn, ledgerAt, loseObject, newLedger, write } from '../helpers/ledger.ts';
import { ownEnvironment, repository } from '../helpers/temporary.ts';

/** The line of a bead as it stands in the ledger's tree. */
async function lineIn(ledger: Awaited<ReturnType<typeof newLedger>>, id: string): Promise<Record<string, unknown>> {
  const text = await gitIn(ledger, 'show', `refs/beads/main:beads/${shardOf(id)}.jsonl`);
  const line = text.split('\n').find((each) => each.includes(`"id":"${id}"`));
  return JSON.parse(line ?? '') as Record<string, unknown>;
}

const transaction = suite('transact');

transaction('writes one commit: the changes in its body, the bead in its shard', async () => {
  const ledger = await newLedger();
  const { commit } = await transact(ledger, { ...ace, session: 's1' }, 'Create gt-a: Weld', (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  assert.is(await readRef(ledger.repository, ledger.ref), commit);
  const [head, ...body] = (await gitIn(ledger, 'log', '-1', '--format=%an <%ae> %at %ct%n%B', 'refs/beads/main')).trim().split('\n');
  assert.is(head, `ace <ace@citadel.example> ${ledger.now() / 1000} ${ledger.now() / 1000}`);
  assert.is(body[0], 'Create gt-a: Weld');
  assert.equal(JSON.parse(body[2] ?? '').op, 'bead.created');
  assert.equal(body.slice(-3), ['Bead: gt-a', 'Actor: ace', 'Session: s1']);
  assert.is(await gitIn(ledger, 'rev-list', '--count', 'refs/beads/main'), '2');
});

transaction('tells in its commit of prefixes that the ledger did not hold before, and of none that it did', async () => {
  const ledger = await newLedger();
  const told: boolean[] = [];
  for (const [id, prefix] of [['gt-a', 'war'], ['gt-b', 'war'], ['gt-c', 'gt']] as const) {
    await transact(ledger, ace, 'Create', (view) => create(view, id, { title: 'Weld' }, nux), [prefix]);
    told.push((await gitIn(ledger, 'log', '-1', '--format=%B', 'refs/beads/main')).includes('"op":"ledger.widened"'));
  }
  assert.equal([told, (await readFormat(ledger))?.prefixes], [[true, false, false], ['gt', 'war']]);
});

transaction('stamps what it writes by the clock', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  const { clock } = (await lineIn(ledger, 'gt-a')) as { clock: { born: string } };
  assert.ok(isStamp(clock.born));
  assert.is(stampTime(clock.born), ledger.now());
  assert.is(clock.born.slice(-6), replicaOf(ledger.repository));
  assert.is(lastStamp(ledger.repository), clock.born);
});

transaction('remembers the last stamp from one write to the next, and wholly where what it remembered is damaged', async () => {
  const ledger = await newLedger();
  const file = join(stateFolder(ledger.repository), 'clock');
  for (const [index, left] of [undefined, undefined, '', '"', JSON.stringify('0'.repeat(40)), JSON.stringify({ clock: 'x'.repeat(100) })].entries()) {
    if (left !== undefined) writeFileSync(file, left);
    await write(ledger, (view) => create(view, `gt-${index}`, { title: 'Weld' }, nux));
    const { clock } = (await lineIn(ledger, `gt-${index}`)) as { clock: { born: string } };
    assert.is(readFileSync(file, 'utf8'), JSON.stringify(clock.born), left);
  }
});

transaction('remembers the last stamp where somebody takes the file away that it was read from', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  const known = lastStamp(ledger.repository)!;
  rmSync(join(stateFolder(ledger.repository), 'clock'));
  keepStamp(ledger.repository, known, stampAfter(known, 'abcdef'));
  assert.is(lastStamp(ledger.repository), stampAfter(known, 'abcdef'));
});

transaction('writes over what a clock that was ahead has written, though this clone forgot its own', async () => {
  const watch = { time: Date.parse('2026-05-01T08:00:00Z') };
  const ledger = await newLedger(watch);
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await transact(ledger, ace, 'Set', (view) => setSetting(view.settings('config'), 'config', 'theme', 'rust'));
  watch.time -= 3_600_000;
  rmSync(join(stateFolder(ledger.repository), 'clock'));
  await write(ledger, (view) => edit(view, 'gt-a', { priority: 0 }, nux));
  rmSync(join(stateFolder(ledger.repository), 'clock'));
  const before = await consult(ledger, (view) => view.settings('config'));
  await transact(ledger, ace, 'Set again', (view) => setSetting(view.settings('config'), 'config', 'theme', 'chrome'));
  const after = await consult(ledger, (view) => view.settings('config'));
  const stampOf = (settings: Readonly<Record<string, unknown>>): string => String((settings['clock'] as Record<string, string>)['theme']);
  assert.ok(stampOf(after) > stampOf(before));
  const { clock } = (await lineIn(ledger, 'gt-a')) as { clock: { born: string; priority: string } };
  assert.ok(clock.priority > clock.born);
});

transaction('gives out greater stamps though the clock goes back an hour', async () => {
  const watch = { time: Date.parse('2026-05-01T08:00:00Z') };
  const ledger = await newLedger(watch);
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  watch.time -= 3_600_000;
  await write(ledger, (view) => edit(view, 'gt-a', { priority: 0 }, nux));
  await write(ledger, (view) => create(view, 'gt-b', { title: 'Paint' }, nux));
  const [a, b] = [await lineIn(ledger, 'gt-a'), await lineIn(ledger, 'gt-b')] as { clock: { born: string; priority: string } }[];
  assert.ok(a && b && a.clock.priority > a.clock.born && b.clock.born > a.clock.priority);
});

transaction('does nothing where nothing is decided', async () => {
  const ledger = await newLedger();
  const before = await readRef(ledger.repository, ledger.ref);
  assert.is((await write(ledger, () => [])).commit, undefined);
  assert.is(await readRef(ledger.repository, ledger.ref), before);
});

transaction('lands whole or not at all', async () => {
  const ledger = await newLedger();
  const before = await readRef(ledger.repository, ledger.ref);
  const refused = write(ledger, (view) => [...create(view, 'gt-a', { title: 'Weld' }, nux), ...create(view, 'gt-b', { title: '' }, nux)]);
  await refused.then(() => assert.unreachable(), (error: unknown) => assert.ok(refusal('field.bad')(error)));
  assert.is(await readRef(ledger.repository, ledger.ref), before);
});

transaction('decides again when another writer was faster', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  let asked = 0;
  const meddle = (): string => {
    // Between the decision and the commit, somebody who takes no lock moves the ref.
    if (asked === 1) {
      const commit = execFileSync('git', ['commit-tree', 'refs/beads/main^{tree}', '-p', 'refs/beads/main', '-m', 'Meddle'], { cwd: ledger.repository.gitDir, env: { ...ownEnvironment() }, encoding: 'utf8' }).trim();
      execFileSync('git', ['update-ref', 'refs/beads/main', commit], { cwd: ledger.repository.gitDir });
    }
    return 'Edit';
  };
  let seen = '';
  await transact(ledger, ace, meddle, (view) => {
    if (view.get('gt-a') !== undefined) asked += 1;
    seen = find(view, 'gt-a').title;
    return edit(view, 'gt-a', { priority: 0 }, nux);
  });
  assert.equal([asked, seen], [2, 'Weld']);
  assert.equal((await gitIn(ledger, 'log', '--format=%s', 'refs/beads/main')).split('\n').slice(0, 2), ['Edit', 'Meddle']);
});

transaction('keeps keys that it does not know', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld', chrome: { shine: [1, null] } }, nux));
  await write(ledger, (view) => edit(view, 'gt-a', { priority: 0 }, nux));
  assert.equal((await lineIn(ledger, 'gt-a'))['chrome'], { shine: [1, null] });
});

transaction('leaves a tombstone with nothing but its birth and its end in its clock', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld', description: 'secret' }, nux));
  await write(ledger, (view) => remove(view, 'gt-a', { reason: 'off', force: true }, nux));
  const line = await lineIn(ledger, 'gt-a');
  assert.equal([line['status'], line['description'], Object.keys(line['clock'] as object)], ['tombstone', undefined, ['born', 'deleted']]);
});

transaction('stamps an edge with the birth of its target', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await write(ledger, (view) => create(view, 'gt-b', { title: 'Paint' }, nux));
  await write(ledger, (view) => depend(view, 'gt-b', 'gt-a', 'blocks', nux));
  const [a, b] = [await lineIn(ledger, 'gt-a'), await lineIn(ledger, 'gt-b')] as { clock: { born: string; dependencies: Record<string, string[]> } }[];
  assert.is(b?.clock.dependencies['gt-a']?.[1], a?.clock.born);
});

transaction('keeps settings beside the beads', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => setSetting(view.settings('config'), 'config', 'scheduler.max_polecats', 3));
  assert.equal(await consult(ledger, (view) => view.settings('config')['scheduler']), { max_polecats: 3 });
  assert.equal((await write(ledger, (view) => setSetting(view.settings('config'), 'config', 'scheduler.max_polecats', 3))).commit, undefined);
});

transaction('asks who refers to a bead, at the very commit that it decides on', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-e', { title: 'Rig', issue_type: 'epic' }, nux));
  for (const id of ['gt-e.1', 'gt-e.2']) {
    await write(ledger, (view) => create(view, id, { title: id, dependencies: [{ depends_on_id: 'gt-e', type: 'parent-child' }] }, nux));
    await write(ledger, (view) => close(view, 'gt-e', { reason: '' }, nux)).then(() => assert.unreachable(), (error: unknown) => assert.ok(refusal('bead.close-refused')(error)));
  }
  for (const id of ['gt-e.1', 'gt-e.2']) await write(ledger, (view) => close(view, id, { reason: '' }, nux));
  assert.ok((await write(ledger, (view) => close(view, 'gt-e', { reason: '' }, nux))).commit);
});

transaction('outwaits the lock that a git which was killed has left on the ref', async () => {
  const ledger = await newLedger();
  const lock = join(ledger.repository.gitDir, 'refs/beads/main.lock');
  writeFileSync(lock, '');
  const then = Date.now() / 1000 - 5;
  utimesSync(lock, then, then);
  assert.ok((await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux))).commit);
  assert.not.ok(existsSync(lock));
});

transaction('leaves no lock and no file of its own behind', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  assert.equal(readdirSync(join(stateFolder(ledger.repository), 'locks')), []);
  assert.equal(readdirSync(ledger.repository.gitDir).filter((name) => name.startsWith('fast_import')), []);
});

transaction.run();

const missing = suite('a ledger that is missing');

missing('is not an empty one', async () => {
  const ledger = ledgerAt(await repository());
  for (const attempt of [() => write(ledger, () => []), () => consult(ledger, () => 1)]) {
    await attempt().then(() => assert.unreachable(), (error: unknown) => assert.ok(refusal('ledger.missing')(error)));
  }
  assert.not.ok(existsSync(join(stateFolder(ledger.repository), 'clock')));
});

missing.run();

const damaged = suite('a ledger that cannot be read');

const broken: Record<string, string> = {
  'is no JSON': '{\n',
  'has no end': '{"id":"gt-a","clock":{"born":"000000001000aaaaaa"}}',
  'is no bead': '{"id":"gt-a"}\n',
  'stands there twice': '{"clock":{"born":"000000001000aaaaaa"},"id":"gt-a"}\n'.repeat(2),
};

for (const [what, text] of Object.entries(broken)) {
  damaged(`stops the command and is left as it is: a line ${what}`, async () => {
    const ledger = await newLedger();
    const parent = (await readRef(ledger.repository, ledger.ref)) ?? '';
    const sign = { name: 'x', email: 'x@y.z', epochSeconds: 1, zone: '+0000' };
    const path = `beads/${shardOf('gt-a')}.jsonl`;
    const commit = await importCommit(ledger.repository, ledger.ref, parent, async () => ({ message: 'x', author: sign, committer: sign, files: new Map([[path, text]]) }));
    for (const attempt of [() => consult(ledger, (view) => view.get('gt-a')), () => write(ledger, (view) => create(view, 'gt-a', { title: 'x' }, nux))]) {
      await attempt().then(() => assert.unreachable(), (error: unknown) => {
        assert.ok(refusal('ledger.bad-line')(error));
        assert.match((error as Error).message, `${commit?.slice(0, 12)}:${path}, line `);
      });
    }
    assert.is(await readRef(ledger.repository, ledger.ref), commit);
    assert.is(readFileSync(join(ledger.repository.gitDir, 'refs/beads/main'), 'utf8').trim(), commit);
  });
}

damaged('stops the command and is left as it is: an object is lost', async () => {
  for (const lost of [`:beads/${shardOf('gt-a')}.jsonl`, `:beads/${shardOf('gt-a').slice(0, 2)}`, ':beads', '^{tree}', '']) {
    const ledger = await newLedger();
    await write(ledger, (view) => create(view, 'gt-a', { title: 'x' }, nux));
    const commit = await readRef(ledger.repository, ledger.ref);
    await loseObject(ledger, `${ledger.ref}${lost}`);
    for (const attempt of [() => consult(ledger, (view) => view.get('gt-a')), () => write(ledger, (view) => create(view, 'gt-a.1', { title: 'x' }, nux))]) {
      const said = await attempt().then(() => 'answered', (error: { code?: string }) => error.code ?? '');
      assert.ok(['object.missing', 'git.failed'].includes(said), `${lost}: ${said}`);
    }
    assert.is(await readRef(ledger.repository, ledger.ref), commit);
  }
});

damaged('stops the command: the newest commit is lost', async () => {
  const ledger = await newLedger();
  const head = (await gitIn(ledger, 'rev-parse', ledger.ref)).trim();
  await loseObject(ledger, ledger.ref);
  for (const look of [() => consult(ledger, (view) => view.settings('config')), () => readFormat(ledger)]) {
    const failure = await look().then(() => undefined, (error: unknown) => error);
    assert.ok(refusal('object.missing')(failure), String(failure));
    assert.match((failure as Error).message, head);
  }
});

damaged('stops the command and is left as it is: settings are lost', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => setSetting(view.settings('config'), 'config', 'theme', 'rust'));
  await loseObject(ledger, `${ledger.ref}:settings/config.json`);
  const failure = await write(ledger, (view) => setSetting(view.settings('config'), 'config', 'size', 3)).then(() => undefined, (error: unknown) => error);
  assert.ok(refusal('object.missing')(failure));
});

damaged.run();
