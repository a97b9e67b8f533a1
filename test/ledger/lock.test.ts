import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { acquire, LockBusy, withLock, type Liveness, type LockOwner } from '../../src/ledger/lock.ts';
import { isAlive, ownProcess, processStart } from '../../src/sessions/processes.ts';
import { temporary } from '../helpers/temporary.ts';

const town: Liveness = { self: ownProcess(), isAlive };

/** A lock as its owner leaves it. */
function lockOf(owner: LockOwner, host = hostname()): string {
  const path = join(temporary(), 'locks', 'ledger');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'owner'), JSON.stringify({ ...owner, host }));
  return path;
}

function ownerIn(path: string): unknown {
  return JSON.parse(readFileSync(join(path, 'owner'), 'utf8'));
}

function age(path: string, seconds: number): void {
  const then = Date.now() / 1000 - seconds;
  utimesSync(path, then, then);
}

/** A process that lives until it is told to end. */
function companion(): { owner: LockOwner; end: () => Promise<void> } {
  const child = spawn('sleep', ['20'], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const ended = new Promise<void>((settle) => child.once('exit', () => settle()));
  return { owner: { pid, started: processStart(pid) ?? '' }, end: async () => (child.kill('SIGKILL'), ended) };
}

async function busy(path: string, patience: number, liveness = town): Promise<LockBusy> {
  try {
    await acquire(path, liveness, patience);
  } catch (error) {
    if (error instanceof LockBusy) return error;
    throw error;
  }
  throw new Error('the lock was taken');
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

const locking = suite('withLock');

locking('lets one in at a time, and leaves nothing behind', async () => {
  const path = join(temporary(), 'locks', 'ledger');
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 8 }, () =>
      withLock(path, town, 10_000, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resume) => setTimeout(resume, 5));
        inside -= 1;
      }),
    ),
  );
  assert.is(most, 1);
  assert.equal(readdirSync(join(path, '..')), []);
});

locking('gives the lock back when the work throws', async () => {
  const path = join(temporary(), 'ledger');
  const failed = withLock(path, town, 0, async () => {
    throw new Error('the weld broke');
  });
  await failed.then(() => assert.unreachable(), (error: Error) => assert.is(error.message, 'the weld broke'));
  assert.not.ok(existsSync(path));
});

locking('names its owner while the work goes on', async () => {
  const path = join(temporary(), 'ledger');
  await withLock(path, town, 0, async () => assert.equal(ownerIn(path), { ...ownProcess(), host: hostname() }));
});

locking.run();

const taking = suite('acquire');

taking('waits for an owner that lives, and names it when patience ends', async () => {
  const { owner, end } = companion();
  const path = lockOf(owner);
  age(path, 3_600);
  const took = await milliseconds(async () => {
    const { code, data } = await busy(path, 300);
    assert.equal([code, (data as { owner: LockOwner }).owner.pid], ['lock.busy', owner.pid]);
  });
  assert.ok(took >= 300, `${took} ms`);
  assert.ok(existsSync(path));
  await end();
});

taking('takes over at once from an owner that is dead, however fresh the lock', async () => {
  const { owner, end } = companion();
  const path = lockOf(owner);
  await end();
  const release = await acquire(path, town, 0);
  assert.equal(ownerIn(path), { ...ownProcess(), host: hostname() });
  await release();
  // Only the grave stays, for those who come late to the same dead owner.
  assert.match(readdirSync(join(path, '..')).join(), /^ledger\.dead-[0-9a-z]{12}$/);
});

taking('is not misled by another process that has the number of a dead owner', async () => {
  const { owner, end } = companion();
  const path = lockOf({ pid: owner.pid, started: 'long ago' });
  await (await acquire(path, town, 0))();
  await end();
});

taking('goes on as soon as the owner gives it back', async () => {
  const path = join(temporary(), 'ledger');
  const release = await acquire(path, town, 0);
  setTimeout(() => void release(), 200);
  const took = await milliseconds(async () => (await acquire(path, town, 10_000))());
  assert.ok(took >= 190 && took < 2_000, `${took} ms`);
});

taking('waits for an owner that it cannot look at until the lock was not touched for fifteen seconds', async () => {
  for (const [path, liveness] of [[lockOf(ownProcess(), 'elsewhere'), town], [lockOf({ pid: 1, started: '' }), { ...town, isAlive: () => 'unknown' }]] as [string, Liveness][]) {
    age(path, 12);
    await busy(path, 50, liveness);
    age(path, 18);
    await (await acquire(path, liveness, 50))();
  }
});

taking('treats a lock whose owner nobody can read like one of an unknown owner', async () => {
  const path = lockOf(ownProcess());
  writeFileSync(join(path, 'owner'), '{"pid":');
  await busy(path, 50);
  age(path, 18);
  await (await acquire(path, town, 50))();
});

taking('takes over at once, without patience, from one that was killed while it took over from another', async () => {
  const { owner, end } = companion();
  const path = lockOf(owner);
  mkdirSync(`${path}.dead-0123456789ab`);
  mkdirSync(`${path}.${owner.pid}-1`);
  await end();
  await (await acquire(path, town, 0))();
});

taking('never buries the lock of a new owner for that of a dead one', async () => {
  const { owner, end } = companion();
  const path = lockOf(owner);
  await end();
  const release = await acquire(path, town, 0);
  const held = readFileSync(join(path, 'owner'), 'utf8');
  writeFileSync(join(path, 'owner'), JSON.stringify({ ...owner, host: hostname() }));
  // As one sees it that looked before the lock was taken over.
  await busy(path, 100);
  writeFileSync(join(path, 'owner'), held);
  await release();
  assert.not.ok(existsSync(path));
});

taking('never gives back a lock that another one has taken over', async () => {
  const path = join(temporary(), 'ledger');
  const release = await acquire(path, town, 0);
  const next = { pid: 1, started: 'another', host: hostname() };
  writeFileSync(join(path, 'owner'), JSON.stringify(next));
  await release();
  assert.equal(ownerIn(path), next);
});

taking('lets exactly one of many take a dead owner’s lock over', async () => {
  for (let round = 0; round < 20; round += 1) {
    const path = lockOf({ pid: 2 ** 22 - 1, started: 'never' });
    let inside = 0;
    await Promise.all(
      Array.from({ length: 6 }, () =>
        withLock(path, town, 20_000, async () => {
          inside += 1;
          assert.is(inside, 1);
          await Promise.resolve();
          inside -= 1;
        }),
      ),
    );
  }
});

taking.run();
