import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { historyOf, ledgerLog } from '../../src/actions/bead-history.ts';
import { remove } from '../../src/domain/closing.ts';
import { create, edit } from '../../src/domain/content.ts';
import { readRef, updateRefs } from '../../src/git/refs.ts';
import { fold } from '../../src/ledger/fold.ts';
import { mainRef } from '../../src/ledger/ledger.ts';
import { openTown } from '../../src/town.ts';
import { nux, slit } from '../helpers/garage.ts';
import { ledgerAt, write } from '../helpers/ledger.ts';
import { output, temporary } from '../helpers/temporary.ts';
import { soloTown } from '../helpers/town.ts';

const history = suite('historyOf');

history('tells beside a merge what it has overwritten, where one side lost all that it wrote too', async () => {
  const path = await soloTown();
  const now = (): number => Date.parse('2036-05-01T08:00:00Z');
  const town = openTown(path, now);
  const [prefix = ''] = town.hq.prefixes;
  const id = `${prefix}-weld`;
  await write(town.hq, (view) => create(view, id, { title: 'Weld' }, nux));
  const copy = join(temporary(), 'copy.git');
  await output(['git', 'clone', '-q', '--bare', path, copy]);
  await output(['git', 'fetch', '-q', path, `${mainRef}:${mainRef}`], { cwd: copy });
  const theirs = ledgerAt(copy, { time: now() + 60_000 }, town.hq.prefixes);
  await write(town.hq, (view) => edit(view, id, { title: 'Rivet' }, nux));
  await write(theirs, (view) => edit(view, id, { title: 'Solder' }, slit));
  await output(['git', 'fetch', '-q', copy, `${mainRef}:refs/beads-remotes/copy/main`], { cwd: path });
  const { commit, backup } = await fold(town.hq, (await readRef(town.hq.repository, 'refs/beads-remotes/copy/main')) ?? '');
  const { episodes } = await historyOf(openTown(path, now), path, id);
  assert.equal(episodes.map((each) => each.changes.join(', ')).sort(), ['created as open task P2: Weld', 'lost in a merge: title Rivet', 'title Weld → Rivet', 'title Weld → Solder']);
  assert.is(episodes.at(-1)?.commit, commit);
  // The merge may be taken back by the ref that was left.
  await updateRefs(town.hq.repository, [{ ref: mainRef, from: commit, to: (await readRef(town.hq.repository, backup ?? '')) ?? null }]);
  assert.equal((await historyOf(openTown(path, now), path, id)).episodes.length, 2);
});

history.run();

const log = suite('ledgerLog');

log('of a deleted bead has nothing to tell of a time when nobody wrote to it, and knows it all the same', async () => {
  const path = await soloTown();
  const watch = { time: Date.parse('2036-05-01T08:00:00Z') };
  const town = openTown(path, () => watch.time);
  const id = `${town.hq.prefixes[0] ?? ''}-weld`;
  await write(town.hq, (view) => create(view, id, { title: 'Weld' }, nux));
  await write(town.hq, (view) => remove(view, id, { reason: 'off', force: true }, nux));
  assert.is((await ledgerLog(town, path, [town.hq], { bead: id, limit: 10 })).length, 2);
  assert.equal(await ledgerLog(town, path, [town.hq], { bead: id, limit: 10, since: watch.time + 60_000 }), []);
});

log.run();
