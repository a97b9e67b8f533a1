import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Order } from '../../src/actions/bead-list.ts';
import { searchBeads } from '../../src/actions/bead-search.ts';
import { isDone, type Bead } from '../../src/domain/bead.ts';
import { matches, orderBy, sortFields } from '../../src/domain/matching.ts';
import { openWork, wantsDone, type Query } from '../../src/domain/query.ts';
import { readRef, updateRefs } from '../../src/git/refs.ts';
import { cachePath } from '../../src/ledger/cache-file.ts';
import { initLedger } from '../../src/ledger/init.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { readyBeads } from '../../src/ledger/projection.ts';
import { consult } from '../../src/ledger/read.ts';
import type { LedgerChange } from '../../src/ledger/transact.ts';
import type { Town } from '../../src/town.ts';
import { bead } from '../helpers/garage.ts';
import { ace, bareLedger, ledgerAt, newLedger, write } from '../helpers/ledger.ts';

/** All that a search asks a town for, where no status is one of the settings'. */
const town = { rigs: [] } as unknown as Town;
const first = { sort: 'priority', reverse: false, limit: Infinity } as const;

const ids = ['gt-a', 'gt-ab', 'gt-a.1', 'gt-a.10', 'gt-b', 'gt-B7', 'gt-my-a', 'gt-re-use', 'gt-re', 'gt-c', 'gt-d', 'gt-e'];
const words = [
  'weld', 'Weld', 'WELDER', 'gt-a', 'gt-', 'a', 'b', 're-use', 'W', 'AAAA', '"horn"', 'back\\slash', '\\n', '\n', '\t', '\u0001', '\u0002', 'Öl', 'öl', 'ÖL', 'İ', 'i', '\u212a', 'k', 'ΣΑΣ', 'σας', 'Σ', '🔥', '\ufffd', '\ud800', '\u2028', 'open', '0', '1,2', '{', '["', ' ',
];
const someText = fc.array(fc.constantFrom(...words), { maxLength: 5 });
const edges = (id: string, targets: readonly string[]): object[] => [...new Set(targets)].filter((target) => target !== id).map((target) => ({ issue_id: id, depends_on_id: target, type: 'related', created_at: '2026-03-01T08:00:00Z', created_by: 'ace' }));
const someBead = fc
  .record({
    id: fc.constantFrom(...ids), title: someText, description: fc.option(someText, { nil: undefined }), status: fc.constantFrom('open', 'open', 'open', 'in_progress', 'deferred', 'pinned', 'closed', 'tombstone'), priority: fc.nat(4),
    type: fc.constantFrom('task', 'task', 'bug', 'gate'), day: fc.integer({ min: 1, max: 4 }), pinned: fc.constantFrom(true, false, false), targets: fc.array(fc.constantFrom(...ids), { maxLength: 2 }),
  })
  .map(({ id, title, description, status, priority, type, day, pinned, targets }) => bead(id, {
    title: `rig ${title.join('')}`, ...(description === undefined ? {} : { description: description.join('') }), status, priority, issue_type: type, created_at: `2026-03-0${day}T08:00:00Z`, ...(pinned ? { pinned } : {}), ...(targets.length === 0 || status === 'tombstone' ? {} : { dependencies: edges(id, targets) as never }),
  }));
const someBeads = fc.uniqueArray(someBead, { selector: ({ id }) => id, minLength: 1, maxLength: ids.length });
const someQuery = fc.constantFrom<Partial<Query>>({}, {}, {}, { types: ['bug'] }, { priorities: [0, 1] }, { statuses: ['open'] }, { statuses: ['closed'] }, { statuses: ['all'] }, { books: ['gate'] }, { pinned: true }, { tests: [({ title }) => title.length > 10] });
const someQuestion = fc.record({
  text: fc.oneof(fc.constantFrom('rig', 'r'), fc.constantFrom(...ids, ...words.filter((word) => word !== '')), someText.map((parts) => parts.join('')).filter((text) => text !== '')), query: someQuery, sort: fc.constantFrom('priority', 'priority', ...sortFields), reverse: fc.boolean(), limit: fc.constantFrom(1, 2, 5, Infinity),
});

/** All that git holds, without anything that is kept. */
async function allIn(...ledgers: readonly Ledger[]): Promise<Bead[]> {
  return (await Promise.all(ledgers.map((ledger) => consult(ledger, (view) => [...view.all()])))).flat();
}

/** The answer to a search among all beads. */
function plainly(all: readonly Bead[], text: string, asked: Partial<Query>, { sort, reverse, limit }: Order): unknown {
  const query = { ...openWork, ...asked };
  const wanted = all.filter((each) => matches(query, each) && (wantsDone(query) || !isDone(each)));
  const tail = (id: string): string => id.slice(id.lastIndexOf('-') + 1);
  const called = wanted.filter(({ id }) => id === text);
  const named = wanted.filter(({ id }) => id.startsWith(text) || tail(id).startsWith(text));
  const low = text.toLowerCase();
  const found = called.length > 0 ? called : /^[a-z0-9-]*-[a-z0-9-]*$/.test(text) && named.length > 0 ? named : wanted.filter((each) => named.includes(each) || [each.title, each.description ?? ''].some((part) => part.toLowerCase().includes(low)));
  found.sort(orderBy(sort));
  if (reverse) found.reverse();
  const dependents = (id: string): number => all.filter((other) => other.status !== 'tombstone' && other.dependencies?.some((edge) => edge.depends_on_id === id)).length;
  return { total: found.length, whole: true, beads: found.slice(0, limit).map((each) => [each, dependents(each.id)]) };
}

async function quickly(ledgers: readonly Ledger[], text: string, asked: Partial<Query>, order: Order): Promise<unknown> {
  const { total, whole, beads } = await searchBeads(town, ledgers, text, { ...openWork, ...asked }, order);
  return { total, whole, beads: beads.map(({ dependency_count: _d, dependent_count: dependents, comment_count: _c, parent: _p, ...each }) => [each, dependents]) };
}

/** Makes beads be what they are to be, however they came to be so. */
function put(ledger: Ledger, beads: readonly Bead[]): Promise<unknown> {
  return write(ledger, (view) => beads.map((each): LedgerChange => (view.get(each.id) === undefined ? { op: 'bead.created', id: each.id, bead: each } : { op: 'bead.restored', id: each.id, bead: each })));
}

const searching = suite('a search');

searching('answers from what is kept as from all beads, whatever they say and whatever was changed since', async () => {
  const step = fc.record({ beads: someBeads, questions: fc.array(someQuestion, { minLength: 20, maxLength: 20 }), then: fc.constantFrom('go on', 'go on', 'renew', 'forget') });
  let held = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 4 }), async (steps) => {
      const ledger = await newLedger();
      for (const { beads, questions, then } of steps) {
        await put(ledger, beads);
        if (then === 'renew') rmSync(cachePath(ledger, 'live'), { force: true });
        if (then === 'forget') rmSync(cachePath(ledger, ''), { recursive: true, force: true });
        if (then !== 'forget') await readyBeads(ledger, 1);
        const all = await allIn(ledger);
        for (const { text, query, ...order } of questions) assert.equal(await quickly([ledger], text, query, order), plainly(all, text, query, order), JSON.stringify({ text, query, order }));
        if (existsSync(cachePath(ledger, 'texts'))) held += 1;
      }
    }),
    { numRuns: Number(process.env.GASTOWN_TEST_RUNS ?? 8), endOnFailure: true },
  );
  assert.ok(held > 0);
});

/** A ledger of a few beads, and what a search for `weld` has to say of it once all is kept. */
async function welders(): Promise<{ readonly ledger: Ledger; readonly path: string; readonly all: readonly Bead[]; readonly search: (text: string) => Promise<unknown> }> {
  const ledger = await newLedger();
  await put(ledger, [bead('gt-a', { title: 'Weld the horn' }), bead('gt-b', { title: 'Paint', description: 'then WELD' }), bead('gt-c', { title: 'We', description: 'ld \ud800' })]);
  const search = (text: string): Promise<unknown> => quickly([ledger], text, {}, first);
  for (const _ of [1, 2]) await search('weld');
  return { ledger, path: cachePath(ledger, 'texts'), all: await allIn(ledger), search };
}

searching('reads what is kept and nothing else, where that is for the newest commit', async () => {
  const { ledger, path, all, search } = await welders();
  assert.equal(await search('\ufffd'), plainly(all, '\ufffd', {}, first));
  writeFileSync(path, readFileSync(path, 'utf8').replace('weld the horn', 'bend the horn'));
  assert.equal(await search('bend'), { total: 1, whole: true, beads: [[all.find(({ id }) => id === 'gt-a'), 0]] });
  const old = (await readRef(ledger.repository, ledger.ref)) ?? '';
  await put(ledger, [bead('gt-a', { title: 'Weld the gate' })]);
  assert.equal(await search('bend'), { total: 0, whole: true, beads: [] });
  await readyBeads(ledger, 1);
  const fresh = (await readRef(ledger.repository, ledger.ref)) ?? '';
  rmSync(cachePath(ledger, 'live'));
  for (const _ of [1, 2]) assert.equal(await search('gate'), plainly(await allIn(ledger), 'gate', {}, first));
  await updateRefs(ledger.repository, [{ ref: ledger.ref, from: fresh, to: old }]);
  for (const text of ['gate', 'horn']) assert.equal(await search(text), plainly(all, text, {}, first));
  assert.equal(await search('horn').then((found) => (found as { total: number }).total), 1);
});

searching('does without what is damaged, and has it made again', async () => {
  const { path, all, search } = await welders();
  const whole = readFileSync(path);
  const good = plainly(all, 'weld', {}, first);
  const damages: ((bytes: Buffer) => Buffer)[] = [
    () => Buffer.alloc(0), () => Buffer.from('x'), () => Buffer.from('{"version":3}\n'), (bytes) => bytes.fill(0), (bytes) => bytes.fill(0, 100), (bytes) => bytes.fill(0, bytes.length - 40), (bytes) => bytes.fill(0, bytes.indexOf('weld the'), bytes.indexOf('weld the') + 4), (bytes) => Buffer.concat([bytes, bytes]), (bytes) => bytes.fill('x', bytes.length - 9), (bytes) => bytes.fill('\n', bytes.indexOf('\u0002') + 1, bytes.indexOf('\u0002') + 4), (bytes) => bytes.fill('x', bytes.indexOf('\n') + 1, bytes.indexOf('\n') + 60),
    (bytes) => Buffer.from(bytes.toString('utf8').replaceAll('gt-a', 'gt-z')), (bytes) => Buffer.from(bytes.toString('utf8').replace('"commit":"', '"commit":"0')),
    ...Array.from({ length: 12 }, (_, twelfth) => (bytes: Buffer) => bytes.subarray(0, Math.floor((bytes.length * twelfth) / 12))),
  ];
  for (const [index, damage] of damages.entries()) {
    writeFileSync(path, damage(Buffer.from(whole)));
    for (const _ of [1, 2]) assert.equal(await search('weld'), good, `damage ${index}`);
    assert.equal(readFileSync(path), whole, `damage ${index}`);
  }
});

searching('goes through texts of any length, and says where it has not counted all', async () => {
  const ledger = await newLedger();
  const long = `weld ${'plates '.repeat(400_000)}horn`;
  await put(ledger, [bead('gt-a', { priority: 0, description: 'weld' }), bead('gt-b', { priority: 1, description: long }), ...['gt-c', 'gt-d', 'gt-e'].map((id) => bead(id, { description: 'Weld' }))]);
  for (const _ of [1, 2]) assert.is((await searchBeads(town, [ledger], 'weld', openWork, first)).total, 5);
  const search = async (text: string, limit: number): Promise<unknown> => {
    const { total, whole, beads } = await searchBeads(town, [ledger], text, openWork, { ...first, limit });
    return [beads.map(({ id }) => id).sort().join(' '), total, whole];
  };
  assert.equal(await search('weld', 1), ['gt-a', 2, false]);
  assert.equal(await search('weld', 3), ['gt-a gt-b gt-c', 4, false]);
  assert.equal(await search('weld', 5), ['gt-a gt-b gt-c gt-d gt-e', 5, true]);
  assert.equal(await search('plates horn', 1), ['gt-b', 1, true]);
});

searching('asks every ledger of a town, and takes what is named in one for named in all', async () => {
  const [one, other] = [await newLedger(), ledgerAt((await bareLedger()).repository.gitDir, undefined, ['hq'])] as const;
  await initLedger(other, ace);
  await put(one, [bead('gt-a', { title: 'See hq-b and hq-' }), bead('gt-b', { title: 'Weld' })]);
  await put(other, [bead('hq-b', { title: 'Weld', priority: 0 }), bead('hq-bc', { title: 'Mend gt-b' })]);
  const all = await allIn(one, other);
  for (const text of ['hq-b', 'hq-', 'hq-bc', 'gt-b', 'weld', 'b', 'mend gt']) for (const _ of [1, 2]) assert.equal(await quickly([one, other], text, {}, first), plainly(all, text, {}, first), text);
});

searching.run();
