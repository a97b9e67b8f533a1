import { rmSync } from 'node:fs';
import { join } from 'node:path';
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
import { readyAtFirst } from '../../src/ledger/first-look.ts';
import { readRef } from '../../src/git/refs.ts';
import { briefPage } from '../../src/ledger/brief-page.ts';
import { stateFolder, type Ledger } from '../../src/ledger/ledger.ts';
import { customReady } from '../../src/ledger/custom-counts.ts';
import { openPage } from '../../src/ledger/open-page.ts';
import { allIds, keptBeads, liveBeads, readyBeads, referrersAt, referrersOf } from '../../src/ledger/projection.ts';
import { consult } from '../../src/ledger/read.ts';
import { nux } from './garage.ts';
import { write } from './ledger.ts';

/** Where the projection of a ledger is kept. */
export function cacheFolder(ledger: Ledger): string {
  return join(stateFolder(ledger.repository), 'cache', 'refs-beads-main');
}

/** A first look at a ledger of any size, as if there had been none. */
export async function firstLook(ledger: Ledger, limit: number): ReturnType<typeof readyAtFirst> {
  rmSync(join(cacheFolder(ledger), 'first-look'), { force: true });
  return readyAtFirst(ledger, (await readRef(ledger.repository, ledger.ref)) ?? '', limit, 0);
}

/** All that the projection answers. */
export async function answers(ledger: Ledger): Promise<{ readonly ready: { readonly total: number; readonly foreign: boolean; readonly beads: readonly Bead[] }; readonly custom: unknown; readonly live: readonly Bead[]; readonly referrers: unknown; readonly ids: readonly string[] }> {
  const live = await liveBeads(ledger);
  const referrers = await referrersAt(ledger, (await readRef(ledger.repository, ledger.ref)) ?? '');
  const ids = await allIds(ledger);
  const { total, beads, foreign } = await readyBeads(ledger, Infinity);
  for (const asked of [2, 0, Infinity]) assert.equal(await firstLook(ledger, asked), { total, foreign, beads: beads.slice(0, asked), unkept: true });
  assert.is(await readyAtFirst(ledger, (await readRef(ledger.repository, ledger.ref)) ?? '', 2, 0), undefined);
  for (const asked of [2, 2, 0]) assert.equal(await readyBeads(ledger, asked), { total, foreign, beads: beads.slice(0, asked) });
  for (const asked of [100, 1]) {
    const page = await briefPage(ledger, asked);
    if (page !== undefined) assert.equal({ ...page, foreign }, { foreign: false, total, beads: beads.slice(0, asked).map(({ id, title, status, priority, issue_type: type, assignee }) => ({ id, title, status, priority, issue_type: type, ...(assignee === undefined ? {} : { assignee }) })) });
  }
  return {
    ready: { total, foreign, beads: beads.map((bead) => ({ ...bead })) },
    custom: await customReady(ledger),
    live: [...live.all()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    ids,
    referrers: ids.map((id) => [id, referrers(id).map((referrer) => referrer.id).sort()]),
  };
}

/** Looks that need no git: never other than what git says. Answers the ids that they found. */
export async function glimpsed(ledger: Ledger): Promise<string[]> {
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

/** The ids that the beads of a test have. */
export const names = ['gt-a', 'gt-b', 'gt-c', 'gt-a.1', 'gt-d'];

/** What may happen to a bead, and another one. */
export const verbs: Record<string, (beads: Beads, id: string, other: string) => BeadChange[]> = {
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

/** Lets it happen, unless a rule says no. */
export async function doOrRefuse(ledger: Ledger, verb: string, id: string, other: string): Promise<void> {
  try {
    await write(ledger, (view) => verbs[verb]!(view, id, other));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}
