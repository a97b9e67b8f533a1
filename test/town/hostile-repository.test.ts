// time limit: 300 s
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { programs, type Program } from '../helpers/programs.ts';
import { output, repository, run, temporary, type Ran } from '../helpers/temporary.ts';
import { callerIn, lastProcesses, type Citadel } from './siege.ts';
import { traps, type Traps } from './traps.ts';

type Caller = Pick<Citadel, 'gt' | 'must' | 'json' | 'with'>;

function spread(place: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(place, name)), { recursive: true });
    writeFileSync(join(place, name), text);
  }
}

/** A repository whose committed files are traps; its own configuration is still clean. */
async function trapped(place: string, { files }: Traps): Promise<void> {
  await repository({ path: place });
  spread(place, files);
  const clean = ['-c', 'core.attributesFile=/dev/null'];
  await output(['git', ...clean, 'add', '-f', '.'], { cwd: place });
  await output(['git', ...clean, 'commit', '-qm', 'Lay traps'], { cwd: place });
}

/** The environment under which a build is called. Node takes orders from NODE_OPTIONS before any program of ours runs, so only the executable is tried with it. */
function poisoned({ name }: Program, { environment }: Traps, ground: string): Record<string, string> {
  return name === 'native' ? { ...environment, NODE_OPTIONS: `--require=${join(ground, 'evil/dotenv.cjs')}` } : { ...environment };
}

/** Calls commands and holds after each one that nothing was sprung. */
class Walk {
  readonly faults: string[] = [];
  constructor(
    readonly caller: Caller,
    readonly trap: Traps,
  ) {}

  async step(words: readonly string[], options: { cwd?: string; input?: string; fails?: boolean; env?: Record<string, string> } = {}): Promise<Ran> {
    const { fails = false, ...rest } = options;
    const before = new Set(this.trap.sprung());
    const ran = await this.caller.with(rest, ...words);
    const sprung = this.trap.sprung().filter((mark) => !before.has(mark));
    const said = words.join(' ').slice(0, 100);
    if (sprung.length > 0) this.faults.push(`${said}: ${sprung.join(' ')}`);
    if ((ran.code === 0) === fails || ran.code === 70 || ran.code === null) this.faults.push(`${said}: exit ${ran.code ?? ran.signal}\n${ran.stdout}${ran.stderr}`);
    return ran;
  }

  async json<T>(...words: string[]): Promise<T> {
    const { stdout } = await this.step([...words, '--json']);
    return JSON.parse(stdout === '' ? 'null' : stdout) as T;
  }
}

const hostile = suite('a hostile repository');

for (const program of programs) {
  hostile(`runs nothing through any command of its own town (${program.name})`, async () => {
    const ground = temporary();
    const place = join(ground, 'citadel');
    const trap = traps(ground);
    await trapped(place, trap);
    appendFileSync(join(place, '.git/config'), trap.configuration);
    trap.hooks(join(place, '.git/hooks'));
    const walk = new Walk(callerIn(program, place, poisoned(program, trap, ground)), trap);

    await walk.step(['init', '--prefix', 'ci', '--gate', 'test -e work.txt']);
    // What somebody configures later counts as well; and our own git hooks are not what is tried here.
    trap.hooks(join(place, '.git/hooks'));
    await walk.step(['config', 'list']);
    await walk.step(['config', 'set', 'merge_queue.gates.test.timeout', '60s']);
    const { id } = await walk.json<{ id: string }>('create', 'Oil the hinges', '--run', 'echo oiled > work.txt; echo x > a.inc', '-p', '1');
    const byHand = (await walk.json<{ id: string }>('create', 'Paint the gate')).id;
    const other = (await walk.json<{ id: string }>('create', 'Guard the well')).id;
    for (const words of [
      ['show', id], ['list'], ['ready'], ['blocked'], ['count'], ['search', 'hinges'], ['update', id, '--notes', 'soon'], ['dep', 'add', other, byHand], ['dep', 'tree', other], ['dep', 'cycles'], ['dep', 'remove', other, byHand],
      ['label', 'add', other, 'late'], ['comment', other, 'Soon'], ['history', id], ['close', other, '--reason', 'guarded'], ['reopen', other], ['delete', other], ['export', '-o', join(ground, 'beads.jsonl')], ['import', join(ground, 'beads.jsonl')],
    ]) await walk.step(words);

    await walk.step(['sling', byHand, 'citadel/furiosa', '--no-start']);
    const worker = join(`${place}.town`, 'polecats/furiosa');
    const gitFolder = /^gitdir: (.+)$/m.exec(readFileSync(join(worker, '.git'), 'utf8'))?.[1] ?? '';
    appendFileSync(join(gitFolder, 'config.worktree'), trap.configuration);
    trap.hooks(join(gitFolder, 'hooks'));
    for (const name of ['a.inc', 'b.txt', 'c.bin', 'work.txt']) writeFileSync(join(worker, name), `${name}\r\n`);
    writeFileSync(join(worker, 'README.md'), '# A REPOSITORY\n');
    for (const words of [['status'], ['agents'], ['hook'], ['prime'], ['polecat', 'list']]) {
      await walk.step(words);
      await walk.step(words, { cwd: worker });
    }
    await walk.step(['prime', '--hook'], { cwd: worker, input: '{"hook_event_name":"SessionStart"}' });
    await walk.step(['done'], { cwd: worker });
    for (const words of [['mq', 'list'], ['mq', 'status'], ['mq', 'run'], ['mq', 'list', '--all']]) await walk.step(words);
    assert.match(await output(['git', '--git-dir', join(place, '.git'), 'show', 'main:b.txt'], { cwd: ground }), 'b.txt');

    await walk.step(['sling', id, 'citadel/nux']);
    await walk.step(['wait', id, '--for', 'submitted', '--timeout', '20s']);
    await walk.step(['up']);
    await walk.step(['wait', id, '--timeout', '20s']);
    await walk.step(['down']);
    for (const words of [['peek', 'nux'], ['log'], ['tick'], ['scheduler', 'status'], ['convoy', 'list']]) await walk.step(words);

    const again = (await walk.json<{ id: string }>('create', 'Guard the well again')).id;
    const well = join(`${place}.town`, 'polecats/nux/left.inc');
    await walk.step(['sling', again, 'citadel/nux', '--no-start']);
    writeFileSync(well, 'left over\n');
    await walk.step(['unsling', again]);
    await walk.step(['sling', again, 'citadel/nux', '--no-start']);
    writeFileSync(well, 'left over once more\n');
    await walk.step(['polecat', 'nuke', 'nux', '--force']);
    await output(['git', '-c', 'core.fsmonitor=false', 'branch', 'by-hand', 'HEAD~1'], { cwd: place, env: { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'core.hooksPath', GIT_CONFIG_VALUE_0: '/dev/null' } });
    await walk.step(['mq', 'submit', '--branch', 'by-hand'], { fails: true });
    for (const name of ['prepare-commit-msg', 'post-commit', 'post-merge', 'post-checkout', 'pre-push', 'reference-transaction']) await walk.step(['githook', name, join(place, 'README.md')], { input: '' });
    await walk.step(['githooks', 'status']);
    await walk.step(['aliases']);

    assert.equal(walk.faults, []);
    assert.equal(trap.sprung(), []);
    const signed = JSON.stringify(await walk.json('show', id));
    assert.not.match(signed, 'pwned');
    assert.equal(await lastProcesses(ground), []);
  });

  hostile(`runs nothing through a rig that was cloned from it (${program.name})`, async () => {
    const ground = temporary();
    const source = join(ground, 'source');
    const hub = join(ground, 'hub.git');
    const town = join(ground, 'town');
    const trap = traps(ground);
    await trapped(source, trap);
    await output(['git', 'clone', '-q', '--bare', source, hub]);
    const walk = new Walk(callerIn(program, ground, poisoned(program, trap, ground)), trap);
    const at = { cwd: town };
    await walk.step(['install', town]);
    await walk.step(['rig', 'add', 'shop', hub, '--gate', 'test -e work.txt'], at);
    const repo = join(town, 'shop/.repo.git');
    appendFileSync(join(repo, 'config'), trap.configuration);
    trap.hooks(join(repo, 'hooks'));
    await walk.step(['rig', 'list'], at);
    await walk.step(['crew', 'add', 'max', '--rig', 'shop'], at);
    const id = (JSON.parse((await walk.step(['create', 'Oil the hinges', '--rig', 'shop', '--run', 'echo oiled > work.txt', '--json'], at)).stdout) as { id: string }).id;
    await walk.step(['sling', id, 'shop/nux'], at);
    await walk.step(['wait', id, '--for', 'submitted', '--timeout', '20s'], at);
    await walk.step(['mq', 'run'], at);
    await walk.step(['wait', id, '--timeout', '20s'], at);
    assert.is(await output(['git', '-C', hub, 'show', 'main:work.txt'], {}), 'oiled');
    const crew = join(town, 'shop/crew/max');
    for (const words of [['status'], ['list'], ['prime'], ['hook']]) await walk.step(words, { cwd: crew });
    await walk.step(['polecat', 'nuke', 'nux'], at);
    await walk.step(['down'], at);

    assert.equal(walk.faults, []);
    assert.equal(trap.sprung(), []);
    assert.equal(await lastProcesses(ground), []);
  });
}

hostile('would run much through git itself', async () => {
  const ground = temporary();
  const place = join(ground, 'citadel');
  const trap = traps(ground);
  await trapped(place, trap);
  appendFileSync(join(place, '.git/config'), trap.configuration);
  writeFileSync(join(place, 'a.inc'), 'x\n');
  for (const words of [['status'], ['add', 'a.inc'], ['commit', '--no-gpg-sign', '-m', 'x'], ['bead', 'list']]) await run(['git', ...words], { cwd: place });
  const sprung = trap.sprung();
  for (const name of ['fsmonitor', 'evil-process', 'included-process', 'alias-bead']) assert.ok(sprung.includes(`pwned-${name}`), `${name} of ${sprung.join(' ')}`);
});

hostile.run();
