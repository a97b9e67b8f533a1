import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { freeTick, poke } from '../../src/actions/poke.ts';
import { readState, statePath, writeState } from '../../src/ledger/ledger.ts';
import { acquire } from '../../src/ledger/lock.ts';
import { isAlive, ownProcess, processStart, type ProcessIdentity } from '../../src/sessions/processes.ts';
import { openTown, townState, type TownFile } from '../../src/town.ts';
import { git, gtJson, gtOutput, soloTown, townWithRig } from '../helpers/town.ts';
import { ownEnvironment } from '../helpers/temporary.ts';
import { until } from '../sessions/until.ts';

Object.assign(process.env, ownEnvironment());

interface Signs {
  poked(): boolean;
  /** How many ticks have ended. */
  ticks(): number;
  settle(): Promise<void>;
  clear(): void;
  engine(pid: number): void;
}

function signsOf(gitDir: string): Signs {
  const state = join(gitDir, 'gastown');
  const log = join(state, 'tick.log');
  const ticks = (): number => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').filter((line) => line !== '').length : 0);
  return {
    poked: () => existsSync(join(state, 'poke')),
    ticks,
    async settle() {
      for (let quiet = 0, before = -1; quiet < 8; before = ticks()) {
        await sleep(100);
        quiet = before === ticks() && !existsSync(join(state, 'tick.json')) ? quiet + 1 : 0;
      }
    },
    clear: () => [log, join(state, 'poke')].forEach((path) => rmSync(path, { force: true })),
    engine: (pid) => writeFileSync(join(state, 'engine.json'), JSON.stringify({ pid, started: processStart(pid) })),
  };
}

const wakes = suite('the town is woken');
const wasteland = await townWithRig();

wakes('by a commit, a merge, a checkout and a ref of its own', async () => {
  const path = await soloTown();
  const signs = signsOf(join(path, '.git'));
  const events: [string, string[]][] = [
    ['commit', ['commit', '--allow-empty', '-qm', 'Paint']],
    ['checkout', ['checkout', '-q', '-b', 'side']],
    ['ledger', ['update-ref', '-m', 'touch', 'refs/beads/main', 'refs/beads/main~', 'refs/beads/main']],
    ['queue', ['update-ref', 'refs/heads/mq/main/in/mr-1', 'HEAD']],
  ];
  for (const [what, args] of events) {
    await signs.settle();
    signs.clear();
    await git(path, args);
    assert.ok(signs.poked(), what);
    await signs.settle();
    assert.ok(signs.ticks() >= 1, what);
  }
});

wakes('in the town, by what happens in a rig', async () => {
  const { town, rig } = wasteland;
  const signs = signsOf(join(town, '.git'));
  await git(join(rig, '.repo.git'), ['update-ref', 'refs/heads/mq/main/in/mr-1', 'refs/heads/main']);
  assert.ok(signs.poked());
  await signs.settle();
  assert.is(signs.ticks(), 1);
});

wakes('by what moves the ledger of the town itself', async () => {
  const { town } = wasteland;
  const signs = signsOf(join(town, '.git'));
  signs.clear();
  await git(town, ['update-ref', 'refs/beads/main', 'refs/beads/main~']);
  assert.ok(signs.poked());
  await signs.settle();
});

wakes('not by a branch of somebody', async () => {
  const path = await soloTown();
  const signs = signsOf(join(path, '.git'));
  await signs.settle();
  signs.clear();
  await git(path, ['update-ref', 'refs/heads/side', 'HEAD']);
  await git(path, ['tag', 'v1']);
  assert.not.ok(signs.poked());
});

wakes('through its engine where one lives, and without one that is dead', async () => {
  const path = await soloTown();
  const signs = signsOf(join(path, '.git'));
  const engine = spawn('sleep', ['60']);
  try {
    signs.engine(engine.pid!);
    signs.clear();
    await git(path, ['commit', '--allow-empty', '-qm', 'Paint']);
    assert.ok(signs.poked());
    await signs.settle();
    assert.is(signs.ticks(), 0);
    assert.ok(statSync(join(path, '.git/gastown/poke')).mtimeMs > Date.now() - 60_000);
  } finally {
    engine.kill('SIGKILL');
  }
  await new Promise((resume) => engine.once('close', resume));
  await git(path, ['commit', '--allow-empty', '-qm', 'Paint']);
  await signs.settle();
  assert.is(signs.ticks(), 1);
});

wakes('once by many at once', async () => {
  const path = await soloTown();
  const signs = signsOf(join(path, '.git'));
  const town = openTown(path, () => Date.now());
  writeFileSync(join(path, '.git/gastown/tick.json'), JSON.stringify(ownProcess()));
  for (let each = 0; each < 20; each += 1) poke(town, process.env);
  await sleep(300);
  assert.is(signs.ticks(), 0);
  freeTick(town);
  const patrols = await acquire(statePath(town.hq.repository, 'leases', 'patrol'), town.hq.liveness, 0);
  for (let each = 0; each < 20; each += 1) poke(town, process.env);
  const waiting = readState<ProcessIdentity>(town.hq.repository, 'tick.json');
  assert.equal([waiting?.pid === process.pid, waiting && isAlive(waiting)], [false, true], 'the place is that of the tick');
  await patrols();
  await signs.settle();
  assert.is(signs.ticks(), 1);
});

wakes('again when a tick died before it began', async () => {
  const path = await soloTown();
  const signs = signsOf(join(path, '.git'));
  await signs.settle();
  signs.clear();
  const town = openTown(path, () => Date.now());
  for (const left of [JSON.stringify({ pid: 2 ** 22 + 1, started: 'x' }), '']) {
    writeFileSync(join(path, '.git/gastown/tick.json'), left);
    signs.clear();
    poke(town, process.env);
    await signs.settle();
    assert.is(signs.ticks(), 1, left);
  }
});

wakes('by a second sling, where the first one died before it could', async () => {
  const path = await soloTown();
  const signs = signsOf(join(path, '.git'));
  const { id } = await gtJson<{ id: string }>(path, ['create', 'Paint', '--metadata', JSON.stringify({ run: 'echo red > paint.txt' })]);
  const engine = spawn('sleep', ['60']);
  signs.engine(engine.pid!);
  try {
    await gtOutput(path, ['sling', id, '--no-start']);
    await gtOutput(path, ['update', id, '--unset-metadata', 'start_by']);
  } finally {
    engine.kill('SIGKILL');
  }
  await new Promise((resume) => engine.once('close', resume));
  assert.match(await gtOutput(path, ['sling', id]), /already/);
  await gtOutput(path, ['wait', id, '--for', 'submitted', '--timeout', '20s']);
  await signs.settle();
});

wakes('for a rig, too, that was added while the tick waited for another one to end', async () => {
  const { town: path } = wasteland;
  signsOf(join(path, '.git')).engine(process.pid);
  const id = await gtOutput(path, ['create', 'Paint', '--silent', '--rig', 'shop']);
  await gtOutput(path, ['config', 'set', 'scheduler.max_polecats', '1']);
  await gtOutput(path, ['sling', id, '--no-start']);
  const { repository, liveness } = openTown(path, () => Date.now()).hq;
  const file = readState<TownFile>(repository, townState);
  assert.ok(file);
  const lease = statePath(repository, 'leases', 'patrol');
  rmSync(`${lease}.wanted`, { force: true });
  const patrols = await acquire(lease, liveness, 0);
  writeState(repository, { ...file, rigs: {} }, townState);
  const tick = gtOutput(path, ['tick']);
  await until(() => existsSync(`${lease}.wanted`), 20_000);
  writeState(repository, file, townState);
  await patrols();
  assert.is(await tick, '1 order carried out');
});

wakes.run();
