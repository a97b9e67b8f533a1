import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { edit } from '../../src/domain/content.ts';
import { release } from '../../src/domain/hook.ts';
import { submitRequest } from '../../src/actions/submit.ts';
import { inRef } from '../../src/actions/queue-refs.ts';
import { stackRequest } from '../../src/actions/stack.ts';
import { readRef, updateRefs } from '../../src/git/refs.ts';
import { gitText } from '../../src/git/run.ts';
import { transact } from '../../src/ledger/transact.ts';
import { signatureOf } from '../../src/town.ts';
import { bead, branch, configure, hubTown, landedFile, noteOn, queueBranches, request, runQueue, slung, soloTown, submitted, tip } from '../helpers/queue.ts';

const queue = suite('the merge queue');
const kinds = [['a checkout', soloTown], ['a hub', hubTown]] as const;
const nux = 'citadel/polecats/nux';

for (const [kind, make] of kinds) {
  queue(`of ${kind} lands a request by moving the target to the tested commit itself`, async () => {
    const world = await make('test -f gate.txt && test "$CI" = true');
    const before = await tip(world.rig);
    const { id, unpublished } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
    assert.is(unpublished, undefined);
    assert.is((await bead(world, 'ci-guard')).assignee, 'citadel/refinery');
    const report = await runQueue(world);
    assert.is(report.landed.length, 1);
    assert.is(report.gateRuns, 1);
    const after = await gitText(world.place, ['rev-parse', 'main']);
    assert.is(report.landed[0]?.commit, after);
    assert.equal((await gitText(world.place, ['log', '-1', '--format=%P', 'main'])).split(' '), [before, (await request(world, id)).head]);
    assert.match(await gitText(world.place, ['log', '-1', '--format=%B', 'main']), new RegExp(`Merge-Request: ${id}\nBead: ci-guard\nAgent: ${nux}`));
    assert.is(await landedFile(world, 'gate.txt'), 'shut');
    assert.is((await bead(world, 'ci-guard')).status, 'closed');
    assert.is((await bead(world, 'ci-guard')).close_reason, `Merged in ${id}`);
    assert.is((await request(world, id)).outcome, 'merged');
    assert.is((await request(world, id)).landed, after);
    assert.equal(await queueBranches(world), []);
    assert.is(await readRef(world.rig.repository, 'refs/heads/polecat/nux/ci-guard'), undefined, "the worker's branch has done its duty");
    assert.equal([(await noteOn(world, after)).gate, (await noteOn(world, after)).attempts.map(({ verdict }) => verdict)], ['test', ['pass']]);
    assert.is(await gitText(world.place, ['fsck', '--no-dangling']), '');
    assert.equal((await runQueue(world)).steps, 0);
  });

  queue(`of ${kind} lands two requests that do not touch each other, the more urgent one first`, async () => {
    const world = await make();
    const slow = await submitted(world, 'ci-slow', { 'slow.txt': '1\n' });
    const fast = await submitted(world, 'ci-fast', { 'fast.txt': '1\n' }, { priority: 0 });
    const report = await runQueue(world);
    assert.equal(report.landed.map((landed) => landed.request), [fast.id, slow.id]);
    assert.is(await landedFile(world, 'slow.txt'), '1');
    assert.is(await landedFile(world, 'fast.txt'), '1');
    assert.equal(await queueBranches(world), []);
  });

  queue(`of ${kind} gives a conflict back with the paths, once`, async () => {
    const world = await make();
    const one = await submitted(world, 'ci-one', { 'README.md': 'one\n' });
    const two = await submitted(world, 'ci-two', { 'README.md': 'two\n' });
    const report = await runQueue(world);
    assert.equal([report.landed.length, report.rejected.length], [1, 1]);
    assert.is(report.landed[0]?.request, one.id);
    assert.equal([report.rejected[0]?.request, report.rejected[0]?.kind], [two.id, 'conflict']);
    const source = await bead(world, 'ci-two');
    assert.equal([source.status, source.assignee], ['open', undefined]);
    assert.match(source.attempts?.[0]?.evidence ?? '', /README\.md/);
    const rework = await bead(world, two.id.replace('-mr-', '-rw-'));
    assert.is(rework.metadata?.['rework_of'], 'ci-two');
    assert.is(rework.metadata?.['start'], two.request.head);
    assert.equal(source.dependencies?.map(({ depends_on_id, type }) => [depends_on_id, type]), [[rework.id, 'blocks']]);
    assert.equal((await runQueue(world)).rejected, []);
    assert.equal(await queueBranches(world), []);
    assert.is(await readRef(world.rig.repository, 'refs/heads/polecat/nux/ci-two'), two.request.head, "the worker's branch stays");
  });

  queue(`of ${kind} stacks again when somebody moved the target`, async () => {
    const world = await make();
    await configure(world, 'test.command', `cd '${world.place}' && sha=$(git commit-tree -p main -m 'Somebody else' main^{tree}) && test -e gt-moved -o -e ../gt-moved || { git update-ref refs/heads/main $sha; : >../gt-moved; }`);
    const { id } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
    const report = await runQueue(world);
    assert.equal(report.landed.map((landed) => landed.request), [id]);
    assert.match(await gitText(world.place, ['log', '--first-parent', '--format=%s', 'main']), /^Merge ci-guard.*\nSomebody else\nBegin$/);
  });
}

queue('proves that it tests and lands the merge of the fixed base, the target and the head', async () => {
  const world = await soloTown();
  await submitted(world, 'ci-lines', { 'lines.txt': '1\n2\n3\n4\n5\n' });
  await runQueue(world);
  const from = await tip(world.rig);
  await submitted(world, 'ci-top', { 'lines.txt': 'ONE\n2\n3\n4\n5\n' }, { from });
  await submitted(world, 'ci-end', { 'lines.txt': '1\n2\n3\n4\nFIVE\n' }, { from });
  await runQueue(world);
  assert.is(await landedFile(world, 'lines.txt'), 'ONE\n2\n3\n4\nFIVE');
});

queue('lands rework, and with it closes what was to be reworked', async () => {
  const world = await soloTown('! test -f broken');
  const { id, request: first } = await submitted(world, 'ci-bad', { broken: '1\n' });
  await runQueue(world);
  const rework = id.replace('-mr-', '-rw-');
  const head = await branch(world, `polecat/nux/${rework}`, { broken: null, mended: '1\n' }, first.head);
  await submitted(world, rework, {}, { head });
  const report = await runQueue(world);
  assert.equal(report.landed.map((landed) => landed.bead), [rework]);
  assert.equal([(await bead(world, rework)).status, (await bead(world, 'ci-bad')).status], ['closed', 'closed']);
  assert.is(await landedFile(world, 'mended'), '1');
});

queue('closes rework that is no longer needed', async () => {
  const world = await soloTown('! test -f broken');
  const { id, request: first } = await submitted(world, 'ci-bad', { broken: '1\n' });
  await runQueue(world);
  const head = await branch(world, 'ada', { broken: null, mended: '1\n' }, first.head);
  await submitRequest(world.town, world.rig, { head, branch: 'ada', target: 'main', source: 'ci-bad', worker: 'Ada', priority: 2 }, signatureOf(world.town, 'Ada'));
  await runQueue(world);
  assert.equal([(await bead(world, id.replace('-mr-', '-rw-'))).status, (await bead(world, 'ci-bad')).status], ['closed', 'closed']);
});

queue('does not land work whose claim was taken over', async () => {
  const world = await soloTown();
  const { town, rig } = world;
  const { id } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  const act = { by: 'mayor', at: new Date().toISOString() };
  await transact(rig.ledger, signatureOf(town, 'mayor'), 'Take it back', (view) => release(view, 'ci-guard', act));
  await slung(world, 'ci-guard', 'citadel/polecats/slit');
  const report = await runQueue(world);
  assert.equal(report.rejected.map(({ request: rejected, kind }) => [rejected, kind]), [[id, 'stale']]);
  const source = await bead(world, 'ci-guard');
  assert.equal([source.status, source.assignee], ['hooked', 'citadel/polecats/slit']);
  assert.is(await landedFile(world, 'gate.txt'), undefined);
});

queue('looks at the claim once more in the moment of landing', async () => {
  const world = await soloTown();
  const { town, rig } = world;
  const { id } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  await runQueue(world, { once: true });
  await runQueue(world, { once: true });
  const { landCommit } = await import('../../src/actions/land.ts');
  const before = await tip(rig);
  const stack = await stackRequest(town, rig, await request(world, id), { commit: before, tree: '' });
  const act = { by: 'mayor', at: new Date().toISOString() };
  await transact(rig.ledger, signatureOf(town, 'mayor'), 'Take it back', (view) => release(view, 'ci-guard', act));
  const obstacle = await landCommit(town, rig, { op: 'land', request: await request(world, id), commit: stack.kind === 'built' ? stack.commit : '', tip: before, onto: before });
  assert.match(obstacle ?? '', /taken off the refinery's hook/);
  assert.is(await tip(rig), before);
});

queue('lets a request wait for the one that it builds on, and takes only what it adds', async () => {
  const world = await soloTown();
  const first = await submitted(world, 'ci-first', { 'wall.txt': 'a\nb\n' });
  const second = await submitted(world, 'ci-second', { 'wall.txt': 'a\nB\n' }, { from: first.request.head, priority: 0 });
  assert.equal([second.request.after, second.request.base], [first.id, first.request.head]);
  assert.equal((await runQueue(world)).landed.map((landed) => landed.bead), ['ci-first', 'ci-second']);
  assert.is(await landedFile(world, 'wall.txt'), 'a\nB');
});

queue('lets a request fall with the one that it builds on', async () => {
  const world = await soloTown('! test -f broken');
  const first = await submitted(world, 'ci-first', { broken: '1\n' });
  await submitted(world, 'ci-second', { 'wall.txt': 'b\n' }, { from: first.request.head });
  const report = await runQueue(world);
  assert.equal(report.rejected.map(({ bead: rejected, kind }) => [rejected, kind]), [['ci-first', 'gate'], ['ci-second', 'stale']]);
  assert.is((await bead(world, 'ci-second')).status, 'open');
});

queue('closes a request that a person merged by hand', async () => {
  const world = await soloTown('false');
  const { id } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  await gitText(world.place, ['-c', 'user.name=Ada', '-c', 'user.email=a@example.com', 'merge', '-q', '--no-ff', '-m', 'By hand', 'polecat/nux/ci-guard']);
  const report = await runQueue(world);
  assert.equal([report.landed.map((landed) => landed.request), report.gateRuns], [[id], 0]);
  assert.is((await bead(world, 'ci-guard')).status, 'closed');
});

queue('writes down what landed though it was superseded in that moment', async () => {
  const world = await soloTown();
  const first = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  await runQueue(world, { once: true });
  await runQueue(world, { once: true });
  assert.is(await landedFile(world, 'gate.txt'), 'shut');
  const head = await branch(world, 'polecat/nux/ci-guard', { 'gate.txt': 'open\n' }, first.request.head);
  const second = await submitRequest(world.town, world.rig, { head, branch: 'polecat/nux/ci-guard', target: 'main', source: 'ci-guard', token: first.request.token, worker: nux, priority: 2 }, signatureOf(world.town, nux));
  assert.is((await request(world, first.id)).outcome, 'superseded');
  await runQueue(world);
  assert.is((await request(world, first.id)).outcome, 'merged');
  assert.equal([(await request(world, second.id)).outcome, (await bead(world, 'ci-guard')).close_reason], ['rejected', `Merged in ${first.id}`]);
  assert.is(await landedFile(world, 'gate.txt'), 'shut');
});

queue('completes a submission that was cut off before its ref was made', async () => {
  for (const [, make] of kinds) {
    const world = await make();
    const { id, request: filed } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
    const ref = inRef('main', id);
    await updateRefs(world.rig.repository, [{ ref, from: filed.head, to: null }]);
    if (world.rig.remote !== undefined) {
      await gitText(world.place, ['update-ref', '-d', ref]);
      await updateRefs(world.rig.repository, [{ ref: `refs/remotes/origin/mq/main/in/${id}`, from: filed.head, to: null }]);
    }
    assert.is((await runQueue(world)).landed.length, 1);
  }
});

queue('rejects a request whose commits are lost', async () => {
  const world = await soloTown();
  const { id } = await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  const { town, rig } = world;
  const act = { by: 'mayor', at: new Date().toISOString() };
  await transact(rig.ledger, signatureOf(town, 'mayor'), 'Lose it', (view) => edit(view, id, { metadata: { head: '1'.repeat(40) } }, act));
  const report = await runQueue(world);
  assert.equal(report.rejected.map(({ kind }) => kind), ['lost']);
  assert.is((await bead(world, 'ci-guard')).status, 'open');
});

queue('works as one process at a time', async () => {
  const world = await soloTown('sleep 1');
  await submitted(world, 'ci-guard', { 'gate.txt': 'shut\n' });
  const first = runQueue(world);
  await new Promise((resume) => setTimeout(resume, 300));
  try {
    await runQueue(world);
    assert.unreachable();
  } catch (error) {
    assert.is((error as { code: string }).code, 'queue.busy');
  }
  assert.is((await first).landed.length, 1);
});

queue.run();
