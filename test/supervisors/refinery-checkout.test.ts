import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { moveCheckout } from '../../src/git/checkout.ts';
import { readRef } from '../../src/git/refs.ts';
import { openRepository } from '../../src/git/repository.ts';
import { gitText } from '../../src/git/run.ts';
import { bead, landedFile, queueBranches, runQueue, soloTown, submitted, tip } from '../helpers/queue.ts';

const queue = suite('the merge queue of a checkout');

queue('moves a clean checkout along with its branch', async () => {
  const world = await soloTown();
  await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n', 'README.md': null });
  await runQueue(world);
  assert.is(readFileSync(join(world.place, 'gate.txt'), 'utf8'), 'shut\n');
  assert.not(existsSync(join(world.place, 'README.md')));
  assert.is(await gitText(world.place, ['status', '--porcelain']), '');
});

queue('leaves a checkout with changes alone, lands beside it, and catches up once it is clean', async () => {
  const world = await soloTown();
  const before = await tip(world.rig);
  writeFileSync(join(world.place, 'README.md'), 'in the middle of something\n');
  const one = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  const two = await submitted(world, 'ci-wall', { 'wall.txt': 'high\n' });
  const report = await runQueue(world);
  assert.equal(report.landed, []);
  assert.is(report.gateRuns, 2);
  assert.match(report.waiting[0]?.reason ?? '', /mq\/main\/landed.*changes that are not committed/);
  assert.is(await tip(world.rig), before);
  assert.is(readFileSync(join(world.place, 'README.md'), 'utf8'), 'in the middle of something\n');
  assert.is((await bead(world, 'ci-guard')).status, 'hooked', 'only the target counts');
  const aside = await readRef(world.rig.repository, 'refs/heads/mq/main/landed');
  writeFileSync(join(world.place, 'README.md'), '# A repository\n');
  const later = await runQueue(world);
  assert.equal([later.landed.map((landed) => landed.request), later.gateRuns], [[one.id, two.id], 0]);
  assert.is(await tip(world.rig), aside);
  assert.is(await gitText(world.place, ['status', '--porcelain']), '');
  assert.equal(await queueBranches(world), []);
});

queue('minds files that are not tracked only where they are in the way', async () => {
  const world = await soloTown();
  writeFileSync(join(world.place, 'notes.txt'), 'mine\n');
  await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  assert.is((await runQueue(world)).landed.length, 1);
  await submitted(world, 'ci-notes', { 'notes.txt': 'theirs\n' });
  const report = await runQueue(world);
  assert.equal(report.landed, []);
  assert.is(readFileSync(join(world.place, 'notes.txt'), 'utf8'), 'mine\n');
  assert.is(await gitText(world.place, ['status', '--porcelain']), '?? notes.txt');
  rmSync(join(world.place, 'notes.txt'));
  assert.is((await runQueue(world)).landed.length, 1);
});

queue('finishes a landing that was cut off between the checkout and its branch', async () => {
  const world = await soloTown();
  await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  await runQueue(world, { once: true });
  const before = await tip(world.rig);
  const tried = await readRef(world.rig.repository, 'refs/heads/mq/main/try/1');
  await moveCheckout(openRepository(world.place), before, tried ?? '');
  const report = await runQueue(world);
  assert.is(report.landed[0]?.commit, tried);
  assert.is(await gitText(world.place, ['status', '--porcelain']), '');
});

queue('stacks again what stood beside a target that its owner moved on', async () => {
  const world = await soloTown();
  writeFileSync(join(world.place, 'README.md'), 'in the middle of something\n');
  await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  await runQueue(world);
  await gitText(world.place, ['-c', 'user.name=Ada', '-c', 'user.email=a@example.com', 'commit', '-qam', 'Something']);
  const report = await runQueue(world);
  assert.equal([report.landed.length, report.gateRuns], [1, 1]);
  assert.is(await landedFile(world, 'gate.txt'), 'shut');
  assert.is(await landedFile(world, 'README.md'), 'in the middle of something');
});

queue.run();
