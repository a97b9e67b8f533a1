// time limit: 300 s
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { programs } from '../helpers/programs.ts';
import { Random } from '../helpers/random.ts';
import { skip } from '../helpers/skip.ts';
import { output, repository, run, temporary } from '../helpers/temporary.ts';
import { callerIn, citadel, environmentFor, file, type Citadel } from './siege.ts';

const seed = Number(process.env['GASTOWN_SEED'] ?? Date.now() % 1_000_000);
const kills = Number(process.env['GASTOWN_KILLS'] ?? 10);

const random = new Random(seed);

type Place = Pick<Citadel, 'program' | 'place'>;

/** Runs a command and kills it after a moment; alone, as a dying machine would not, or with the processes of its group. Whether it died of that. */
async function killed({ program, place }: Place, words: readonly string[], after: number): Promise<boolean> {
  const [name = '', ...args] = [...program.argv, ...words];
  const child = spawn(name, args, { cwd: place, env: environmentFor(program), stdio: 'ignore', detached: true });
  const closed = new Promise<boolean>((settle) => child.once('close', (_, signal) => settle(signal === 'SIGKILL')));
  const timer = setTimeout(() => child.kill('SIGKILL'), after);
  const died = await closed;
  clearTimeout(timer);
  return died;
}

/** Locks that would block somebody: of git, and of ours whose owner is gone. */
async function locks(folder: string): Promise<string[]> {
  const { stdout } = await run(['find', folder, '-name', '*.lock', '-path', '*/.git/*']);
  return stdout.split('\n').filter((line) => line !== '');
}

/** A git that was killed is known to be dead after so long, in milliseconds. */
const knownDead = 10_000;

function age(path: string): number {
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity);
}

/** Locks that somebody should have taken away by now, or that are there still after others have written what they lock. */
async function lastingLocks(castle: Citadel): Promise<string[]> {
  for (let turn = 0; turn < 8; turn += 1) {
    const found = await locks(castle.ground);
    const overdue = turn === 0 ? found.filter((path) => age(path) > knownDead) : [];
    if (found.length === 0 || overdue.length > 0) return overdue;
    await castle.must('sling', await file(castle, `Writes an event ${turn}`), `citadel/e${turn}`, '--no-start');
    await castle.gt('tick');
    await new Promise((resume) => setTimeout(resume, 2_000));
  }
  return locks(castle.ground);
}

const crash = suite('a command that is killed');

for (const program of programs) {
  /** Kills a command at random moments of its usual time, and after each time holds that the very same command completes it. */
  const survives = (name: string, prepare: (castle: Citadel, round: number) => Promise<readonly string[]>, check: (castle: Citadel, round: number, words: readonly string[]) => Promise<void>, options: { rounds?: number; span?: number; again?: readonly number[] } = {}): void => {
    crash(`${name} at ${options.rounds ?? kills} moments is completed by running it again (${program.name}, seed ${seed})`, async () => {
      const castle = await citadel(program);
      const first = await prepare(castle, 0);
      const began = performance.now();
      await castle.must(...first);
      const span = (performance.now() - began) * 1.1;
      await check(castle, 0, first);
      let died = 0;
      for (let round = 1; round <= (options.rounds ?? kills); round += 1) {
        const words = await prepare(castle, round);
        const floor = program.name === 'node' ? 30 : 6;
        if (await killed(castle, words, floor + random.next() * span)) died += 1;
        const at = performance.now();
        const again = await castle.gt(...words);
        const said = `${words.join(' ').slice(0, 120)}: exit ${again.code}\n${again.stdout}${again.stderr}`;
        assert.ok((options.again ?? [0]).includes(again.code ?? -1), said);
        assert.ok(performance.now() - at < 6_000 + span, `it was blocked: ${said}`);
        await check(castle, round, words);
      }
      assert.ok(died > 0, 'nothing was killed in time');
      assert.is(await output(['git', 'fsck', '--strict', '--no-dangling', '--no-progress'], { cwd: castle.place }), '');
      assert.equal(await lastingLocks(castle), []);
    });
  };

  const exists = async (castle: Citadel, id: string): Promise<Record<string, unknown>> => {
    const [bead] = await castle.json<Record<string, unknown>[]>('show', id);
    assert.ok(bead !== undefined, id);
    return bead;
  };

  survives('create', (_, round) => Promise.resolve(['create', `Chore ${round}`, '--id', `ci-chore${round}`, '--deps', round > 1 ? 'ci-chore1' : 'ci-citadel-witness', '--silent']), async (castle, round) => {
    assert.is((await exists(castle, `ci-chore${round}`))['title'], `Chore ${round}`);
  }, { again: [0, 1] });

  survives('update', async (castle, round) => {
    if (round === 0) await castle.must('create', 'Oil the hinges', '--id', 'ci-hinges');
    return ['update', 'ci-hinges', '--notes', `round ${round}`, '--priority', String(round % 5)];
  }, async (castle, round) => assert.is((await exists(castle, 'ci-hinges'))['notes'], `round ${round}`));

  survives('config set', (_, round) => Promise.resolve(['config', 'set', 'merge_queue.gates.test.command', `true ${round}`]), async (castle, round) => {
    assert.match(await castle.must('config', 'get', 'merge_queue.gates.test.command'), `true ${round}`);
  });

  survives('import', async (castle, round) => {
    const path = join(castle.ground, `${round}.jsonl`);
    writeFileSync(path, Array.from({ length: 300 }, (_, index) => `${JSON.stringify({ id: `ci-r${round}n${index}`, title: `Chore ${index}`, created_at: '2026-01-01T00:00:00Z' })}\n`).join(''));
    return ['import', path];
  }, async (castle, round, words) => {
    await exists(castle, `ci-r${round}n0`);
    await exists(castle, `ci-r${round}n299`);
    assert.is((await castle.json<{ skipped: number }>(...words)).skipped, 300);
  });

  survives('sling --no-start', async (castle, round) => ['sling', await file(castle, `Chore ${round}`), `citadel/w${round}`, '--no-start'], async (castle, round, [, id = '']) => {
    const bead = await exists(castle, id);
    assert.equal([bead['status'], bead['assignee']], ['hooked', `citadel/polecats/w${round}`]);
    const worker = join(`${castle.place}.town`, 'polecats', `w${round}`);
    assert.is(await output(['git', 'symbolic-ref', '--short', 'HEAD'], { cwd: worker }), `polecat/w${round}/${id}`);
    assert.match(readFileSync(join(castle.place, '.git/worktrees', `w${round}`, 'locked'), 'utf8'), id);
    const convoys = await castle.json<{ tracked: { id: string }[] }[]>('convoy', 'list');
    assert.is(convoys.filter(({ tracked }) => tracked.some((each) => each.id === id)).length, 1);
  }, { rounds: Math.ceil(kills / 2) });

  survives('done', async (castle, round) => {
    if (round === 0) await castle.must('config', 'set', 'scheduler.paused', 'true');
    const id = await file(castle, `Chore ${round}`);
    await castle.must('sling', id, `citadel/w${round}`, '--no-start');
    writeFileSync(join(`${castle.place}.town`, 'polecats', `w${round}`, `work-${round}.txt`), `${id}\n`);
    return ['-C', join(`${castle.place}.town`, 'polecats', `w${round}`), 'done'];
  }, async (castle, round) => {
    const ref = `refs/heads/polecat/w${round}`;
    const id = (await output(['git', 'for-each-ref', '--format=%(refname:lstrip=4)', ref], { cwd: castle.place })).trim();
    const bead = await exists(castle, id);
    assert.ok(bead['status'] === 'closed' || bead['assignee'] === 'citadel/refinery', JSON.stringify(bead));
  }, { rounds: Math.ceil(kills / 2), again: [0, 1] });

  survives('mq submit and mq run', async (castle, round) => {
    const { place } = castle;
    await output(['git', 'switch', '-qc', `work-${round}`, 'main'], { cwd: place });
    writeFileSync(join(place, `work-${round}.txt`), 'x\n');
    await output(['git', 'add', '.'], { cwd: place });
    await output(['git', 'commit', '-qm', `Work ${round}`], { cwd: place });
    await output(['git', 'switch', '-q', 'main'], { cwd: place });
    await killed(castle, ['mq', 'submit', '--branch', `work-${round}`], 10 + random.next() * 150);
    await castle.gt('mq', 'submit', '--branch', `work-${round}`);
    return ['mq', 'run'];
  }, async (castle, round) => {
    for (let turn = 0; turn < 40 && (await castle.json<unknown[]>('mq', 'list')).length > 0; turn += 1) await castle.gt('mq', 'run');
    assert.is(await output(['git', 'show', `main:work-${round}.txt`], { cwd: castle.place }), 'x');
    assert.is(await output(['git', 'status', '--porcelain'], { cwd: castle.place }), '');
  }, { rounds: Math.ceil(kills / 2), again: [0, 3] });

  crash(`that held git's locks when the machine died blocks nobody (${program.name})`, async () => {
    const castle = await citadel(program);
    const id = await file(castle, 'Oil the hinges', 'echo oiled > hinges.txt');
    const left = ['index.lock', 'HEAD.lock', 'packed-refs.lock', 'config.lock', 'refs/heads/main.lock', 'refs/beads/main.lock'].map((name) => join(castle.place, '.git', name));
    const then = Date.now() / 1000 - 60;
    for (const path of left) {
      writeFileSync(path, '');
      utimesSync(path, then, then);
    }
    await castle.must('create', 'Paint the gate');
    await castle.must('sling', id);
    await castle.must('wait', id, '--for', 'submitted', '--timeout', '30s');
    for (let turn = 0; turn < 5 && (await castle.json<unknown[]>('mq', 'list')).length > 0; turn += 1) await castle.gt('mq', 'run');
    assert.is(await output(['git', 'show', 'main:hinges.txt'], { cwd: castle.place }), 'oiled');
    // A patrol may be writing at this moment: what it locks is no older than it is.
    const isLeft = (path: string): boolean => Math.abs((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) / 1000 - then) < 1;
    assert.equal(left.filter((path) => isLeft(path) && !/HEAD|packed-refs/.test(path)), []);
  });

  crash(`init at ${kills} moments is completed by running it again (${program.name}, seed ${seed})`, async () => {
    for (let round = 0; round < kills; round += 1) {
      const place = await repository();
      const caller = callerIn(program, place);
      const words = ['init', '--prefix', 'ci', '--gate', 'true'];
      await killed({ program, place }, words, 8 + random.next() * (program.name === 'node' ? 500 : 250));
      await caller.must(...words);
      await caller.must('create', 'Oil the hinges');
      assert.is((await caller.json<unknown[]>('list')).length, 1);
      assert.is(await output(['git', 'fsck', '--strict', '--no-dangling', '--no-progress'], { cwd: place }), '');
    }
  });

  crash(`install and rig add at ${kills} moments are completed by running them again (${program.name}, seed ${seed})`, async () => {
    const source = await repository();
    for (let round = 0; round < kills; round += 1) {
      const ground = temporary();
      const town = join(ground, 'town');
      await killed({ program, place: ground }, ['install', town], 8 + random.next() * (program.name === 'node' ? 400 : 200));
      await callerIn(program, ground).must('install', town);
      const caller = callerIn(program, town);
      const words = ['rig', 'add', 'shop', source, '--gate', 'true'];
      await killed({ program, place: town }, words, 8 + random.next() * (program.name === 'node' ? 600 : 350));
      await caller.must(...words).catch((error: unknown) => {
        // It was there already, whole: then it says so.
        if (!/there is a rig shop already/.test(String(error))) throw error;
      });
      await caller.must('create', 'Oil the hinges', '--rig', 'shop');
      assert.is((await caller.json<unknown[]>('rig', 'list')).length, 1);
      assert.equal(readdirSync(town).filter((name) => !['.git', '.gitignore', 'mayor', 'shop'].includes(name)), []);
    }
  });
}

const full = suite('a disk that is full');

const volume = join(temporary(), 'volume');
mkdirSync(volume);
const mounted = await run(['mount', '-t', 'tmpfs', '-o', 'size=3m', 'gt-test', volume]);
// Before the folder below it is removed.
process.prependListener('exit', () => {
  if (mounted.code === 0) process.getBuiltinModule('node:child_process').spawnSync('umount', ['-l', volume]);
});

for (const program of programs) {
  const name = `is told, and harms nothing that is written (${program.name})`;
  if (mounted.code !== 0) {
    skip(full, name, `mount is refused: ${mounted.stderr.trim()}`);
    continue;
  }
  full(name, async () => {
    await output(['sh', '-c', 'rm -rf "$1"/*', 'sh', volume]);
    const place = await repository({ path: join(volume, 'citadel') });
    const castle = callerIn(program, place);
    await castle.must('init', '--prefix', 'ci', '--no-gate');
    const id = await file({ json: castle.json }, 'Written before');
    const lines = Array.from({ length: 20 }, (_, index) => `${JSON.stringify({ id: `ci-big${index}`, title: `Chore ${index}`, description: process.getBuiltinModule('node:crypto').randomBytes(200_000).toString('hex'), created_at: '2026-01-01T00:00:00Z' })}\n`).join('');
    const imported = await castle.with({ input: lines }, 'import', '-');
    assert.is(imported.code, 4, imported.stdout + imported.stderr);
    assert.match(imported.stderr, /space/i);
    assert.not.match(imported.stderr, /\n {4}at /);
    await output(['sh', '-c', 'cat /dev/zero >"$1/ballast" 2>/dev/null || true', 'sh', volume]);
    const created = await castle.gt('create', 'Not written');
    assert.is(created.code, 4, created.stdout + created.stderr);
    assert.match(created.stderr, /space/i);
    assert.match(await castle.must('list'), 'Written before');
    await output(['rm', join(volume, 'ballast')]);
    await castle.must('create', 'Written after');
    assert.equal((await castle.json<{ title: string }[]>('list')).map(({ title }) => title).sort(), ['Written after', 'Written before']);
    assert.is(await output(['git', 'fsck', '--strict', '--no-dangling', '--no-progress'], { cwd: place }), '');
    assert.ok(existsSync(join(place, '.git')) && id !== '');
  });
}

crash.run();
full.run();

const bare = suite('a machine without git');

for (const program of programs) {
  bare(`is told of, and nobody else is stopped (${program.name})`, async () => {
    const castle = await citadel(program);
    const [started = '', ...rest] = program.argv;
    const path = await output(['sh', '-c', 'command -v "$1"', 'sh', started]);
    const ran = await run([path, ...rest, 'create', 'Not written'], { cwd: castle.place, env: { ...environmentFor(program), PATH: temporary() } });
    assert.is(ran.code, 4, ran.stdout + ran.stderr);
    assert.match(ran.stderr, /there is no git program on the PATH/);
    assert.not.match(await castle.must('list'), /Not written/);
  });
}

bare.run();
