import { rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explainReadiness } from '../../src/actions/bead-explaining.ts';
import { blockedWork } from '../../src/actions/bead-judging.ts';
import { listBeads } from '../../src/actions/bead-list.ts';
import { close } from '../../src/domain/closing.ts';
import { create } from '../../src/domain/content.ts';
import { depend } from '../../src/domain/dependency.ts';
import { openWork, type Query } from '../../src/domain/query.ts';
import { cachePath } from '../../src/ledger/cache-file.ts';
import { liveBeads } from '../../src/ledger/projection.ts';
import type { Town } from '../../src/town.ts';
import { bead, nux } from '../helpers/garage.ts';
import { newLedger, write } from '../helpers/ledger.ts';

const listing = suite('a list of beads');

listing('counts who points at each bead, closed ones too and deleted ones not, whatever was asked for and whatever is kept', async () => {
  const ledger = await newLedger();
  const town = { hq: ledger, rigs: [], now: ledger.now } as unknown as Town;
  for (const id of ['gt-a', 'gt-b', 'gt-c', 'gt-d']) await write(ledger, (view) => create(view, id, { title: id }, nux));
  for (const [id, on] of [['gt-b', 'gt-a'], ['gt-c', 'gt-a'], ['gt-d', 'gt-b']] as const) await write(ledger, (view) => depend(view, id, on, 'blocks', nux));
  const counted = (beads: readonly { readonly id: string; readonly dependent_count: number }[]): string => beads.map(({ id, dependent_count: count }) => `${id} ${count}`).sort().join(', ');
  const lists = async (): Promise<string[]> => {
    const asked: Partial<Query>[] = [{}, { types: ['task'] }, { all: true, statuses: ['open'] }];
    const pages = [];
    for (const query of asked) pages.push(await listBeads(town, [ledger], { ...openWork, ...query }, { sort: 'priority', reverse: false, limit: 50, wisps: false }));
    return pages.map(({ beads }) => counted(beads));
  };
  await liveBeads(ledger);
  await write(ledger, (view) => close(view, 'gt-c', { reason: 'done', force: true }, nux));
  await write(ledger, (view) => close(view, 'gt-d', { reason: 'done', force: true }, nux));
  await write(ledger, () => [{ op: 'bead.created', id: 'gt-z', bead: bead('gt-z', { status: 'tombstone', dependencies: [{ issue_id: 'gt-z', depends_on_id: 'gt-b', type: 'related', created_at: '2026-05-01T08:00:00Z', created_by: 'nux' }] }) }]);
  for (const kept of [true, false]) {
    if (!kept) rmSync(cachePath(ledger, ''), { recursive: true });
    await liveBeads(ledger);
    assert.equal(await lists(), ['gt-a 2, gt-b 1', 'gt-a 2, gt-b 1', 'gt-a 2, gt-b 1']);
    assert.is(counted(await blockedWork(town, [ledger])), 'gt-b 1');
    const { ready, blocked } = await explainReadiness(town, [ledger], undefined);
    assert.equal([counted(ready), counted(blocked)], ['gt-a 2', 'gt-b 1']);
  }
});

listing.run();
