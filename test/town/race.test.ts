// time limit: 300 s
// GASTOWN_TEST_SEED=<number> repeats a run; GASTOWN_TEST_RACE=full runs every build at the full size.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { programs, type Program } from '../helpers/programs.ts';
import { Random } from '../helpers/random.ts';
import { output } from '../helpers/temporary.ts';
import { citadel, environmentFor, lastProcesses, type Citadel } from './siege.ts';

interface Size {
  readonly updates: number;
  readonly kills: number;
  readonly rounds: number;
}

const full: Size = { updates: 50, kills: 100, rounds: 50 };
const sizes: Readonly<Record<Program['name'], Size>> = { native: full, node: process.env['GASTOWN_TEST_RACE'] === 'full' ? full : { updates: 8, kills: 16, rounds: 8 } };
const writers = 8;
const victims = 2;
const seed = Number(process.env['GASTOWN_TEST_SEED'] ?? Date.now() % 100_000);
process.stdout.write(`GASTOWN_TEST_SEED=${seed}\n`);

interface Ended {
  readonly code: number | null;
  readonly killed: boolean;
  readonly stderr: string;
}

/** Runs a command in a process group of its own; `kill` ends it by SIGKILL after so many milliseconds, alone or with the git processes below it. */
function runOnce({ program, place }: Citadel, words: readonly string[], kill?: { readonly after: number; readonly group: boolean }): Promise<Ended> {
  const [name = '', ...args] = [...program.bd, ...words];
  const child = spawn(name, args, { cwd: place, env: environmentFor(program), stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const timer = kill && setTimeout(() => {
    try {
      process.kill(kill.group ? -(child.pid ?? 0) : (child.pid ?? 0), 'SIGKILL');
    } catch {
      // It has ended before it could be killed.
    }
  }, kill.after);
  return new Promise((settle, fail) => {
    child.on('error', fail);
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      settle({ code, killed: signal === 'SIGKILL', stderr });
    });
  });
}

/** The ways to write something that carries a mark of its own into the shared bead or a new one. */
const marks: readonly ((mark: string) => string[])[] = [
  (mark) => ['update', 'ci-shared', '--set-metadata', `${mark}=1`],
  (mark) => ['label', 'add', 'ci-shared', mark],
  (mark) => ['comment', 'ci-shared', mark],
  (mark) => ['create', `Mark ${mark}`, '--id', `ci-${mark}`],
  (mark) => ['update', `ci-own${mark.split('n')[0]}`, '--set-metadata', `${mark}=1`],
];

function wordsFor(mark: string, step: number): string[] {
  return marks[step % marks.length]?.(mark) ?? [];
}

interface Line {
  readonly id: string;
  readonly labels?: readonly string[];
  readonly comments?: readonly { readonly text: string }[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly clock: Readonly<Record<string, unknown>>;
}

/** Every bead of the ledger, by plain git alone. */
async function recordsIn({ place }: Citadel): Promise<Line[]> {
  const text = await output(['sh', '-c', 'git archive refs/beads/main beads | tar -xO'], { cwd: place });
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
}

/** Every mark that a ledger holds. */
function marksIn(records: readonly Line[]): Set<string> {
  return new Set(records.flatMap(({ id, labels, comments, metadata }) => [id.slice('ci-'.length), ...(labels ?? []), ...(comments ?? []).map(({ text }) => text), ...Object.keys(metadata ?? {})]));
}

/** The writers' marks that were acknowledged, and how often the victims were killed. */
async function race(castle: Citadel, { updates, kills }: Size): Promise<{ acknowledged: string[]; unsure: string[]; faults: string[]; killed: number }> {
  const acknowledged: string[] = [];
  const unsure: string[] = [];
  const faults: string[] = [];
  let killed = 0;
  const steady = Array.from({ length: writers }, async (_, writer) => {
    for (let step = 0; step < updates && faults.length === 0; step += 1) {
      const mark = `w${writer}n${step}`;
      const { code, stderr } = await runOnce(castle, wordsFor(mark, step + writer));
      if (code === 0) acknowledged.push(mark);
      else faults.push(`${mark}: exit ${code} ${stderr}`);
    }
  });
  const doomed = Array.from({ length: victims }, async (_, victim) => {
    const random = new Random(seed + victim);
    let within = 200;
    for (let step = 0; killed < kills && faults.length === 0; step += 1) {
      const mark = `v${victim}n${step}`;
      const ended = await runOnce(castle, wordsFor(mark, step), { after: random.next() * within, group: random.chance(0.5) });
      // So that every moment of a command's life is as likely as any other.
      within = Math.max(10, within * (ended.killed ? 1.05 : 0.9));
      if (ended.killed) killed += 1;
      if (ended.code === 0) acknowledged.push(mark);
      else unsure.push(mark);
      if (!ended.killed && ended.code !== 0) faults.push(`${mark}: exit ${ended.code} ${ended.stderr}`);
    }
  });
  await Promise.all([...steady, ...doomed]);
  return { acknowledged, unsure, faults, killed };
}

const racing = suite('eight writers and two that are killed');

for (const program of programs) {
  const size = sizes[program.name];
  racing(`lose no acknowledged write and leave no lock that blocks (${program.name}: ${writers} × ${size.updates} updates, ${size.kills} kills)`, async () => {
    const castle = await citadel(program);
    const owners = [...Array.from({ length: writers }, (_, index) => `w${index}`), ...Array.from({ length: victims }, (_, index) => `v${index}`)];
    for (const id of ['ci-shared', ...owners.map((owner) => `ci-own${owner}`)]) await castle.must('create', id, '--id', id);
    const before = Number(await output(['git', 'rev-list', '--count', 'refs/beads/main'], { cwd: castle.place }));

    const { acknowledged, unsure, faults, killed } = await race(castle, size);
    assert.equal(faults, []);
    assert.ok(killed >= size.kills);

    // A git that was killed between taking its own lock and renaming it leaves it; we let ten seconds go by before we call it dead.
    const patience = existsSync(join(castle.place, '.git/refs/beads/main.lock')) ? 15_000 : 2_500;
    const began = performance.now();
    await castle.must('update', 'ci-shared', '--set-metadata', 'last=1');
    const waited = performance.now() - began;
    assert.ok(waited < patience, `the next command took ${waited} ms`);

    assert.equal(await lastProcesses(castle.ground), []);
    const records = await recordsIn(castle);
    const kept = marksIn(records);
    assert.equal(acknowledged.filter((mark) => !kept.has(mark)), [], 'acknowledged and lost');
    const { length: landed } = unsure.filter((mark) => kept.has(mark));
    const commits = Number(await output(['git', 'rev-list', '--count', '--first-parent', 'refs/beads/main'], { cwd: castle.place }));
    assert.is(commits - before, acknowledged.length + landed + 1, 'one commit for each write that landed');
    assert.is(await output(['git', 'rev-list', '--min-parents=2', 'refs/beads/main'], { cwd: castle.place }), '');
    assert.is(await output(['git', 'fsck', '--full', '--strict', '--no-dangling', '--no-progress'], { cwd: castle.place }), '');
    const stamps = Object.values((records.find(({ id }) => id === 'ci-shared')?.clock['metadata'] ?? {}) as Record<string, string>);
    assert.is(new Set(stamps).size, stamps.length, 'no stamp twice');
  });
}

racing.run();

const claiming = suite('eight processes that claim one bead');

for (const program of programs) {
  const { rounds } = sizes[program.name];
  claiming(`have one winner, ${rounds} times (${program.name})`, async () => {
    const castle = await citadel(program);
    const ids = Array.from({ length: rounds }, (_, round) => `ci-r${round}`);
    await castle.with({ input: ids.map((id) => `${JSON.stringify({ id, title: id })}\n`).join('') }, 'create', '-f', '-');
    for (const id of ids) {
      const racers = await Promise.all(Array.from({ length: writers }, (_, racer) => runOnce(castle, ['claim', id, '--actor', `racer${racer}`])));
      const winners = racers.flatMap(({ code }, racer) => (code === 0 ? [`racer${racer}`] : []));
      assert.is(winners.length, 1, racers.map(({ code, stderr }) => `${code} ${stderr}`).join(''));
      assert.equal(racers.filter(({ code }) => code !== 0).map(({ code }) => code), Array.from({ length: writers - 1 }, () => 1));
      const [bead] = await castle.json<{ status: string; assignee: string }[]>('show', id);
      assert.equal([bead?.status, bead?.assignee], ['in_progress', winners[0]]);
    }
  });
}

claiming.run();
