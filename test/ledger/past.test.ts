import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { close } from '../../src/domain/closing.ts';
import { create, edit } from '../../src/domain/content.ts';
import { depend } from '../../src/domain/dependency.ts';
import { stateFolder, type Ledger } from '../../src/ledger/ledger.ts';
import { commitBy, commitNamed, ledgerThen, NotYetBegun } from '../../src/ledger/past.ts';
import { allIds, liveBeads, readyBeads, referrersAt } from '../../src/ledger/projection.ts';
import { consult, hasLedger } from '../../src/ledger/read.ts';
import { wispsOf } from '../../src/ledger/wisps.ts';
import { nux, slit } from '../helpers/garage.ts';
import { newLedger, write, type Watch } from '../helpers/ledger.ts';

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

past.run();
