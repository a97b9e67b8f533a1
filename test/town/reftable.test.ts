// time limit: 300 s
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { programs, type Program } from '../helpers/programs.ts';
import { noReftable, reftablePath } from '../helpers/reftable.ts';
import { skip } from '../helpers/skip.ts';
import { output, repository, temporary } from '../helpers/temporary.ts';

/** A place to act in as a person does whose git keeps refs in reftables. */
interface Place {
  readonly top: string;
  readonly git: (...args: string[]) => Promise<string>;
  readonly gt: (...args: string[]) => Promise<string>;
}

/** Programs of a person whose git begins the PATH that is given. */
function at(top: string, program: Program, path: string): Place {
  const env = { PATH: `${program.folder}:${path}` };
  return {
    top,
    git: (...args) => output(['git', ...args], { cwd: top, env }),
    gt: (...args) => output([...program.argv, ...args], { cwd: top, env }),
  };
}

async function soloTown(program: Program, path: string): Promise<Place> {
  const place = at(join(temporary(), 'shop'), program, path);
  await repository({ path: place.top, format: 'reftable', env: { PATH: path } });
  await place.gt('init', '--no-gate', '--quiet', '--prefix', 'shop');
  return place;
}

/** How git keeps the refs of a repository. */
const refFormat = (place: Place, folder = place.top): Promise<string> => place.git('-C', folder, 'rev-parse', '--show-ref-format');

const ids = async (beads: Promise<string>): Promise<string[]> => (JSON.parse(await beads) as { id: string }[]).map(({ id }) => id);

/** Waits until a file is there; answers how long that took, in milliseconds. */
async function appears(file: string, patience = 20_000): Promise<number> {
  const began = performance.now();
  while (!existsSync(file) && performance.now() - began < patience) await sleep(5);
  return performance.now() - began;
}

/** A bead on a worker's hook whose session nobody has started, and the file that its work leaves. */
async function hangingWork({ gt }: Place): Promise<{ bead: string; ran: string }> {
  const ran = join(temporary(), 'ran');
  const bead = await gt('create', 'Paint the door', '--silent', '--run', `echo ran >> '${ran}'; echo red > door.txt`);
  await gt('sling', bead, '--no-start');
  return { bead, ran };
}

function townTests(program: Program, path: string): void {
  const town = suite(`a town whose refs are kept in a reftable (${program.name})`);

  town('writes beads, lists them and says which are ready', async () => {
    const place = await soloTown(program, path);
    const { gt, git } = place;
    assert.is(await refFormat(place), 'reftable');
    const hinge = await gt('create', 'Oil the hinge', '--silent');
    const door = await gt('create', 'Paint the door', '--silent', '--deps', hinge);
    for (const _ of ['from the ledger', 'from the cache']) {
      assert.equal((await ids(gt('list', '--json'))).sort(), [hinge, door].sort());
      assert.equal(await ids(gt('ready', '--json')), [hinge]);
    }
    await gt('close', hinge);
    assert.equal(await ids(gt('ready', '--json')), [door]);
    assert.match(await git('log', '--format=%s', 'refs/beads/main'), `Close ${hinge}`);
    await git('fsck', '--strict');
  });

  town('lands slung work through its queue', async () => {
    const place = await soloTown(program, path);
    const { gt, git } = place;
    const bead = await gt('create', 'Say when we close', '--silent', '--run', 'echo eight > closing.txt');
    await gt('sling', bead);
    await gt('wait', bead, '--for', 'submitted', '--timeout', '30s');
    await gt('mq', 'run', '--quiet');
    assert.is(await git('show', 'main:closing.txt'), 'eight');
    assert.match(await gt('show', bead, '--json'), /"status": ?"closed"/);
    assert.is(await refFormat(place), 'reftable');
    assert.is(await git('status', '--porcelain'), '');
  });

  town('is woken by git hooks alone', async () => {
    const place = await soloTown(program, path);
    const { bead, ran } = await hangingWork(place);
    await place.gt('update', bead, '--unset-metadata', 'start_by');
    assert.not(existsSync(ran));
    const [took] = await Promise.all([appears(ran), place.git('commit', '--quiet', '--allow-empty', '--message', 'Look up')]);
    assert.ok(took < 10_000, `it took ${Math.round(took)} ms`);
    await place.gt('wait', bead, '--for', 'submitted', '--timeout', '30s');
    assert.is(readFileSync(ran, 'utf8'), 'ran\n');
  });

  town('has an engine that wakes at every change of refs', async () => {
    const place = await soloTown(program, path);
    const { bead, ran } = await hangingWork(place);
    const quietly = (...args: string[]): Promise<string> => place.git('-c', 'core.hooksPath=/dev/null', 'update-ref', ...args);
    const before = await place.git('rev-parse', 'refs/beads/main');
    await place.gt('update', bead, '--unset-metadata', 'start_by');
    const after = await place.git('rev-parse', 'refs/beads/main');
    await quietly('refs/beads/main', before);
    await place.gt('up');
    try {
      for (const name of ['furiosa', 'nux', 'toast', 'dag', 'capable']) {
        await quietly(`refs/heads/${name}`, 'main');
        await sleep(100);
      }
      assert.not(existsSync(ran));
      const [took] = await Promise.all([appears(ran), quietly('refs/beads/main', after)]);
      assert.ok(took < 10_000, `it took ${Math.round(took)} ms`);
      await place.gt('wait', bead, '--for', 'closed', '--timeout', '30s');
      assert.is(await place.git('show', 'main:door.txt'), 'red');
    } finally {
      await place.gt('down');
    }
  });

  town('may have rigs that are cloned so', async () => {
    const hub = join(temporary(), 'shop.git');
    const home = at(temporary(), program, path);
    await home.git('config', '--global', 'init.defaultRefFormat', 'reftable');
    await home.git('clone', '--quiet', '--bare', await repository(), hub);
    const place = at(join(temporary(), 'town'), program, path);
    await home.gt('install', place.top);
    await place.gt('rig', 'add', 'shop', hub, '--no-gate', '--prefix', 'shop');
    assert.is(await refFormat(place), 'reftable');
    assert.is(await refFormat(place, join(place.top, 'shop/.repo.git')), 'reftable');
    const bead = await place.gt('create', 'Say when we close', '--silent', '--rig', 'shop', '--run', 'echo eight > closing.txt');
    await place.gt('sling', bead, 'shop');
    await place.gt('wait', bead, '--for', 'submitted', '--timeout', '30s');
    await place.gt('mq', 'run', '--quiet');
    assert.is(await place.git('-C', hub, 'show', 'main:closing.txt'), 'eight');
    await place.git('config', '--global', '--unset', 'init.defaultRefFormat');
  });

  town.run();
}

for (const program of programs) {
  if (reftablePath !== undefined) {
    townTests(program, reftablePath);
  } else {
    const town = suite(`a town whose refs are kept in a reftable (${program.name})`);
    skip(town, 'all of it', noReftable);
    town.run();
  }
}
