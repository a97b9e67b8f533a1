import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { endTree, isAlive, killTree, ownProcess, processStart, type ProcessIdentity } from '../../src/sessions/processes.ts';
import { ownEnvironment, temporary } from '../helpers/temporary.ts';
import { until } from './until.ts';

const env = ownEnvironment();

function begin(script: string, more: Record<string, string> = {}): ProcessIdentity {
  const child = spawn('sh', ['-c', script], { env: { ...env, ...more }, detached: true, stdio: 'ignore' });
  child.unref();
  const pid = child.pid as number;
  return { pid, started: processStart(pid) ?? '' };
}

const liveness = suite('isAlive');

liveness('is true of this process', () => {
  assert.is(isAlive(ownProcess()), true);
});

liveness('is false of another process with the same number', () => {
  assert.is(isAlive({ pid: process.pid, started: `${ownProcess().started}0` }), false);
});

liveness('is false of a number that nobody has', async () => {
  const child = spawn('true', { stdio: 'ignore' });
  await once(child, 'exit');
  assert.is(isAlive({ pid: child.pid as number, started: 'x' }), false);
});

liveness('is unknown where no start time was ever seen, and of what is no process number', () => {
  assert.is(isAlive({ pid: process.pid, started: '' }), 'unknown');
  assert.is(isAlive({ pid: -1, started: 'x' }), 'unknown');
  assert.is(isAlive({ pid: NaN, started: 'x' }), 'unknown');
});

liveness('is false of a process that has ended and waits for its parent', async () => {
  // The shell becomes sleep, which never asks how its child ended.
  const file = join(temporary(), 'pid');
  const parent = begin(`sh -c 'echo $$ >${file}; exec sleep 0.2' & exec sleep 30`);
  await until(() => existsSync(file) && readFileSync(file, 'utf8') !== '');
  const pid = Number(readFileSync(file, 'utf8'));
  const identity = { pid, started: processStart(pid) ?? '' };
  assert.is(isAlive(identity), true);
  await until(() => isAlive(identity) === false);
  await endTree(parent, { graceMs: 0 });
});

liveness.run();

const killing = suite('killTree and endTree');

killing('never signal a process whose start does not match', async () => {
  const one = begin('exec sleep 30');
  assert.is(killTree({ ...one, started: `${one.started}1` }, 'SIGKILL'), 'gone');
  assert.is(killTree({ ...one, started: '' }, 'SIGKILL'), 'unknown');
  assert.is(await endTree({ ...one, started: '' }), 'unknown');
  await sleep(50);
  assert.is(isAlive(one), true);
  assert.is(await endTree(one), 'gone');
  assert.is(isAlive(one), false);
});

killing('reach grandchildren, in the group and out of it', async () => {
  const folder = temporary();
  const one = begin(`sh -c 'sleep 31 & echo $! >a; setsid sleep 32 & echo $! >b; wait' & wait`.replaceAll('>a', `>${folder}/a`).replaceAll('>b', `>${folder}/b`));
  await until(() => existsSync(join(folder, 'b')) && readFileSync(join(folder, 'b'), 'utf8') !== '');
  const others = ['a', 'b'].map((name) => {
    const pid = Number(readFileSync(join(folder, name), 'utf8'));
    return { pid, started: processStart(pid) ?? '' };
  });
  assert.equal(others.map(isAlive), [true, true]);
  assert.is(await endTree(one), 'gone');
  assert.equal(others.map(isAlive), [false, false]);
});

killing('kill what does not listen, after the grace', async () => {
  const folder = temporary();
  const one = begin(`trap '' TERM; touch ${folder}/ready; while :; do sleep 0.1; done`);
  await until(() => existsSync(join(folder, 'ready')));
  const began = performance.now();
  assert.is(await endTree(one, { graceMs: 300 }), 'gone');
  assert.ok(performance.now() - began >= 300);
  assert.is(isAlive(one), false);
});

killing('find by its mark what outlived its first process, and leave the unmarked alone', async () => {
  const folder = temporary();
  const script = (name: string): string => `sleep 33 & echo $! >${folder}/${name}; wait`;
  const marked = begin(script('marked'), { GT_TEST_MARK: 'one' });
  const other = begin(script('other'), { GT_TEST_MARK: 'two' });
  await until(() => ['marked', 'other'].every((name) => existsSync(join(folder, name)) && readFileSync(join(folder, name), 'utf8') !== ''));
  const left = ['marked', 'other'].map((name) => {
    const pid = Number(readFileSync(join(folder, name), 'utf8'));
    return { pid, started: processStart(pid) ?? '' };
  });
  process.kill(marked.pid, 'SIGKILL');
  process.kill(other.pid, 'SIGKILL');
  await until(() => isAlive(marked) === false && isAlive(other) === false);
  const mark = { name: 'GT_TEST_MARK', value: 'one' };
  assert.is(await endTree(marked, { mark }), 'gone');
  assert.is(await endTree(other, { mark }), 'gone');
  assert.equal(left.map(isAlive), [false, true]);
  process.kill(left[1]!.pid, 'SIGKILL');
});

killing('spare the process that asks, though it is in the tree', async () => {
  const folder = temporary();
  const script = join(folder, 'inner.ts');
  const module = new URL('../../src/sessions/processes.ts', import.meta.url).pathname;
  writeFileSync(
    script,
    `import { endTree, processStart } from ${JSON.stringify(module)};
     import { writeFileSync } from 'node:fs';
     process.on('SIGHUP', () => {});
     const pid = process.ppid;
     writeFileSync(${JSON.stringify(join(folder, 'said'))}, await endTree({ pid, started: processStart(pid) }));`,
  );
  const one = begin(`${process.execPath} ${script}; true`);
  await until(() => existsSync(join(folder, 'said')) && readFileSync(join(folder, 'said'), 'utf8') !== '', 10_000);
  assert.is(readFileSync(join(folder, 'said'), 'utf8'), 'gone');
  assert.is(isAlive(one), false);
});

killing.run();
