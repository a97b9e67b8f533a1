// time limit: 900 s
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gitText } from '../../src/git/run.ts';
import { listWorktrees } from '../../src/git/worktrees.ts';
import { consult } from '../../src/ledger/read.ts';
import { hubTown, queueBranches, runQueue, soloTown, submitted, tip, type QueueTown } from '../helpers/queue.ts';

const killed = suite('a merge queue that is killed');
const program = resolve(import.meta.dirname, '../helpers/work-queue.ts');
const rounds = Number(process.env['KILL_ROUNDS'] ?? 4);
const kills = 8;

/** A small random generator, so that a round can be run again. */
function random(seed: number): () => number {
  let state = seed * 2654435761;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) >>> 0;
    return state / 2 ** 32;
  };
}

async function filled(make: typeof soloTown): Promise<QueueTown> {
  const world = await make('if test -f broken; then echo broken; exit 1; fi');
  await submitted(world, 'ci-one', { 'README.md': 'one\n', 'one.txt': '1\n' });
  await submitted(world, 'ci-two', { 'README.md': 'two\n' });
  await submitted(world, 'ci-bad', { broken: '1\n' });
  await submitted(world, 'ci-last', { 'last.txt': '1\n' });
  return world;
}

/** Starts a run of the queue and kills it after so many milliseconds; false when it had ended by itself. */
function runAndKill({ town }: QueueTown, milliseconds: number): Promise<boolean> {
  return new Promise((settle, fail) => {
    const child = spawn(process.execPath, [program, town.hq.repository.worktree ?? ''], { stdio: ['ignore', 'ignore', 'inherit'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
    child.once('error', fail);
    child.once('exit', (_code, signal) => {
      clearTimeout(timer);
      settle(signal === 'SIGKILL');
    });
  });
}

/** All that must be the same however often the queue was killed. */
async function outcome(world: QueueTown): Promise<unknown> {
  const beads = await consult(world.rig.ledger, (view) => [...view.all()].map(({ id, status, assignee, title, attempts, metadata }) => ({
    id: id.replace(/-(mr|rw)-.*/, '-$1'), status, assignee, title: title.replace(/\b[0-9a-f]{12}\b/g, '…'), attempts: attempts?.length ?? 0, outcome: metadata?.['outcome'],
  })));
  const log = await gitText(world.place, ['log', '--first-parent', '--format=%s', 'main']);
  return { beads: beads.sort((a, b) => (a.title < b.title ? -1 : 1)), log, files: await gitText(world.place, ['ls-tree', '-r', 'main']) };
}

for (const [kind, make] of [['a checkout', soloTown], ['a hub', hubTown]] as const) {
  killed(`again and again ends as an undisturbed one does (${kind})`, async () => {
    const quiet = await filled(make);
    await runQueue(quiet);
    const expected = await outcome(quiet);
    for (let round = 1; round <= rounds; round += 1) {
      const next = random(round * 7919 + (kind === 'a hub' ? 1 : 0));
      const world = await filled(make);
      let alive = true;
      for (let kill = 0; alive && kill < kills; kill += 1) alive = await runAndKill(world, 60 + next() * 900);
      await runQueue(world);
      assert.equal(await outcome(world), expected, `round ${round}`);
      const trailers = await gitText(world.place, ['log', '--first-parent', '--format=%(trailers:key=Merge-Request,valueonly)', 'main']);
      const landed = trailers.split('\n').filter((line) => line !== '');
      assert.is(new Set(landed).size, landed.length, 'nothing lands twice');
      assert.equal(await queueBranches(world), []);
      assert.is((await listWorktrees(world.rig.repository)).length, 1);
      const folder = join(world.rig.folder, 'refinery');
      assert.equal(existsSync(folder) ? readdirSync(folder) : [], []);
      assert.is(await gitText(world.rig.repository, ['fsck', '--no-dangling']), '');
      if (world.rig.remote === undefined) {
        assert.is(await gitText(world.place, ['status', '--porcelain']), '');
        assert.is(await gitText(world.place, ['rev-parse', 'HEAD']), await tip(world.rig));
      }
    }
  });
}

killed.run();
