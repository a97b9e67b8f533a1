// time limit: 900 s
// GASTOWN_TEST_KILLS=100 kills as often as the issue asks for, GASTOWN_TEST_ROUNDS=50 claims as often.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { find } from '../../src/domain/bead.ts';
import { create } from '../../src/domain/content.ts';
import { stateFolder } from '../../src/ledger/ledger.ts';
import { consult } from '../../src/ledger/read.ts';
import { nux } from '../helpers/garage.ts';
import { gitIn, ledgerAt, newLedger, write } from '../helpers/ledger.ts';
import { programs } from '../helpers/programs.ts';
import { gtOutput, soloTown } from '../helpers/town.ts';
import { ownEnvironment, run } from '../helpers/temporary.ts';

const kills = Number(process.env.GASTOWN_TEST_KILLS ?? 12);
const rounds = Number(process.env.GASTOWN_TEST_ROUNDS ?? 4);
const writers = 8;
const updates = Number(process.env.GASTOWN_TEST_UPDATES ?? 20);

/** A number in a range that is another one each time, and the same in each run of the test. */
function chances(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % below;
  };
}

/** Starts a writer and collects what it says was acknowledged. */
function startWriter(path: string, name: string, times: number): { kill: () => void; done: Promise<string[]> } {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'writer.ts'), path, name, String(times)], { env: ownEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  // A line that was cut off acknowledges nothing.
  const done = new Promise<string[]>((settle) => child.on('close', () => settle(text.split('\n').slice(0, -1))));
  return { kill: () => child.kill('SIGKILL'), done };
}

const race = suite('many writers');

race('lose no write that was acknowledged, though two of them are killed at any moment', async () => {
  const ledger = await newLedger();
  const path = ledger.repository.gitDir;
  await write(ledger, (view) => create(view, 'gt-shared', { title: 'Everybody’s' }, nux));
  const next = chances(7);
  const steady = Array.from({ length: writers }, (_, index) => startWriter(path, `w${index}`, updates));
  const acknowledged: string[] = [];
  let killed = 0;
  const victims = [0, 1].map(async (place) => {
    while (killed < kills) {
      killed += 1;
      const victim = startWriter(path, `v${place}x${killed}`, 1000);
      await sleep(120 + next(400));
      victim.kill();
      acknowledged.push(...(await victim.done));
    }
  });
  for (const { done } of steady) {
    const lines = await done;
    assert.is(lines.length, updates);
    acknowledged.push(...lines);
  }
  await Promise.all(victims);

  const after = ledgerAt(path);
  const bead = await consult(after, (view) => find(view, 'gt-shared'));
  const kept = new Set(bead.comments?.map(({ id }) => id));
  assert.equal(acknowledged.filter((id) => !kept.has(id)), [], 'acknowledged and lost');
  // A writer that was killed between its commit and its word about it may have written one more; never half of one.
  assert.ok(kept.size - acknowledged.length <= kills, `${kept.size} kept, ${acknowledged.length} acknowledged`);
  const made = [...kept].filter((id) => Number(id.split('-')[1]) % 5 === 0).map((id) => `gt-${id.replace('-', '')}`);
  assert.equal(await consult(after, (view) => made.filter((id) => view.get(id) === undefined)), []);
  assert.is(await gitIn(after, 'fsck', '--strict', '--no-dangling'), '');
  // Nothing blocks the next writer.
  const began = performance.now();
  await write(after, (view) => create(view, 'gt-last', { title: 'Last' }, nux));
  assert.ok(performance.now() - began < 15_000);
  assert.not.ok(existsSync(join(path, 'refs/beads/main.lock')));
  assert.equal(readdirSync(join(stateFolder(after.repository), 'locks')).filter((name) => name === 'ledger'), []);
});

race.run();

const claims = suite('a claim');

for (const { name, bd } of programs) {
  claims(`is won by exactly one of eight processes (${name})`, async () => {
    const path = await soloTown();
    for (let round = 0; round < rounds; round++) {
      const id = await gtOutput(path, ['bead', 'create', `Round ${round}`, '--silent']);
      const racers = await Promise.all(Array.from({ length: 8 }, (_, racer) => run([...bd, 'claim', id, '--actor', `racer${racer}`], { cwd: path })));
      const winners = racers.flatMap(({ code }, racer) => (code === 0 ? [racer] : []));
      assert.is(winners.length, 1, racers.map(({ code, stderr }) => `${code} ${stderr}`).join('\n'));
      for (const { code, stderr } of racers.filter(({ code }) => code !== 0)) {
        assert.is(code, 1);
        assert.match(stderr, new RegExp(`${id} is in_progress, by racer${winners[0]}`));
      }
      const [shown] = JSON.parse((await run([...bd, 'show', id, '--json'], { cwd: path })).stdout) as { assignee: string; status: string }[];
      assert.equal([shown?.assignee, shown?.status], [`racer${winners[0]}`, 'in_progress']);
    }
  });

  claims(`and other writes of many processes all land (${name})`, async () => {
    const path = await soloTown();
    const id = await gtOutput(path, ['bead', 'create', 'Shared', '--silent']);
    const steps = Math.max(2, Math.floor(updates / 5));
    const all = await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let step = 0; step < steps; step++) assert.is((await run([...bd, 'label', 'add', id, `w${writer}s${step}`], { cwd: path })).code, 0);
      }),
    );
    assert.is(all.length, 8);
    const labels = JSON.parse((await run([...bd, 'label', 'list', id, '--json'], { cwd: path })).stdout) as string[];
    assert.is(labels.length, 8 * steps);
    assert.is(readFileSync(join(path, '.git/HEAD'), 'utf8'), 'ref: refs/heads/main\n');
  });
}

claims.run();
