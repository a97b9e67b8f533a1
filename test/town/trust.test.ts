// time limit: 120 s
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shardOf } from '../../src/base/ids.ts';
import { importCommit } from '../../src/git/import.ts';
import { openRepository } from '../../src/git/repository.ts';
import { ownProcess } from '../../src/sessions/processes.ts';
import { cloneOf, newHub, type Clone } from '../helpers/clones.ts';
import { temporary } from '../helpers/temporary.ts';

/** Two clones with one ledger, which share it by one hub. */
interface Two {
  readonly mine: Clone;
  readonly stranger: Clone;
  /** A file that only a command of the stranger makes. */
  readonly mark: string;
  bring(): Promise<void>;
}

async function two(...init: string[]): Promise<Two> {
  const hub = await newHub();
  const [mine, stranger] = [await cloneOf(hub), await cloneOf(hub)];
  await mine.gt('init', '--quiet', '--prefix', 'door', ...init);
  await mine.gt('sync');
  await stranger.gt('init', '--quiet');
  // Where an engine lives no command ticks: else the stranger would start what it has queued, since its commands may run there.
  writeFileSync(join(stranger.path, '.git/gastown/engine.json'), JSON.stringify(ownProcess()));
  return { mine, stranger, mark: join(temporary(), 'mark'), bring: async () => void [await stranger.gt('sync'), await mine.gt('sync')] };
}

/** Lets everything look at the town that would start work by itself. */
async function everythingRuns({ mine }: Two): Promise<void> {
  await mine.gt('up');
  await mine.gt('tick');
  await mine.gt('down');
  await mine.gt('tick');
  await mine.gt('mq', 'run');
}

const attack = suite("another clone's command");

attack('in a bead does not run by sling, in the queue or on a hook, and each says what it waits for', async () => {
  const at = await two('--no-gate');
  const { mine, stranger, mark } = at;
  // The other clone may run what it has written.
  const bitten = `case $PWD in ${mine.path}*) echo 1 >>'${mark}' ;; esac; echo red >door.txt`;
  const bait = ['--run', bitten];
  const slung = await stranger.gt('create', 'Paint the door', '--silent', ...bait);
  const queued = await stranger.gt('create', 'Paint the gate', '--silent', ...bait);
  const script = await stranger.gt('create', 'Paint the roof', '--silent', '--metadata', JSON.stringify({ script: `#!/bin/sh\n${bitten}` }));
  await stranger.gt('update', queued, '--metadata', JSON.stringify({ queued: { rig: 'shop', at: '2026-01-01T00:00:00Z' } }));
  await at.bring();
  const hooked = await mine.gt('create', 'Paint the sign', '--silent', '--run', 'echo mine');
  await mine.gt('sling', hooked, '--no-start');
  await mine.gt('sync');
  await stranger.gt('sync');
  await stranger.gt('update', hooked, '--set-metadata', `run=${bitten}`, '--unset-metadata', 'start_by');
  await at.bring();

  const replica = await stranger.replica();
  for (const id of [slung, script]) {
    const refused = await mine.tried('sling', id);
    assert.is(refused.code, 1);
    assert.match(refused.stderr, new RegExp(`of ${id} was last written by replica ${replica} and not in this clone, so it does not run here: .*echo 1.*\\n.*gt trust ${replica}, or gt trust origin`));
  }
  await everythingRuns(at);
  assert.not(existsSync(mark));
  assert.match(await mine.gt('status'), new RegExp(`${queued} waits: .*gt trust ${replica}`));
  assert.match(await mine.gt('status'), new RegExp(`${hooked} waits: .*gt trust ${replica}`));
  assert.match(await mine.gt('scheduler', 'status'), new RegExp(`${queued} .*written by replica ${replica}`));
  assert.match(await mine.gt('log', '--kind', 'patrol.failed'), new RegExp(`${hooked}`));
  const known = await mine.json<{ status: string }[]>('show', slung);
  assert.is(known[0]?.status, 'open', 'nothing is hung on a hook whose command would not run');

  await mine.gt('trust', replica);
  await mine.gt('sling', slung);
  await mine.gt('tick');
  for (const id of [slung, queued]) await mine.gt('wait', id, '--for', 'submitted', '--timeout', '20s');
  assert.ok(existsSync(mark));
  assert.not.match(await mine.gt('status'), / waits: /);
  assert.match(await mine.gt('trust', 'list'), new RegExp(`${replica} +replica`));
  await mine.gt('trust', 'remove', replica);
  assert.is((await mine.tried('sling', script)).code, 1);
  const names = ['aaaaaa', 'bbbbbb', 'cccccc', 'dddddd'];
  await Promise.all(names.map((name) => mine.gt('trust', name)));
  const listed = await mine.json<{ name: string; trusted: string | null }[]>('trust', 'list');
  assert.equal(listed.filter(({ trusted }) => trusted !== null).map(({ name }) => name).sort(), names);
});

attack('as a gate does not run in the merge queue, which says so', async () => {
  const at = await two('--gate', 'true');
  const { mine, stranger, mark } = at;
  await stranger.gt('config', 'set', 'merge_queue.gates.test.command', `echo 1 >>'${mark}'`);
  await stranger.gt('config', 'set', 'merge_queue.gates.taste.command', `echo 1 >>'${mark}'`);
  await stranger.gt('config', 'set', 'merge_queue.gates.taste.required', 'false');
  await at.bring();
  await mine.git('switch', '-qc', 'paint');
  await mine.git('commit', '-qm', 'Paint', '--allow-empty');
  await mine.git('switch', '-q', 'main');
  await mine.gt('mq', 'submit', '--branch', 'paint');
  await everythingRuns(at);
  assert.not(existsSync(mark));
  const replica = await stranger.replica();
  const [request] = await mine.json<{ id: string; why: string }[]>('mq', 'list');
  for (const told of [await mine.gt('mq', 'run'), await mine.gt('mq', 'explain', request?.id ?? ''), await mine.gt('mq', 'status'), await mine.gt('status')]) {
    assert.match(told, new RegExp(`the gate test was last written by replica ${replica} and not in this clone.*gt trust ${replica}`));
  }
  await mine.gt('trust', 'origin');
  await mine.gt('mq', 'run');
  assert.ok(existsSync(mark));
  assert.is((await mine.json<{ state: string }[]>('mq', 'list', '--all'))[0]?.state, 'merged');
});

attack('does not run under our own name', async () => {
  const at = await two('--no-gate');
  const { mine, stranger, mark } = at;
  const id = await mine.gt('create', 'Paint the door', '--silent', '--run', 'true');
  const line = await mine.git('cat-file', 'blob', `refs/beads/main:beads/${shardOf(id)}.jsonl`);
  // The stamps stay as we have written them.
  const forged = `${line.split('\n').map((each) => each.replace('"run":"true"', `"run":"echo 1 >>'${mark}'"`)).join('\n')}\n`;
  const repository = openRepository(stranger.path);
  const person = { name: 'mayor', email: 'ada@example.com', epochSeconds: 1_700_000_000, zone: '+0000' };
  await importCommit(repository, 'refs/beads/main', await stranger.git('rev-parse', 'refs/beads/main'), async () => ({ message: 'Forge\n', author: person, committer: person, files: new Map([[`beads/${shardOf(id)}.jsonl`, forged]]) }));
  await mine.git('fetch', '-q', stranger.path, '+refs/beads/main:refs/beads/main');
  const refused = await mine.tried('sling', id);
  assert.is(refused.code, 1);
  assert.match(refused.stderr, new RegExp(`replica ${await mine.replica()} and not in this clone`));
  assert.not(existsSync(mark));
});

attack('runs where this clone has imported it too', async () => {
  const at = await two('--no-gate');
  const { mine, stranger, mark } = at;
  const file = join(temporary(), 'beads.jsonl');
  const bead = { id: 'door-roof', title: 'Paint the roof', status: 'open', priority: 2, issue_type: 'task', created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-02T00:00:00Z', metadata: { run: `echo 1 >>'${mark}'; echo red >roof.txt` } };
  writeFileSync(file, `${JSON.stringify(bead)}\n`);
  for (const clone of [mine, stranger]) await clone.gt('import', file);
  await mine.gt('sling', 'door-roof');
  await mine.gt('wait', 'door-roof', '--for', 'submitted', '--timeout', '20s');
  assert.ok(existsSync(mark));
});

attack.run();
