import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { close } from '../../src/domain/closing.ts';
import { create, edit } from '../../src/domain/content.ts';
import { depend } from '../../src/domain/dependency.ts';
import { auditTrail, versionsOf } from '../../src/ledger/history.ts';
import { mainRef, stateFolder, type Ledger } from '../../src/ledger/ledger.ts';
import { commitBy, commitNamed, ledgerThen, NotYetBegun } from '../../src/ledger/past.ts';
import { allIds, liveBeads, readyBeads, referrersAt } from '../../src/ledger/projection.ts';
import { consult, hasLedger } from '../../src/ledger/read.ts';
import { wispsOf } from '../../src/ledger/wisps.ts';
import { nux, refusal, slit } from '../helpers/garage.ts';
import { bareLedger, gitIn, loseObject, newLedger, take, write, type Watch } from '../helpers/ledger.ts';
import { run } from '../helpers/temporary.ts';

const begun = Date.parse('2026-05-01T08:00:00Z');
const hour = 3_600_000;

/** Everything that the projection answers about a ledger, live or as it was. */
async function answers(ledger: Ledger, commit: string): Promise<unknown> {
  const ids = await allIds(ledger);
  const referrers = await referrersAt(ledger, commit);
  const live = [...(await liveBeads(ledger)).all()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { ids, ready: await readyBeads(ledger, 100), live, referrers: ids.map((id) => referrers(id).map((each) => each.id).sort()) };
}

const past = suite('a ledger as it was');

past('answers at every commit what it answered then, and leaves the live projection alone', async () => {
  const watch: Watch = { time: begun };
  const ledger = await newLedger(watch);
  const steps = [
    () => write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux)),
    () => write(ledger, (view) => create(view, 'gt-b', { title: 'Paint', defer_until: '2026-05-01T10:30:00Z' }, nux)),
    () => write(ledger, (view) => depend(view, 'gt-a', 'gt-b', 'blocks', nux)),
    () => write(ledger, (view) => close(view, 'gt-b', { reason: 'dry' }, slit)),
    () => write(ledger, (view) => edit(view, 'gt-a', { priority: 0 }, slit)),
  ];
  const told: { time: number; commit: string; then: unknown }[] = [];
  for (const step of steps) {
    watch.time += hour;
    const { commit } = await step();
    assert.ok(commit);
    told.push({ time: watch.time, commit, then: await answers(ledger, commit) });
  }
  const folder = join(stateFolder(ledger.repository), 'cache', 'refs-beads-main');
  const files = readdirSync(folder).sort();
  for (const { time, commit, then } of told) {
    const moment = await commitBy(ledger, time + hour / 2);
    assert.is(moment.commit, commit);
    assert.equal(await commitNamed(ledger, commit.slice(0, 9)), { commit, time });
    assert.equal(await answers(ledgerThen(ledger, { commit, time }), commit), then);
  }
  assert.equal(readdirSync(folder).sort(), files);
  assert.equal(await answers(ledger, told.at(-1)!.commit), told.at(-1)!.then);
});

past('judges what was put off by the time that is asked about', async () => {
  const watch: Watch = { time: begun };
  const ledger = await newLedger(watch);
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld', defer_until: '2026-05-01T09:00:00Z' }, nux));
  for (const [time, ready] of [[begun + hour / 2, 0], [begun + 2 * hour, 1]] as const) {
    assert.is((await readyBeads(ledgerThen(ledger, await commitBy(ledger, time)), 10)).total, ready);
  }
});

past('knows nothing from before it began, nothing of ephemeral beads, and no commit of the code', async () => {
  const ledger = await newLedger({ time: begun });
  const failure = await commitBy(ledger, begun - hour).catch((error: unknown) => error);
  assert.instance(failure, NotYetBegun);
  assert.is((failure as NotYetBegun).hint, '--at 2026-05-01T08:00:00Z');
  const then = ledgerThen(ledger, await commitBy(ledger, begun));
  assert.not(await hasLedger(wispsOf(then)));
  assert.is(await consult(then, (view) => [...view.all()].length), 0);
  assert.is(await commitNamed(ledger, 'feedbeef'), undefined);
  assert.is(await commitNamed(ledger, '2h'), undefined);
});

past('of which what says that it is a ledger is lost is told from a commit that is none', async () => {
  const ledger = await newLedger({ time: begun });
  const { commit = '' } = await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  assert.ok(await commitNamed(ledger, commit));
  await loseObject(ledger, `${commit}:format.json`);
  assert.ok(refusal('object.missing')(await commitNamed(ledger, commit.slice(0, 9)).catch((error: unknown) => error)));
});

past('holds all that was written by then in clones that met later, and its history tells the same', async () => {
  const clocks = ['ours', 'theirs', 'third'].map((): Watch => ({ time: begun }));
  const ours = await newLedger(clocks[0]);
  const others = [await bareLedger(clocks[1]), await bareLedger(clocks[2])];
  for (const other of others) await take(other, ours);
  const clones = [ours, ...others];
  const at = (index: number, minutes: number, decide: Parameters<typeof write>[1]): ReturnType<typeof write> => {
    clocks[index]!.time = begun + minutes * 60_000;
    return write(clones[index]!, decide);
  };
  await at(0, 10, (view) => [...create(view, 'gt-a', { title: 'Weld' }, nux), ...create(view, 'gt-x', { title: 'Ours' }, nux)]);
  await at(1, 20, (view) => [...create(view, 'gt-b', { title: 'Paint' }, slit), ...create(view, 'gt-x', { title: 'Theirs' }, slit)]);
  await at(2, 25, (view) => create(view, 'gt-c', { title: 'Rivet' }, slit));
  await at(0, 40, (view) => edit(view, 'gt-a', { title: 'Solder' }, nux));
  await at(1, 45, (view) => close(view, 'gt-b', { reason: 'dry' }, slit));
  await at(2, 50, (view) => create(view, 'gt-d', { title: 'File' }, slit));
  for (const other of others) await take(ours, other);
  const now = (await gitIn(ours, 'rev-parse', mainRef)).trim();
  for (const [minutes, titles] of [[5, []], [15, ['Ours', 'Weld']], [22, ['Ours', 'Paint', 'Theirs', 'Weld']], [30, ['Ours', 'Paint', 'Rivet', 'Theirs', 'Weld']], [42, ['Ours', 'Paint', 'Rivet', 'Solder', 'Theirs']]] as const) {
    const moment = await commitBy(ours, begun + minutes * 60_000);
    const then = ledgerThen(ours, moment);
    assert.equal(await consult(then, (view) => [...view.all()].map(({ title }) => title).sort()), titles, `after ${minutes} minutes`);
    assert.is((await commitBy(ours, begun + minutes * 60_000)).commit, moment.commit);
    const written = (await auditTrail(then, { limit: Infinity, since: begun + 1 })).filter(({ subject }) => subject === 'Write');
    assert.is(written.length, [10, 20, 25, 40].filter((each) => each <= minutes).length);
    if (titles.length > 0) assert.is((await versionsOf(then, 'gt-a')).at(-1)?.after?.title, minutes < 40 ? 'Weld' : 'Solder');
  }
  assert.is((await commitBy(ours, begun + hour)).commit, now);
  assert.is((await gitIn(ours, 'for-each-ref', '--format=%(refname)', 'refs/gastown')).trim(), '');
  assert.is((await run(['git', 'fsck', '--strict', '--no-dangling'], { cwd: ours.repository.gitDir })).code, 0);
});

past.run();
