// time limit: 300 s
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Bead, BeadChange, Beads } from '../../src/domain/bead.ts';
import { close, remove, reopen } from '../../src/domain/closing.ts';
import { addLabel, create, edit } from '../../src/domain/content.ts';
import { depend, undepend } from '../../src/domain/dependency.ts';
import { claim } from '../../src/domain/hook.ts';
import { matches } from '../../src/domain/matching.ts';
import { openWork } from '../../src/domain/query.ts';
import { readyOrder } from '../../src/domain/ready.ts';
import { Failure } from '../../src/base/errors.ts';
import { shardOf } from '../../src/base/ids.ts';
import { findLines, version, writeCache } from '../../src/ledger/cache-file.ts';
import { differenceSince } from '../../src/ledger/difference.ts';
import { readyAtFirst } from '../../src/ledger/first-look.ts';
import { importCommit } from '../../src/git/import.ts';
import { keptDifference } from '../../src/ledger/kept-difference.ts';
import { readRef, updateRefs } from '../../src/git/refs.ts';
import { stateFolder, type Ledger } from '../../src/ledger/ledger.ts';
import { customReady } from '../../src/ledger/custom-counts.ts';
import { openPage } from '../../src/ledger/open-page.ts';
import { ledgerThen } from '../../src/ledger/past.ts';
import { written } from '../../src/ledger/live.ts';
import { allIds, keepProjection, keptBeads, liveBeads, readyBeads, referrersAt, referrersOf, roughCount } from '../../src/ledger/projection.ts';
import { consult } from '../../src/ledger/read.ts';
import { bead, nux, refusal } from '../helpers/garage.ts';
import { ledgerAt, loseObject, newLedger, write } from '../helpers/ledger.ts';
import { readyIn } from '../helpers/readiness.ts';
import { repository } from '../helpers/temporary.ts';

function cacheFolder(ledger: Ledger): string {
  return join(stateFolder(ledger.repository), 'cache', 'refs-beads-main');
}

/** A first look at a ledger of any size, as if there had been none. */
async function firstLook(ledger: Ledger, limit: number): ReturnType<typeof readyAtFirst> {
  rmSync(join(cacheFolder(ledger), 'first-look'), { force: true });
  return readyAtFirst(ledger, (await readRef(ledger.repository, ledger.ref)) ?? '', limit, 0);
}

/** All that the projection answers. */
async function answers(ledger: Ledger): Promise<{ readonly ready: { readonly total: number; readonly foreign: boolean; readonly beads: readonly Bead[] }; readonly custom: unknown; readonly live: readonly Bead[]; readonly referrers: unknown; readonly ids: readonly string[] }> {
  const live = await liveBeads(ledger);
  const referrers = await referrersAt(ledger, (await readRef(ledger.repository, ledger.ref)) ?? '');
  const ids = await allIds(ledger);
  const { total, beads, foreign } = await readyBeads(ledger, Infinity);
  for (const asked of [2, 0, Infinity]) assert.equal(await firstLook(ledger, asked), { total, foreign, beads: beads.slice(0, asked), unkept: true });
  assert.is(await readyAtFirst(ledger, (await readRef(ledger.repository, ledger.ref)) ?? '', 2, 0), undefined);
  for (const asked of [2, 2, 0]) assert.equal(await readyBeads(ledger, asked), { total, foreign, beads: beads.slice(0, asked) });
  return {
    ready: { total, foreign, beads: beads.map((bead) => ({ ...bead })) },
    custom: await customReady(ledger),
    live: [...live.all()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    ids,
    referrers: ids.map((id) => [id, referrers(id).map((referrer) => referrer.id).sort()]),
  };
}

/** Looks that need no git: never other than what git says. Answers the ids that they found. */
async function glimpsed(ledger: Ledger): Promise<string[]> {
  const commit = (await readRef(ledger.repository, ledger.ref)) ?? '';
  const found = await keptBeads(ledger, commit, names);
  const said = await consult(ledger, (view) => names.map((id) => view.get(id)));
  for (const [id, bead] of found) assert.equal(bead, said.find((each) => each?.id === id));
  const all = await consult(ledger, (view) => [...view.all()]);
  const open = all.filter((bead) => matches(openWork, bead)).sort(readyOrder);
  for (const limit of [0, 1, 3, 200]) {
    const page = await openPage(ledger, limit);
    if (page !== undefined) assert.equal({ total: page.total, custom: page.custom?.['in_review'] ?? 0, beads: page.beads.map(({ id, title, priority, status, dependent_count: count }) => ({ id, title, priority, status, count })) }, {
      total: open.length,
      custom: open.filter(({ status }) => status === 'in_review').length,
      beads: open.slice(0, limit).map(({ id, title, priority, status }) => ({ id, title, priority, status, count: all.filter((other) => other.dependencies?.some((edge) => edge.depends_on_id === id)).length })),
    });
  }
  for (const id of names) {
    const pointing = all.filter((bead) => bead.status !== 'tombstone' && bead.dependencies?.some((edge) => edge.depends_on_id === id)).map((bead) => bead.id);
    assert.equal((await referrersOf(ledger, commit, id)).map((referrer) => referrer.id).sort(), pointing.sort());
  }
  return [...found.keys()].sort();
}

const names = ['gt-a', 'gt-b', 'gt-c', 'gt-a.1', 'gt-d'];
const name = fc.constantFrom(...names);

const verbs: Record<string, (beads: Beads, id: string, other: string) => BeadChange[]> = {
  create: (beads, id) => create(beads, id, { title: `Mend ${id}` }, nux),
  again: (beads, id) => create(beads, id, { title: `Mend ${id}`, priority: 1 }, nux),
  claim: (beads, id) => claim(beads, id, nux),
  close: (beads, id) => close(beads, id, { reason: 'done', force: true }, nux),
  reopen: (beads, id) => reopen(beads, id, nux),
  remove: (beads, id) => remove(beads, id, { reason: 'off', force: true }, nux),
  block: (beads, id, other) => depend(beads, id, other, 'blocks', nux),
  nest: (beads, id, other) => depend(beads, id, other, 'parent-child', nux),
  abroad: (beads, id) => depend(beads, id, 'external:valhalla:gates', 'blocks', nux),
  free: (beads, id, other) => undepend(beads, id, other, nux),
  defer: (beads, id) => edit(beads, id, { defer_until: '2026-05-01T08:30:00Z' }, nux),
  pin: (beads, id) => edit(beads, id, { status: 'pinned' }, nux),
  review: (beads, id) => edit(beads, id, { status: 'in_review' }, { ...nux, statuses: ['in_review'] }),
  wait: (beads, id, other) => depend(beads, id, other, 'waits-for', nux),
  label: (beads, id) => addLabel(beads, id, 'rig', nux),
};

async function doOrRefuse(ledger: Ledger, verb: string, id: string, other: string): Promise<void> {
  try {
    await write(ledger, (view) => verbs[verb]!(view, id, other));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}

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

projection('is worked out ahead whole, where whoever did that was killed between two files', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await keepProjection(ledger);
  const files = readdirSync(cacheFolder(ledger)).sort();
  assert.equal(files, [...written].sort());
  for (const lost of written) {
    rmSync(join(cacheFolder(ledger), lost));
    await keepProjection(ledger);
    assert.equal([readdirSync(cacheFolder(ledger)).sort(), roughCount(ledger)], [files, 1], lost);
  }
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

projection('is never trusted for another commit', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  const first = (await readRef(ledger.repository, ledger.ref)) ?? '';
  await write(ledger, (view) => create(view, 'gt-b', { title: 'Paint' }, nux));
  assert.equal(await allIds(ledger), ['gt-a', 'gt-b']);
  await updateRefs(ledger.repository, [{ ref: ledger.ref, from: (await readRef(ledger.repository, ledger.ref)) ?? '', to: first }]);
  assert.equal(await allIds(ledger), ['gt-a']);
  assert.is((await readyBeads(ledger, 9)).total, 1);
});

projection('takes no bead from a shard where nobody would find it, brought up to date or worked out from nothing', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await answers(ledger);
  const parent = (await readRef(ledger.repository, ledger.ref)) ?? '';
  const sign = { name: 'x', email: 'x@y.z', epochSeconds: 1, zone: '+0000' };
  const misplaced = [`beads/${shardOf('gt-a')}.jsonl`, '{"clock":{"born":"000000001000aaaaaa"},"created_at":"","id":"gt-zzz","issue_type":"task","priority":0,"status":"open","title":"x","updated_at":""}\n'] as const;
  await importCommit(ledger.repository, ledger.ref, parent, async () => ({ message: 'x', author: sign, committer: sign, files: new Map([misplaced]) }));
  for (const forget of [false, true]) {
    if (forget) rmSync(cacheFolder(ledger), { recursive: true });
    for (const question of [() => readyBeads(ledger, 5), () => firstLook(ledger, 5)]) {
      const said = await question().then((list) => JSON.stringify(list), (error: Error) => error.message);
      assert.match(said, `${misplaced[0]}, line 1: gt-zzz belongs into another shard`);
    }
  }
});

projection('may be damaged in any way and is worked out anew', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  const good = await answers(ledger);
  for (const file of readdirSync(cacheFolder(ledger))) {
    const path = join(cacheFolder(ledger), file);
    const text = readFileSync(path, 'utf8');
    for (const damage of ['', 'x', '{"version":3}\n', text.slice(0, text.indexOf('\n') + 1).replace('"commit":"', '"commit":"0'), text.replace('"version":', '"version":1')]) {
      writeFileSync(path, damage);
      await glimpsed(ledger);
      assert.equal(await answers(ledger), good, `${file}: ${damage.slice(0, 40)}`);
    }
  }
});

projection('learns from writers what they change, and believes no mark that does not fit', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => [...create(view, 'gt-a', { title: 'Weld' }, nux), ...create(view, 'gt-b', { title: 'Paint' }, nux)]);
  await answers(ledger);
  const newest = async (): Promise<string> => (await readRef(ledger.repository, ledger.ref)) ?? '';
  const from = await newest();
  const path = join(cacheFolder(ledger), 'difference');
  for (const verb of ['label', 'close', 'reopen', 'remove', 'create']) {
    await doOrRefuse(ledger, verb, verb === 'create' ? 'gt-d' : 'gt-a', 'gt-b');
    const to = await newest();
    const told = keptDifference(ledger, from, to);
    rmSync(path);
    assert.equal(told, await differenceSince(ledger, from, to), verb);
  }
  for (const tail of ['', '[null,{"id":"gt-x"', '[null,{"id":"gt-x"}]\n', 'null\n', '5\n', '{"base":"1234","commit":"5678"}\n', '[null,{"id":"gt-x"}]\n{"base":"1234","commit":"5678"}\n']) {
    rmSync(cacheFolder(ledger), { recursive: true });
    await answers(ledger);
    await doOrRefuse(ledger, 'label', 'gt-b', 'gt-b');
    appendFileSync(path, tail);
    for (const verb of ['close', 'reopen']) {
      await doOrRefuse(ledger, verb, 'gt-b', 'gt-b');
      const told = await answers(ledger);
      rmSync(cacheFolder(ledger), { recursive: true });
      assert.equal(await answers(ledger), told, tail);
      if (verb === 'close') await doOrRefuse(ledger, 'label', 'gt-d', 'gt-b').then(() => appendFileSync(path, tail));
    }
  }
});

projection('takes no commit for an empty ledger that is none', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await answers(ledger);
  const tip = (await readRef(ledger.repository, ledger.ref)) ?? '';
  const person = { name: 'nux', email: 'nux@citadel.example', epochSeconds: 1_777_000_000, zone: '+0000' };
  const code = await importCommit(ledger.repository, 'refs/heads/main', null, async () => ({ message: 'Code\n', author: person, committer: person, files: new Map([['README', 'x\n']]) }));
  await updateRefs(ledger.repository, [{ ref: ledger.ref, from: tip, to: code ?? '' }]);
  const asked: (() => Promise<unknown>)[] = [() => liveBeads(ledger), () => readyBeads(ledger, 9), () => allIds(ledger)];
  for (const ask of asked) assert.is(await ask().then(() => 'answered', (error: { code?: string }) => error.code), 'ledger.bad-format');
  assert.is(await openPage(ledger, 9), undefined);
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

projection('says when a bead waits for one of another ledger', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => [...create(view, 'gt-a', { title: 'Weld' }, nux), { op: 'dependency.added', id: 'gt-a', dependency: { issue_id: 'gt-a', depends_on_id: 'hq-x', type: 'tracks', created_at: nux.at, created_by: 'nux' } }]);
  assert.is((await readyBeads(ledger, 9)).foreign, false);
  await write(ledger, () => [{ op: 'dependency.added', id: 'gt-a', dependency: { issue_id: 'gt-a', depends_on_id: 'hq-y', type: 'blocks', created_at: nux.at, created_by: 'nux' } }]);
  assert.is((await readyBeads(ledger, 9)).foreign, true);
});

projection('refuses a bead that stands where nobody would find it', async () => {
  const ledger = await newLedger();
  const parent = (await readRef(ledger.repository, ledger.ref)) ?? '';
  const sign = { name: 'x', email: 'x@y.z', epochSeconds: 1, zone: '+0000' };
  const line = '{"clock":{"born":"000000001000aaaaaa"},"id":"gt-a","title":"Weld"}\n';
  const elsewhere = `beads/${shardOf('gt-b')}.jsonl`;
  await importCommit(ledger.repository, ledger.ref, parent, async () => ({ message: 'x', author: sign, committer: sign, files: new Map([[elsewhere, line]]) }));
  for (const question of [() => allIds(ledger), () => readyBeads(ledger, 9)]) {
    await question().then(() => assert.unreachable(), (error: unknown) => assert.ok(refusal('ledger.bad-line')(error)));
  }
});

projection('tells a shard that the repository has lost from one that says nothing', async () => {
  const ledger = await newLedger();
  await write(ledger, (view) => create(view, 'gt-a', { title: 'Weld' }, nux));
  await loseObject(ledger, `${ledger.ref}:beads/${shardOf('gt-a')}.jsonl`);
  for (const question of [() => allIds(ledger), () => readyBeads(ledger, 9), () => firstLook(ledger, 9)]) {
    await question().then(() => assert.unreachable(), (error: unknown) => assert.ok(refusal('object.missing')(error)));
  }
});

projection('of a ledger that is missing is not empty', async () => {
  const ledger = ledgerAt(await repository());
  for (const question of [() => allIds(ledger), () => liveBeads(ledger), () => readyBeads(ledger, 9)]) {
    await question().then(() => assert.unreachable(), (error: unknown) => assert.ok(refusal('ledger.missing')(error)));
  }
  assert.is(roughCount(ledger), 0);
});

projection.run();
