// time limit: 300 s
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Beads } from '../../src/domain/bead.ts';
import { close, reopen } from '../../src/domain/closing.ts';
import { create, edit } from '../../src/domain/content.ts';
import { depend } from '../../src/domain/dependency.ts';
import { briefPage } from '../../src/ledger/brief-page.ts';
import { findLines, version, writeCache } from '../../src/ledger/cache-file.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { ledgerThen } from '../../src/ledger/past.ts';
import { keepProjection, readyBeads, referrersAt, referrersOf, roughCount } from '../../src/ledger/projection.ts';
import { consult } from '../../src/ledger/read.ts';
import { bead, nux } from '../helpers/garage.ts';
import { newLedger, write } from '../helpers/ledger.ts';
import { answers, cacheFolder, doOrRefuse, firstLook, glimpsed, names, verbs } from '../helpers/projecting.ts';
import { readyIn } from '../helpers/readiness.ts';

const name = fc.constantFrom(...names);
const projection = suite('the projection');

projection('brought up to date by differences is what is worked out from nothing, after any changes', async () => {
  const step = fc.tuple(fc.constantFrom(...Object.keys(verbs)), name, name, fc.constantFrom('look', 'look', 'go on', 'forget one', 'forget all', 'wait'));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
      const watch = { time: Date.parse('2026-05-01T08:00:00Z') };
      const ledger = await newLedger(watch);
      for (const id of names.slice(0, 3)) await doOrRefuse(ledger, 'create', id, id);
      for (const [verb, id, other, then] of steps) {
        await doOrRefuse(ledger, verb, id, other);
        if (then === 'wait') watch.time += 20 * 60_000;
        await glimpsed(ledger);
        if (then === 'go on') continue;
        if (then.startsWith('forget')) {
          await answers(ledger);
          const files = readdirSync(cacheFolder(ledger));
          for (const file of then === 'forget all' ? files : files.slice(0, 1)) rmSync(join(cacheFolder(ledger), file));
        }
        const kept = await answers(ledger);
        const open = kept.live.filter(({ status }) => status !== 'closed').map(({ id }) => id);
        const seen = await glimpsed(ledger);
        assert.equal(seen.filter((id) => open.includes(id)), open);
        // The file of those that are done is written again with the next commit that needs it.
        if (then !== 'forget one') assert.equal(seen, kept.ids);
        rmSync(cacheFolder(ledger), { recursive: true });
        assert.equal(await answers(ledger), kept);
        assert.is(roughCount(ledger), kept.ids.length);
        const whole = await consult(ledger, (view) => [...view.all()]);
        const perhaps = kept.ready.beads.filter(({ status }) => status === 'in_review').length;
        assert.equal([kept.custom, kept.ready.foreign], [perhaps === 0 ? undefined : { in_review: perhaps }, perhaps > 0]);
        assert.equal(kept.ready.beads.map(({ id }) => id).sort(), readyIn(whole.map((bead) => (bead.status === 'in_review' ? { ...bead, status: 'open' } : bead)), watch.time));
        assert.equal(kept.ids, whole.filter(({ status }) => status !== 'tombstone').map(({ id }) => id).sort());
      }
    }),
    { numRuns: Number(process.env.GASTOWN_TEST_RUNS ?? 12) },
  );
});

projection('counts no edge of a deleted bead, as it is kept, as it has changed since, and as it was', async () => {
  const ledger = await newLedger();
  const dead = { ...bead('gt-b', { status: 'tombstone' }), dependencies: [{ issue_id: 'gt-b', depends_on_id: 'gt-a', type: 'blocks', created_at: '2026-05-01T08:00:00Z', created_by: 'nux' }] };
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await readyBeads(ledger, 1);
  const { commit = '' } = await write(ledger, () => [{ op: 'bead.created', id: 'gt-b', bead: dead }]);
  const then = ledgerThen(ledger, { commit, time: ledger.now() });
  const pointing = async (at: Ledger): Promise<unknown> => [(await referrersAt(at, commit))('gt-a'), await referrersOf(at, commit, 'gt-a'), (await readyBeads(at, 1)).beads.map((each) => each.dependent_count)];
  assert.equal([await pointing(then), await pointing(ledger)], [[[], [], [0]], [[], [], [0]]]);
  rmSync(cacheFolder(ledger), { recursive: true });
  assert.equal(await pointing(ledger), [[], [], [0]]);
});

projection('judges again what a change concerns from afar: below a parent that was blocked, and what waits for children', async () => {
  const ledger = await newLedger();
  const file = (id: string) => (view: Beads) => create(view, id, { title: id }, nux);
  for (const id of ['gt-a', 'gt-b', 'gt-c', 'gt-d', 'gt-w']) await write(ledger, file(id));
  const edges = [['gt-a', 'gt-b', 'blocks'], ['gt-c', 'gt-a', 'parent-child'], ['gt-d', 'gt-c', 'parent-child'], ['gt-w', 'gt-c', 'waits-for']] as const;
  for (const [id, on, type] of edges) await write(ledger, (view) => depend(view, id, on, type, nux));
  const ready = async (): Promise<string[]> => (await readyBeads(ledger, Infinity)).beads.map(({ id }) => id).sort();
  assert.equal(await ready(), ['gt-b']);
  await write(ledger, (view) => close(view, 'gt-b', { reason: 'done' }, nux));
  assert.equal(await ready(), ['gt-a', 'gt-c', 'gt-d']);
  await write(ledger, (view) => close(view, 'gt-d', { reason: 'done' }, nux));
  assert.equal(await ready(), ['gt-a', 'gt-c', 'gt-w']);
  await write(ledger, (view) => reopen(view, 'gt-b', nux));
  assert.equal(await ready(), ['gt-b', 'gt-w']);
});

projection('finds a line in a long file by reading little of it', async () => {
  const ledger = await newLedger();
  const length = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 20_000 }));
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 4095 }), { minLength: 1, maxLength: 300 }), fc.array(length, { minLength: 1, maxLength: 9 }), fc.integer({ min: 0, max: 4095 }), (keys, lengths, other) => {
      const beginning = (key: number): string => `["${String(key).padStart(4, '0')}",`;
      const sorted = [...keys].sort((a, b) => a - b);
      const lineOf = (key: number): string => `${beginning(key)}${'ö'.repeat(lengths[key % lengths.length]! / 2)}]`;
      writeCache(ledger, 'lines', { version, commit: 'c' }, sorted.map((key) => `${lineOf(key)}\n`).join(''));
      assert.equal(findLines(ledger, 'lines', 'c', sorted.map(beginning)), sorted.map(lineOf));
      assert.equal(findLines(ledger, 'lines', 'c', [beginning(other)]), [keys.includes(other) ? lineOf(other) : undefined]);
      assert.is(findLines(ledger, 'lines', 'd', [beginning(other)]), undefined);
    }),
    { numRuns: 60 },
  );
});

projection('reads no further than the page that is asked for', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => Array.from({ length: 30 }, (_, index) => create(view, `gt-x${String(index).padStart(2, '0')}`, { title: `Rivet ${index}`, priority: index % 5 }, nux)).flat());
  const whole = await readyBeads(ledger, Infinity);
  assert.equal((await readyBeads(ledger, 7)).beads, whole.beads.slice(0, 7));
  assert.equal([(await readyBeads(ledger, 7)).total, (await readyBeads(ledger, 0)).beads.length], [30, 0]);
});

projection('keeps what people are shown of the first of the list, for the newest commit alone', async () => {
  const ledger = await newLedger();
  await keepProjection(ledger);
  const ids = Array.from({ length: 120 }, (_, index) => `gt-x${String(index).padStart(3, '0')}`);
  await write(ledger, (view) => ids.flatMap((id) => create(view, id, { title: `Rivet ${id}` }, nux)));
  const brief = async (limit: number): Promise<unknown> => (await briefPage(ledger, limit))?.beads.map(({ id, title }) => [id, title]);
  assert.is(await brief(1), undefined);
  await keepProjection(ledger);
  assert.equal([await brief(2), await brief(101)], [[[ids[0], `Rivet ${ids[0]}`], [ids[1], `Rivet ${ids[1]}`]], undefined]);
  assert.is((await briefPage(ledger, 100))?.total, 120);
  const path = join(cacheFolder(ledger), 'ready-brief');
  const kept = readFileSync(path, 'utf8');
  for (const damaged of ['5', '{}', 'null', '"a"', '[', '']) {
    writeFileSync(path, `${kept.slice(0, kept.indexOf('\n') + 1)}${damaged}\n`);
    assert.is(await brief(1), undefined, damaged);
  }
  await write(ledger, (view) => edit(view, ids[1]!, { priority: 0, title: 'Weld' }, nux));
  assert.is(await brief(1), undefined);
  await readyBeads(ledger, 1);
  assert.equal(await brief(2), [[ids[1], 'Weld'], [ids[0], `Rivet ${ids[0]}`]]);
  await write(ledger, () => [{ op: 'dependency.added', id: ids[0]!, dependency: { issue_id: ids[0]!, depends_on_id: 'hq-y', type: 'blocks', created_at: nux.at, created_by: 'nux' } }]);
  await readyBeads(ledger, 1);
  assert.is(await brief(1), undefined, 'another ledger has a say in what is ready');
});

projection('says when a bead waits for one of another ledger', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => [...create(view, 'gt-a', { title: 'Weld' }, nux), { op: 'dependency.added', id: 'gt-a', dependency: { issue_id: 'gt-a', depends_on_id: 'hq-x', type: 'tracks', created_at: nux.at, created_by: 'nux' } }]);
  assert.is((await readyBeads(ledger, 9)).foreign, false);
  await write(ledger, () => [{ op: 'dependency.added', id: 'gt-a', dependency: { issue_id: 'gt-a', depends_on_id: 'hq-y', type: 'blocks', created_at: nux.at, created_by: 'nux' } }]);
  assert.is((await readyBeads(ledger, 9)).foreign, true);
  rmSync(cacheFolder(ledger), { recursive: true });
  assert.equal([(await firstLook(ledger, 9))?.foreign, (await readyBeads(ledger, 9)).foreign], [true, true]);
  // A closed child is judged too: others may wait for it.
  await write(ledger, (view) => [...create(view, 'gt-b', { title: 'Rig' }, nux), { op: 'dependency.added', id: 'gt-a', dependency: { issue_id: 'gt-a', depends_on_id: 'gt-b', type: 'parent-child', created_at: nux.at, created_by: 'nux' } }]);
  await write(ledger, (view) => close(view, 'gt-a', { reason: 'done', force: true }, nux));
  rmSync(cacheFolder(ledger), { recursive: true });
  assert.equal([(await firstLook(ledger, 9))?.foreign, (await readyBeads(ledger, 9)).foreign], [false, false]);
});

projection.run();
