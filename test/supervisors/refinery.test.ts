import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gitText } from '../../src/git/run.ts';
import { bead, branch, configure, hubTown, landedFile, queueBranches, request, runQueue, soloTown, submitted, tip } from '../helpers/queue.ts';

const queue = suite('the merge queue');

for (const [kind, make] of [['a checkout', soloTown], ['a hub', hubTown]] as const) {
  queue(`of ${kind} lands a request by moving the target to the tested commit`, async () => {
    const world = await make('test -f gate.txt');
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
    assert.is(await landedFile(world, 'gate.txt'), 'shut');
    assert.is((await bead(world, 'ci-guard')).status, 'closed');
    assert.is((await bead(world, 'ci-guard')).close_reason, `Merged in ${id}`);
    assert.is((await request(world, id)).outcome, 'merged');
    assert.is((await request(world, id)).landed, after);
    assert.equal(await queueBranches(world), []);
    const note = JSON.parse(await gitText(world.rig.repository, ['notes', '--ref=gates', 'show', await gitText(world.rig.repository, ['rev-parse', `${after}^{tree}`])]));
    assert.is(note.gate, 'test');
    assert.is(note.attempts[0].verdict, 'pass');
  });
}

queue.run();
