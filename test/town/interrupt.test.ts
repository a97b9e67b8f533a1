// time limit: 300 s
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { programs } from '../helpers/programs.ts';
import { output, run } from '../helpers/temporary.ts';
import { citadel, environmentFor, file, lastProcesses, processesBelow, type Citadel } from './siege.ts';

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** From the signal to the end. */
  readonly milliseconds: number;
}

type Way = readonly [signal: 'SIGINT' | 'SIGTERM', to: 'process' | 'group'];
const ways: readonly Way[] = [['SIGINT', 'group'], ['SIGTERM', 'process'], ['SIGINT', 'process'], ['SIGTERM', 'group']];

const pause = (milliseconds: number): Promise<void> => new Promise((resume) => setTimeout(resume, milliseconds));

/** Starts a command as a terminal does, in a process group of its own, and signals it as soon as `ready` says so. */
async function interrupted({ program, place }: Citadel, words: readonly string[], [signal, to]: Way, ready: () => Promise<unknown>): Promise<Ended> {
  const [name = '', ...args] = [...program.argv, ...words];
  const child = spawn(name, args, { cwd: place, env: environmentFor(program), stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const closed = new Promise<[number | null, NodeJS.Signals | null]>((settle) => child.once('close', (code, by) => settle([code, by])));
  await ready();
  const at = performance.now();
  try {
    process.kill(to === 'group' ? -(child.pid ?? 0) : (child.pid ?? 0), signal);
  } catch {
    // It has ended before it could be interrupted.
  }
  const [code, by] = await closed;
  return { code, signal: by, stderr, milliseconds: performance.now() - at };
}

async function until(what: string, test: () => boolean | Promise<boolean>, patience = 15_000): Promise<void> {
  for (const end = performance.now() + patience; !(await test()); await pause(20)) if (performance.now() > end) throw new Error(`never: ${what}`);
}

function assertInterrupted(ended: Ended, [signal]: Way): void {
  assert.is(ended.code, signal === 'SIGINT' ? 130 : 143, ended.stderr);
  assert.ok(ended.milliseconds < 5_500, `took ${Math.round(ended.milliseconds)} ms to end`);
  assert.not.match(ended.stderr, /\n {4}at |this is a bug/);
}

/** Holds that nothing runs any more and that nothing is blocked. */
async function assertFree(castle: Citadel): Promise<void> {
  assert.equal(await lastProcesses(castle.ground), []);
  const at = performance.now();
  await file(castle, 'After the interrupt');
  assert.ok(performance.now() - at < 4_000, 'the next command waited');
}

const interrupt = suite('an interrupt');

for (const program of programs) {
  interrupt(`ends an import, which is there whole or not at all (${program.name})`, async () => {
    const castle = await citadel(program);
    const path = join(castle.ground, 'many.jsonl');
    const many = 20_000;
    writeFileSync(path, Array.from({ length: many }, (_, index) => `${JSON.stringify({ id: `ci-${(index + 50_000).toString(36)}x`, title: `Chore ${index}`, created_at: '2026-01-01T00:00:00Z' })}\n`).join(''));
    for (const [index, way] of ways.entries()) {
      await interrupted(castle, ['import', path], way, () => pause(60 + 130 * index));
      const { count } = await castle.json<{ count: number }>('count');
      assert.ok(count < 100 || count >= many, `${count} of them`);
      await assertFree(castle);
    }
    await castle.must('import', path);
    assert.ok((await castle.json<{ count: number }>('count')).count >= many);
    assert.is(await output(['git', 'fsck', '--strict', '--no-dangling'], { cwd: castle.place }), '');
  });

  interrupt(`ends a gate with all that it started (${program.name})`, async () => {
    const castle = await citadel(program, { gate: 'sleep 30 & sleep 30' });
    const { place } = castle;
    await output(['git', 'switch', '-qc', 'work'], { cwd: place });
    await output(['git', 'commit', '-q', '--allow-empty', '-m', 'Work'], { cwd: place });
    writeFileSync(join(place, 'work.txt'), 'x\n');
    await output(['git', 'add', '.'], { cwd: place });
    await output(['git', 'commit', '-qm', 'More work'], { cwd: place });
    await output(['git', 'switch', '-q', 'main'], { cwd: place });
    await castle.must('config', 'set', 'scheduler.paused', 'true');
    await castle.must('mq', 'submit', '--branch', 'work');
    for (const way of ways) {
      const runs = (): boolean => processesBelow(castle.ground).filter((line) => line.includes('sleep 30')).length >= 2;
      const ended = await interrupted(castle, ['mq', 'run'], way, () => until('the gate runs', runs));
      assertInterrupted(ended, way);
      await assertFree(castle);
      assert.is((await output(['git', 'worktree', 'list'], { cwd: place })).split('\n').length, 1);
    }
    await castle.must('config', 'set', 'merge_queue.gates.test.command', 'true');
    await castle.must('mq', 'run');
    assert.is(await output(['git', 'show', 'main:work.txt'], { cwd: place }), 'x');
  });

  interrupt(`ends a wait, and the engine (${program.name})`, async () => {
    const castle = await citadel(program);
    const id = await file(castle, 'Never done', 'sleep 60');
    await castle.must('sling', id, '--no-start');
    for (const way of ways) assertInterrupted(await interrupted(castle, ['wait', id], way, () => pause(400)), way);
    const engine = join(castle.place, '.git/gastown/engine.json');
    for (const way of ways) {
      const runs = (): boolean => {
        try {
          return readFileSync(engine, 'utf8').includes('since');
        } catch {
          return false;
        }
      };
      const ended = await interrupted(castle, ['up', '--foreground'], way, async () => {
        await until('the engine runs', runs);
        await pause(100);
      });
      assert.ok(ended.milliseconds < 5_500, `took ${Math.round(ended.milliseconds)} ms to end`);
      assert.ok(!runs());
      await assertFree(castle);
    }
  });

  interrupt(`leaves a sling that the next one completes (${program.name})`, async () => {
    const castle = await citadel(program);
    for (const [index, way] of [...ways, ...ways].entries()) {
      const id = await file(castle, `Chore ${index}`, `echo x > chore-${index}.txt`);
      await interrupted(castle, ['sling', id], way, () => pause(40 + index * 45));
      await castle.must('sling', id);
      await castle.must('wait', id, '--for', 'submitted', '--timeout', '15s');
    }
    await castle.must('mq', 'run');
    await assertFree(castle);
    for (let index = 0; index < 8; index += 1) assert.is(await output(['git', 'show', `main:chore-${index}.txt`], { cwd: castle.place }), 'x');
  });
}

interrupt.run();

const pipe = suite('a pipe');

for (const program of programs) {
  pipe(`that is closed early ends a list quietly, and one that is slow gets all of it (${program.name})`, async () => {
    const castle = await citadel(program);
    const lines = Array.from({ length: 2_200 }, (_, index) => `${JSON.stringify({ id: `ci-${(index + 50_000).toString(36)}x`, title: `Chore ${index}`, description: 'x'.repeat(4_700), created_at: '2026-01-01T00:00:00Z' })}\n`);
    await castle.with({ input: lines.join('') }, 'import', '-');
    const env = environmentFor(program);
    for (const command of ['gt list | head -1', 'gt list --json | head -1', 'gt export | head -c 10', 'gt list | true', 'bd list | head -n 2']) {
      const ran = await run(['bash', '-c', `${command} >/dev/null; echo "\${PIPESTATUS[0]}"`], { cwd: castle.place, env });
      assert.is(ran.stderr, '', command);
      assert.match(ran.stdout, /^(0|141)\n$/, command);
    }
    const slow = `gt list --json --limit 0 | node -e 'let n = 0; const next = () => { const b = Buffer.alloc(262144); let r; try { r = require("fs").readSync(0, b); } catch (e) { if (e.code === "EAGAIN") return setTimeout(next, 5); throw e; } if (r === 0) return console.log(n); n += r; setTimeout(next, 10); }; next();'`;
    const { stdout, stderr } = await run(['bash', '-c', slow], { cwd: castle.place, env });
    const whole = await castle.must('list', '--json', '--limit', '0');
    assert.ok(whole.length > 10_000_000, `${whole.length}`);
    assert.is((JSON.parse(whole) as unknown[]).length >= lines.length, true);
    assert.equal([Number(stdout), stderr], [Buffer.byteLength(whole) + 1, '']);
  });
}

pipe.run();
