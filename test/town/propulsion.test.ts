// time limit: 180 s
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { programs, type Program } from '../helpers/programs.ts';
import { output, ownEnvironment, repository, temporary } from '../helpers/temporary.ts';

const limit = 2_000;

/** A solo town with one bead on a worker's hook whose session nobody has started, and the means to act in it as a person does. */
interface Place {
  readonly top: string;
  readonly bead: string;
  readonly ran: string;
  readonly git: (...args: string[]) => Promise<string>;
  readonly gt: (...args: string[]) => Promise<string>;
}

async function place(program: Program): Promise<Place> {
  const top = await repository();
  const env = { PATH: `${program.folder}:${ownEnvironment()['PATH']}` };
  const git = (...args: string[]): Promise<string> => output(['git', ...args], { cwd: top, env });
  const gt = (...args: string[]): Promise<string> => output([...program.argv, ...args], { cwd: top, env });
  const ran = join(temporary(), 'ran');
  await gt('init', '--no-gate', '--quiet', '--prefix', 'door');
  const bead = await gt('create', 'Paint the door', '--silent', '--run', `echo ran >> '${ran}'; echo red > door.txt`);
  await gt('sling', bead, '--no-start');
  return { top, bead, ran, git, gt };
}

/** Takes away what keeps patrols from starting the work: now only an event is missing. */
async function letGo({ gt, bead }: Place): Promise<void> {
  await gt('update', bead, '--unset-metadata', 'start_by');
}

let slowest = 0;

async function milliseconds(until: () => boolean): Promise<number> {
  const began = performance.now();
  while (!until() && performance.now() - began < 10 * limit) await new Promise((resume) => setTimeout(resume, 5));
  return performance.now() - began;
}

/** Holds that the session starts after an event, and only once, however long one looks; how long it took is told, and decides nothing. */
async function startsOnce(at: Place, event: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  const [, took] = await Promise.all([event(), milliseconds(() => existsSync(at.ran))]);
  slowest = Math.max(slowest, took);
  assert.ok(existsSync(at.ran), `nothing had started after ${Math.round(took)} ms`);
  await at.gt('wait', at.bead, '--for', 'submitted', '--timeout', '20s');
  await new Promise((resume) => setTimeout(resume, 700));
  assert.is(readFileSync(at.ran, 'utf8'), 'ran\n');
  const started = JSON.parse(await at.gt('log', '--json', '--kind', 'session.started', '--subject', at.bead)) as unknown[];
  assert.is(started.length, 1);
  return performance.now() - from;
}

for (const program of programs) {
  const propels = suite(`with no engine, by git hooks alone (${program.name})`);

  propels('a commit starts the session of work that hangs on a hook', async () => {
    const at = await place(program);
    await letGo(at);
    assert.not(existsSync(at.ran));
    await startsOnce(at, () => at.git('commit', '--quiet', '--allow-empty', '--message', 'Look up'));
  });

  propels('a merge starts it', async () => {
    const at = await place(program);
    await at.git('switch', '--quiet', '--create', 'side');
    await at.git('-c', 'core.hooksPath=/dev/null', 'commit', '--quiet', '--allow-empty', '--message', 'Aside');
    await at.git('-c', 'core.hooksPath=/dev/null', 'switch', '--quiet', 'main');
    await letGo(at);
    await startsOnce(at, () => at.git('merge', '--quiet', '--no-edit', '--no-ff', 'side'));
  });

  propels('a ref update that brings the work starts it', async () => {
    const at = await place(program);
    const before = await at.git('rev-parse', 'refs/beads/main');
    await letGo(at);
    const after = await at.git('rev-parse', 'refs/beads/main');
    await at.git('-c', 'core.hooksPath=/dev/null', 'update-ref', 'refs/beads/main', before);
    await startsOnce(at, () => at.git('update-ref', 'refs/beads/main', after, before));
  });

  propels('many events at once start it once', async () => {
    const at = await place(program);
    await letGo(at);
    const branches = Array.from({ length: 8 }, (_, number) => `side-${number}`);
    await startsOnce(at, () => Promise.all(branches.map((branch) => at.git('update-ref', `refs/heads/mq/main/${branch}`, 'HEAD'))));
  });

  propels('nothing starts what a person wants to start by hand', async () => {
    const at = await place(program);
    await at.git('commit', '--quiet', '--allow-empty', '--message', 'Look up');
    await new Promise((resume) => setTimeout(resume, 1_500));
    assert.not(existsSync(at.ran));
    assert.equal(JSON.parse(await at.gt('agents', '--json')), []);
  });

  propels.after(() => console.log(`\n  the slowest of these sessions had started ${Math.round(slowest)} ms after its event; it should be within ${limit} ms`));

  propels.run();
}
