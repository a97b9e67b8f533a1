// time limit: 120 s
import { chmodSync, cpSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { basename, dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openRepository } from '../../src/git/repository.ts';
import { carry } from '../../src/ledger/sharing.ts';
import { readVerdicts, writeVerdict } from '../../src/ledger/verdicts.ts';
import { cloneAt, cloneOf, newHub, type Clone } from '../helpers/clones.ts';
import { backendPath, serveByHttp } from '../helpers/http-hub.ts';
import { ledgerAt } from '../helpers/ledger.ts';
import { programs } from '../helpers/programs.ts';
import { skip } from '../helpers/skip.ts';
import { git } from '../helpers/town.ts';
import { output, ownEnvironment, temporary } from '../helpers/temporary.ts';

/** A clone that is a town by itself, and another one that has taken its ledger over from the hub. */
async function pair(hub: string, env: Readonly<Record<string, string>> = {}, url = hub): Promise<[Clone, Clone]> {
  const one = await cloneOf(url, env);
  await one.gt('init', '--quiet', '--no-gate', '--prefix', 'door');
  await one.gt('sync', '--quiet');
  const other = await cloneOf(url, env);
  await other.gt('init', '--quiet');
  return [one, other];
}

async function titles(clone: Clone): Promise<string[]> {
  return (await clone.json<{ title: string }[]>('list')).map(({ title }) => title).sort();
}

const treeOf = (clone: Clone): Promise<string> => clone.git('rev-parse', 'refs/beads/main^{tree}');

function hook(hub: string, name: string, body: string): void {
  writeFileSync(join(hub, 'hooks', name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(hub, 'hooks', name), 0o755);
}

const sync = suite('a ledger');

sync('that the hub has is fetched by a fresh clone, which says so', async () => {
  const hub = await newHub();
  const one = await cloneOf(hub);
  await one.gt('init', '--quiet', '--no-gate', '--prefix', 'door');
  await one.gt('create', 'Paint the door', '--silent');
  await one.gt('sync');
  const third = await cloneOf(hub);
  const ran = await third.tried('init');
  assert.match(ran.stdout, /the ledger was fetched from origin/);
  assert.equal(await titles(third), ['Paint the door']);
  await third.git('update-ref', '-d', 'refs/beads/main');
  assert.match((await third.tried('list')).stderr, /gt sync \(fetches it/);
  assert.match(await third.gt('sync'), /the ledger was fetched from origin/);
  assert.equal(await titles(third), ['Paint the door']);
});

sync('goes along with git push, and the other clone sees it after gt sync', async () => {
  const hub = await newHub();
  const [one, other] = await pair(hub);
  await one.gt('create', 'Paint the door', '--silent');
  await other.gt('create', 'Hang the sign', '--silent');
  for (const clone of [one, other]) {
    await clone.git('switch', '-qc', `work-${await clone.replica()}`);
    await clone.git('commit', '-qm', 'Work', '--allow-empty');
    await clone.git('push', '-q', 'origin', 'HEAD');
  }
  await other.gt('sync');
  assert.equal(await titles(other), ['Hang the sign', 'Paint the door']);
  await one.gt('sync');
  assert.is(await treeOf(one), await treeOf(other));
  assert.is(await git(hub, ['rev-parse', 'refs/beads/main']), await other.git('rev-parse', 'refs/beads/main'));
});

sync('that the hub does not take keeps no push of a person from arriving, and says what to do', async () => {
  const hub = await newHub();
  const one = await cloneOf(hub);
  await one.gt('init', '--quiet', '--no-gate', '--prefix', 'door');
  hook(hub, 'update', 'case $1 in refs/beads/*|refs/notes/*) echo "only branches here" >&2; exit 1;; esac');
  await one.git('commit', '-qm', 'Work', '--allow-empty');
  const told = await output(['sh', '-c', 'git push origin main 2>&1'], { cwd: one.path });
  assert.match(told, /gt: the ledger could not go along: .*only branches here.*gt config set sync\.namespace heads/);
  assert.is(await git(hub, ['rev-parse', 'main']), await one.git('rev-parse', 'HEAD'));
  const refused = await one.tried('sync');
  assert.is(refused.code, 1);
  assert.match(refused.stderr, /cannot be shared: .*only branches here\n.*gt config set sync\.namespace heads/);
  await one.gt('config', 'set', 'sync.namespace', 'heads');
  assert.match(await one.gt('sync'), /news from here pushed/);
  const other = await cloneOf(hub);
  assert.match(await other.gt('init'), /the ledger was fetched from origin/);
  await one.gt('create', 'Paint the door', '--silent');
  await one.git('commit', '-qm', 'More', '--allow-empty');
  await one.git('push', '-q', 'origin', 'main');
  await other.gt('sync');
  assert.equal(await titles(other), ['Paint the door']);
  assert.is(await git(hub, ['for-each-ref', 'refs/beads']), '');
});

sync('that a hub does not take in time is left behind', async () => {
  const hub = await newHub();
  const [one] = await pair(hub);
  await one.gt('create', 'Paint the door', '--silent');
  hook(hub, 'pre-receive', 'exec sleep 30');
  const began = performance.now();
  try {
    await carry(ledgerAt(one.path), { remote: 'origin', namespace: 'beads' }, 300, assert.unreachable);
    assert.unreachable();
  } catch (error) {
    assert.is((error as { code?: string }).code, 'git.timed-out');
  }
  assert.ok(performance.now() - began < 10_000);
});

sync('is the same everywhere whoever is faster', async () => {
  const hub = await newHub();
  const [one, other] = await pair(hub);
  const third = await cloneOf(hub);
  await third.gt('init', '--quiet');
  const clones = [one, other, third];
  await Promise.all(clones.map(async (clone, index) => {
    for (let round = 0; round < 3; round += 1) {
      await clone.gt('create', `Bead ${index}.${round}`, '--silent');
      await clone.tried('sync');
    }
  }));
  for (const clone of [...clones, ...clones]) await clone.gt('sync');
  const expected = clones.flatMap((_, index) => [0, 1, 2].map((round) => `Bead ${index}.${round}`));
  for (const clone of clones) assert.equal([await titles(clone), await treeOf(clone)], [expected, await treeOf(one)]);
  assert.is(await git(hub, ['rev-parse', 'refs/beads/main^{tree}']), await treeOf(one));
});

sync('outlives kills at any moment', async () => {
  const hub = await newHub();
  const [one, other] = await pair(hub);
  const [native] = programs;
  const [program = '', ...words] = native?.argv ?? [];
  for (let kill = 0; kill < 12; kill += 1) {
    await one.gt('create', `Bead ${kill}`, '--silent');
    await other.gt('create', `Other ${kill}`, '--silent');
    if (kill % 3 === 0) await other.gt('sync');
    const child = spawn(program, [...words, 'sync'], { cwd: one.path, env: ownEnvironment(), stdio: 'ignore', detached: true });
    await new Promise((resume) => setTimeout(resume, 20 + kill * 14));
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // It was faster.
    }
    if (child.exitCode === null && child.signalCode === null) await new Promise((resume) => child.once('exit', resume));
  }
  for (const clone of [one, other, one]) await clone.gt('sync');
  assert.is((await titles(one)).length, 24);
  assert.is(await treeOf(one), await treeOf(other));
  assert.is(await one.git('fsck', '--strict', '--no-dangling', '--no-progress'), '');
});

sync('waits while the remote is away', async () => {
  const hub = await newHub();
  const [one, other] = await pair(hub);
  renameSync(hub, `${hub}.away`);
  await one.gt('create', 'Paint the door', '--silent');
  const ran = await one.tried('sync');
  assert.is(ran.code, 4);
  assert.match(ran.stderr, /origin cannot be reached/);
  renameSync(`${hub}.away`, hub);
  await one.gt('sync');
  await other.gt('sync');
  assert.equal(await titles(other), ['Paint the door']);
});

sync('of a copied clone goes under a name of its own', async () => {
  const hub = await newHub();
  const [one] = await pair(hub);
  await one.gt('create', 'Paint the door', '--silent');
  await one.gt('sync');
  const copy = cloneAt(join(temporary(), 'copy'));
  cpSync(one.path, copy.path, { recursive: true });
  await copy.gt('create', 'Only in the copy', '--silent');
  await one.gt('create', 'Only in the first', '--silent');
  for (const clone of [copy, one, copy]) await clone.gt('sync');
  assert.not.equal(await copy.replica(), await one.replica());
  assert.equal(await titles(copy), ['Only in the copy', 'Only in the first', 'Paint the door']);
  assert.is(await treeOf(copy), await treeOf(one));
  const moved = `${one.path}-moved`;
  const before = await one.replica();
  renameSync(one.path, moved);
  await cloneAt(moved).gt('create', 'After the move', '--silent');
  assert.is(await cloneAt(moved).replica(), before);
});

sync('that cannot be read holds up no other one, and is not written over', async () => {
  const hub = await newHub();
  const [one, other] = await pair(hub);
  const blob = await one.git('hash-object', '-w', '--stdin', '--no-filters').catch(() => '');
  const tree = await git(one.path, ['mktree'], { input: `100644 blob ${blob}\tformat.json\n` });
  const bad = await one.git('commit-tree', tree, '-m', 'Damage');
  await one.git('push', '-q', '--no-verify', 'origin', `${bad}:refs/beads/replicas/damage`, `+${bad}:refs/beads/main`);
  await one.gt('create', 'Paint the door', '--silent');
  const ran = await one.tried('sync');
  assert.is(ran.code, 1);
  assert.match(ran.stdout, /could not be taken in: main: .*cannot be used/);
  assert.match(ran.stdout, /could not be taken in: replicas\/damage: /);
  assert.is(await git(hub, ['rev-parse', 'refs/beads/main']), bad);
  await other.tried('sync');
  assert.equal(await titles(other), ['Paint the door'], "by the replica's own ref");
});

sync('of a town by itself stays alone on its hub: the rig of another town works there, and leaves it as it is', async () => {
  const hub = await newHub();
  const [one, other] = await pair(hub);
  await other.gt('sync', '--quiet');
  const kept = (): Promise<string> => git(hub, ['for-each-ref', '--format=%(refname)', 'refs/beads', 'refs/claims']);
  const before = await kept();
  const town = cloneAt(join(temporary(), 'town'));
  await one.gt('install', town.path);
  await town.gt('rig', 'add', 'shop', hub, '--no-gate');
  const id = await town.gt('create', 'Weld', '--silent', '--rig', 'shop', '--run', 'echo weld >weld.txt');
  assert.not.match(await town.gt('sling', id), /does not answer/);
  await town.gt('wait', id, '--for', 'submitted', '--timeout', '20s');
  await town.gt('mq', 'run');
  assert.is(await git(hub, ['show', 'main:weld.txt']), 'weld');
  const yard = await newHub();
  await town.gt('rig', 'add', 'yard', yard, '--no-gate');
  await town.gt('sling', await town.gt('create', 'Paint', '--silent', '--rig', 'yard'), '--no-start');
  const shared = await town.tried('sync', '--json');
  assert.is(shared.code, 1);
  assert.match(shared.stderr, /ledger of shop was not shared: .* that of another kind of town.*\n.*gt config set --rig shop sync\.remote/);
  const told = JSON.parse(shared.stdout) as { ledgers: { name: string }[]; failures: { name: string; code: string }[] };
  assert.equal([told.ledgers.map(({ name }) => name), told.failures.map(({ name, code }) => [name, code])], [['yard'], [['shop', 'sync.other-town']]]);
  assert.match(await git(yard, ['for-each-ref', '--format=%(refname)', 'refs/beads']), /refs\/beads\/main/, 'and holds up no other one');
  assert.match(await git(yard, ['for-each-ref', '--format=%(refname)', 'refs/leases']), /refs\/leases\//, 'nor the claims there');
  assert.is(await kept(), before);
  await git(join(town.path, 'shop/.repo.git'), ['remote', 'set-url', 'origin', join(town.path, 'nowhere')]);
  assert.is((await town.tried('sync')).code, 4, 'as the first that failed');
  await git(join(town.path, 'shop/.repo.git'), ['remote', 'set-url', 'origin', hub]);
  // Somebody may have pushed it there by hand.
  await git(join(town.path, 'shop/.repo.git'), ['push', '-q', 'origin', 'refs/beads/main:refs/beads/replicas/strang']);
  await one.gt('create', 'Paint the door', '--silent');
  assert.match((await one.tried('sync')).stdout, /could not be taken in: replicas\/strang: /);
  await other.tried('sync');
  assert.equal(await titles(other), ['Paint the door']);
});

sync('is shared by the engines alone', async () => {
  const hub = await newHub();
  const [one, other] = await pair(hub);
  await one.gt('config', 'set', 'sync.interval', '100ms');
  await one.gt('config', 'set', 'sync.pushes_per_minute', '600');
  await one.gt('sync');
  await one.gt('up');
  await one.gt('create', 'Paint the door', '--silent');
  const end = performance.now() + 15_000;
  const arrived = async (): Promise<boolean> => (await git(hub, ['rev-parse', `refs/beads/replicas/${await one.replica()}`])) === (await one.git('rev-parse', 'refs/beads/main'));
  while (performance.now() < end && !(await arrived())) await new Promise((resume) => setTimeout(resume, 50));
  await one.gt('down');
  await other.gt('sync');
  assert.equal(await titles(other), ['Paint the door']);
});

if (existsSync(backendPath(await git('/', ['--exec-path'])))) {
  sync('is shared by http', async () => {
    const hub = await newHub();
    const server = await serveByHttp(dirname(hub));
    try {
      const [one, other] = await pair(hub, {}, `${server.url}/${basename(hub)}`);
      await one.gt('create', 'Paint the door', '--silent');
      await one.git('commit', '-qm', 'Work', '--allow-empty');
      await one.git('push', '-q', 'origin', 'HEAD:refs/heads/work');
      await other.gt('sync');
      assert.equal(await titles(other), ['Paint the door']);
    } finally {
      server.close();
    }
  });
} else skip(sync, 'is shared by http', 'this git has no http-backend');

sync('is shared by ssh', async () => {
  const hub = await newHub();
  const stand = join(temporary(), 'ssh');
  writeFileSync(stand, '#!/bin/sh\nwhile [ "$1" != far ]; do shift; done; shift\nexec sh -c "$*"\n', { mode: 0o755 });
  const [one, other] = await pair(hub, { GIT_SSH_COMMAND: stand }, `ssh://far${hub}`);
  await one.gt('create', 'Paint the door', '--silent');
  await one.gt('sync');
  await other.gt('sync');
  assert.equal(await titles(other), ['Paint the door']);
});

sync('brings verdicts along, every run once', async () => {
  const hub = await newHub();
  const [one, other] = await pair(hub);
  const tree = await one.git('rev-parse', 'HEAD^{tree}');
  const gate = { name: 'test', command: 'true', timeout: 1000, required: true };
  const run = (started: string, signer: string, verdict: 'pass' | 'fail') => ({ verdict, started, milliseconds: 1, tail: '', signer });
  const ada = { name: 'ada', email: 'ada@example.com' };
  await writeVerdict(openRepository(one.path), tree, gate, 'linux', run('2026-01-01T00:00:01Z', 'a', 'fail'), ada);
  await one.gt('sync');
  await writeVerdict(openRepository(other.path), tree, gate, 'linux', run('2026-01-01T00:00:00Z', 'b', 'pass'), ada);
  for (const clone of [other, one, other]) await clone.gt('sync');
  const known = await readVerdicts(openRepository(one.path), tree);
  assert.equal(known.map(({ attempts }) => attempts.map(({ signer }) => signer)), [['b', 'a']]);
  assert.equal(await readVerdicts(openRepository(other.path), tree), known);
  assert.is(await one.git('rev-parse', 'refs/notes/gates'), await other.git('rev-parse', 'refs/notes/gates'));
});

sync.run();
