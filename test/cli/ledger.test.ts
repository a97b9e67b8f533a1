import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gt, gtJson, gtOutput, soloTown } from '../helpers/town.ts';

const keeping = suite('gt ledger');

keeping('tells who wrote what, takes it back, and cuts what is old', async () => {
  const town = await soloTown();
  const weld = await gtOutput(town, ['create', 'Weld', '--silent', '--actor', 'nux']);
  await gtOutput(town, ['update', weld, '--title', 'Grind', '--actor', 'slit']);
  assert.match(await gtOutput(town, ['ledger', 'log', '--actor', 'slit']), new RegExp(`slit\\s+Update ${weld}$`));
  assert.is((await gtJson<unknown[]>(town, ['ledger', 'log', '--bead', weld])).length, 2);
  assert.match(await gtOutput(town, ['history', weld]), /slit\s+title Weld → Grind/);
  const refused = await gt(town, ['undo', '--actor', 'nux']);
  assert.is(refused.code, 1);
  assert.match(refused.stderr, new RegExp(`was not undone: ${weld}: it was changed since \\([0-9a-f]{10} by slit\\)\\n\\s+try: gt undo [0-9a-f]{10} first`));
  assert.match(await gtOutput(town, ['undo', '--actor', 'slit']), `${weld}: title Grind → Weld`);
  assert.match(await gtOutput(town, ['undo', '--actor', 'nux', '--dry-run']), `${weld}: withdrawn, as if it had never been created`);
  assert.match(await gtOutput(town, ['undo', '--actor', 'nux']), 'gt undo takes that back');
  assert.is((await gt(town, ['show', weld])).code, 1);
  const [{ commits }] = await gtJson<[{ commits: number }]>(town, ['ledger', 'stats']);
  assert.match(await gtOutput(town, ['ledger', 'trim', '--before', 'tomorrow', '--dry-run']), `would cut ${commits - 1} commits off`);
  assert.match(await gtOutput(town, ['ledger', 'trim', '--before', 'tomorrow']), /the whole history stays at refs\/beads\/archive\/\d{4}-\d\d-\d\d/);
  assert.match(await gtOutput(town, ['ledger', 'stats']), /cut\s+once, kept at refs\/beads\/archive/);
  assert.match(await gtOutput(town, ['doctor']), 'everything is as it should be');
});

keeping('answers a first question about a large ledger at once, and has what comes next worked out by another process', async () => {
  const town = await soloTown();
  const beads = Array.from({ length: 24 }, (_, index) => ({ id: `shop-x${index}`, title: `Weld ${index}`, description: 'x'.repeat(800_000), status: 'open', priority: index % 5, issue_type: 'task', created_at: '2026-05-01T08:00:00Z', updated_at: '2026-05-01T08:00:00Z' }));
  await gtOutput(town, ['import', '-'], { input: beads.map((bead) => `${JSON.stringify(bead)}\n`).join('') });
  const cache = join(town, '.git', 'gastown', 'cache');
  rmSync(cache, { recursive: true, force: true });
  const first = await gtOutput(town, ['ready', '--limit', '7']);
  assert.match(first, 'more: 17 of 24 are not shown');
  for (const end = performance.now() + 30_000; !existsSync(join(cache, 'refs-beads-main', 'ready-ids')); await sleep(20)) assert.ok(performance.now() < end, 'nothing was worked out');
  assert.is(await gtOutput(town, ['ready', '--limit', '7']), first);
  assert.match(await gtOutput(town, ['ledger', 'refresh']), /^ledger shop: \d+ beads, all worked out$/m);
});

keeping.run();
