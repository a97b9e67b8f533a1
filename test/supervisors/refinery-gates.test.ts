import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { listQueue } from '../../src/actions/queue-view.ts';
import { stackRequest } from '../../src/actions/stack.ts';
import { listWorktrees } from '../../src/git/worktrees.ts';
import { bead, configure, landedFile, noteOn, request, runQueue, soloTown, submitted, tip } from '../helpers/queue.ts';
import { temporary } from '../helpers/temporary.ts';

const queue = suite('the merge queue and its gates');

queue('rejects a request whose gate is red with it and green without it, and shows the log', async () => {
  const world = await soloTown('if test -f broken; then echo the gate is broken; exit 1; fi');
  const { id } = await submitted(world, 'ci-bad', { broken: '1\n' });
  await submitted(world, 'ci-good', { good: '1\n' });
  const report = await runQueue(world);
  assert.equal(report.rejected.map(({ request: rejected, kind }) => [rejected, kind]), [[id, 'gate']]);
  assert.equal(report.landed.map((landed) => landed.bead), ['ci-good']);
  assert.match((await bead(world, 'ci-bad')).attempts?.[0]?.evidence ?? '', /the gate is broken/);
  assert.is((await bead(world, 'ci-bad')).status, 'open');
  assert.match((await bead(world, id.replace('-mr-', '-rw-'))).description ?? '', /the gate is broken/);
  assert.is(report.gateRuns, 4, 'twice on the candidate, once on the base, once on the other candidate');
  assert.is(await landedFile(world, 'broken'), undefined);
});

queue('lands what a flaky gate passes in a second run, and counts it', async () => {
  const marks = temporary();
  const world = await soloTown(`test -f '${marks}/seen' || { : >'${marks}/seen'; echo unlucky; exit 1; }`);
  await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  const report = await runQueue(world);
  assert.is(report.landed.length, 1);
  assert.equal(report.flaky.map(({ gate }) => gate), ['test']);
  assert.equal((await noteOn(world, await tip(world.rig))).attempts.map(({ verdict }) => verdict), ['fail', 'pass']);
});

queue('blames nobody when the target itself is red, and goes on when it is mended', async () => {
  const world = await soloTown('test -f mended');
  const { id } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  const report = await runQueue(world);
  assert.equal([report.landed, report.rejected], [[], []]);
  assert.match(report.waiting[0]?.reason ?? '', /fails on main itself/);
  assert.is((await bead(world, 'ci-guard')).assignee, 'citadel/refinery');
  assert.is((await runQueue(world)).gateRuns, 0, 'what is known is not asked again');
  assert.match((await listQueue(world.town, undefined, false))[0]?.why ?? '', /fails on main itself/);
  await submitted(world, 'ci-mend', { mended: '1\n' }, { priority: 0 });
  assert.equal((await runQueue(world)).landed.map((landed) => landed.bead), ['ci-mend', 'ci-guard']);
  assert.is((await request(world, id)).outcome, 'merged');
});

queue('runs gates again on demand when this machine was at fault', async () => {
  const marks = temporary();
  const world = await soloTown(`test -f '${marks}/tool'`);
  await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  assert.match((await runQueue(world)).waiting[0]?.reason ?? '', /fails on main itself/);
  writeFileSync(join(marks, 'tool'), '');
  assert.is((await runQueue(world, { again: true })).landed.length, 1);
});

queue('takes a gate that does not end in time for not passed', async () => {
  const world = await soloTown('if test -f slow; then echo asleep; sleep 60; fi');
  await configure(world, 'test.timeout', '1s');
  await submitted(world, 'ci-slow', { slow: '1\n' });
  const report = await runQueue(world);
  assert.match(report.rejected[0]?.reason ?? '', /did not end within 1 s/);
  assert.match((await bead(world, 'ci-slow')).attempts?.[0]?.evidence ?? '', /asleep/);
});

queue('runs advisory gates, and lands whatever they say', async () => {
  const world = await soloTown();
  await configure(world, 'taste.command', 'false');
  await configure(world, 'taste.required', false);
  await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  const report = await runQueue(world);
  assert.equal([report.landed.length, report.gateRuns], [1, 2]);
});

queue('starts with no gate only when that was said', async () => {
  const world = await soloTown('');
  await configure(world, '', undefined);
  await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  try {
    await runQueue(world);
    assert.unreachable();
  } catch (error) {
    assert.is((error as { code: string }).code, 'gate.none');
    assert.match((error as { hint: string }).hint, /gt config set --rig \w+ merge_queue\.gates\.test\.command/);
  }
  await configure(world, '', 'none');
  const report = await runQueue(world);
  assert.equal([report.landed.length, report.gateRuns], [1, 0]);
});

queue('never asks again for a verdict that is there', async () => {
  const world = await soloTown();
  const { request: filed } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  const first = await runQueue(world, { once: true });
  assert.equal([first.landed.length, first.gateRuns], [0, 1]);
  const before = await tip(world.rig);
  const report = await runQueue(world);
  assert.equal([report.landed.length, report.gateRuns], [1, 0]);
  const stack = await stackRequest(world.town, world.rig, filed, { commit: before, tree: '' });
  assert.is(stack.kind === 'built' && stack.commit, report.landed[0]?.commit, 'the same inputs give the same commit');
});

queue('leaves no worktree behind, and never uses the worker\'s own', async () => {
  const world = await soloTown('pwd > "$HOME_OF_TEST"; touch litter');
  const out = join(temporary(), 'pwd');
  await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  await runQueue(world, { env: { ...process.env, HOME_OF_TEST: out } });
  assert.match(readFileSync(out, 'utf8'), /citadel\.town\/refinery\/gate-/);
  assert.is((await listWorktrees(world.rig.repository)).length, 1);
});

queue.run();
