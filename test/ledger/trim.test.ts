import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { canonical } from '../../src/base/jsonl.ts';
import { close } from '../../src/domain/closing.ts';
import { create, edit } from '../../src/domain/content.ts';
import { importCommit } from '../../src/git/import.ts';
import { updateRefs } from '../../src/git/refs.ts';
import { auditTrail, headOf, versionsOf } from '../../src/ledger/history.ts';
import { readFormat } from '../../src/ledger/init.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { commitBy, ledgerThen } from '../../src/ledger/past.ts';
import { consult } from '../../src/ledger/read.ts';
import { measureLedger } from '../../src/ledger/size.ts';
import { trim, TrimRefused } from '../../src/ledger/trim.ts';
import { nux, slit } from '../helpers/garage.ts';
import { ace, gitIn, newLedger, write, type Watch } from '../helpers/ledger.ts';

const begun = Date.parse('2026-05-01T08:00:00Z');
const day = 86_400_000;

/** A ledger of ten days, one write a day; on the sixth day two that were made apart and merged. */
async function tenDays(): Promise<{ ledger: Ledger; watch: Watch }> {
  const watch: Watch = { time: begun };
  const ledger = await newLedger(watch);
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  for (let count = 1; count < 10; count += 1) {
    watch.time += day;
    const base = await headOf(ledger);
    const { commit } = await write(ledger, (view) => edit(view, 'gt-a', { title: `Weld ${count}` }, slit));
    if (count !== 5) continue;
    await updateRefs(ledger.repository, [{ ref: ledger.ref, from: commit!, to: base }]);
    const { commit: other } = await write(ledger, (view) => create(view, 'gt-b', { title: 'Paint' }, nux));
    const person = { name: 'sync', email: 's@y.nc', epochSeconds: watch.time / 1000, zone: '+0000' };
    const tree = (await gitIn(ledger, 'ls-tree', '-r', commit!)).split('\n').map((line) => line.split(/[ \t]/)).map(([mode = '', , oid = '', path = '']): [string, { mode: string; oid: string }] => [path, { mode, oid }]);
    await importCommit(ledger.repository, ledger.ref, other!, async () => ({ message: 'Merge', author: person, committer: person, files: new Map(tree), extraParents: [commit!] }));
  }
  return { ledger, watch };
}

async function exported(ledger: Ledger): Promise<string[]> {
  return consult(ledger, (view) => [...view.all()].map(canonical).sort());
}

const trimming = suite('trim');

trimming('cuts old history off, keeps it at an archive, and what came since with its own words and times', async () => {
  const { ledger } = await tenDays();
  const [before, head, log] = [await exported(ledger), await headOf(ledger), await auditTrail(ledger, { limit: Infinity })];
  const dry = await trim(ledger, ace, begun + 4.5 * day, true);
  assert.is(await headOf(ledger), head);
  // As one leaves it that was killed.
  await gitIn(ledger, 'update-ref', 'refs/gastown/regrow', head);
  const done = await trim(ledger, ace, begun + 4.5 * day, false);
  assert.equal({ ...done, commit: null }, dry);
  assert.equal([done.cut, done.kept, done.archive], [5, 7, 'refs/beads/archive/2026-05-10']);
  assert.equal(await exported(ledger), before);
  assert.is((await readFormat(ledger))?.cut, 1);
  assert.is((await gitIn(ledger, 'rev-parse', done.archive)).trim(), head);
  const after = await auditTrail(ledger, { limit: Infinity });
  const said = (entries: typeof log): unknown[] => entries.map(({ actor, at, subject, changes }) => [actor, at, subject, changes]);
  assert.equal(said(after.slice(1, -1)), said(log.slice(0, 7)));
  assert.equal(after.at(-1)?.subject, `Begin with what ${done.until.slice(0, 12)} held`);
  assert.is(after.at(-1)?.at, '2026-05-05T08:00:00Z');
  assert.is((await gitIn(ledger, 'rev-list', '--count', '--merges', 'refs/beads/main')).trim(), '1');
  assert.is((await versionsOf(ledger, 'gt-a')).length, 6);
  assert.is((await gitIn(ledger, 'for-each-ref', 'refs/gastown')).trim(), '');
});

trimming('leaves every time to be looked at, and the ledger to be written', async () => {
  const { ledger, watch } = await tenDays();
  await trim(ledger, ace, begun + 4.5 * day, false);
  for (const [days, title] of [[0.5, 'Weld'], [2.5, 'Weld 2'], [7.5, 'Weld 7']] as const) {
    const then = ledgerThen(ledger, await commitBy(ledger, begun + days * day));
    assert.is(await consult(then, (view) => view.get('gt-a')?.title), title);
  }
  watch.time += day;
  await write(ledger, (view) => close(view, 'gt-a', { reason: 'done' }, slit));
  const again = await trim(ledger, ace, begun + 8.5 * day, false);
  assert.is(again.archive, 'refs/beads/archive/2026-05-11');
  assert.is((await readFormat(ledger))?.cut, 2);
  assert.is((await trim(ledger, ace, watch.time, true)).archive, 'refs/beads/archive/2026-05-11-2');
});

trimming('refuses where nothing is so old, and where a damaged ledger may need its history', async () => {
  const { ledger } = await tenDays();
  const refused = async (before: number): Promise<string> => {
    const failure = await trim(ledger, ace, before, false).then(() => undefined, (error: unknown) => error);
    assert.instance(failure, TrimRefused);
    return (failure as Error).message;
  };
  assert.match(await refused(begun - day), 'nothing of it is older than 2026-04-30T08:00:00Z');
  const person = { name: 'x', email: 'x@y.z', epochSeconds: 1, zone: '+0000' };
  await importCommit(ledger.repository, ledger.ref, await headOf(ledger), async () => ({ message: 'x', author: person, committer: person, files: new Map([['beads/00/00.jsonl', 'rust\n']]) }));
  assert.match(await refused(begun + 4.5 * day), 'it is damaged');
});

trimming('is what the stats count', async () => {
  const { ledger } = await tenDays();
  const before = await measureLedger(ledger);
  assert.equal([before.beads, before.total, before.shards, before.commits, before.cut, before.since], [{ open: 2 }, 2, 2, 13, 0, '2026-05-01T08:00:00Z']);
  assert.ok(before.disk_bytes > 1000 && before.bytes > 100 && before.packs > 0);
  await trim(ledger, ace, begun + 4.5 * day, false);
  const { commits, cut, archives } = await measureLedger(ledger);
  assert.equal([commits, cut, archives], [9, 1, ['refs/beads/archive/2026-05-10']]);
});

trimming.run();
