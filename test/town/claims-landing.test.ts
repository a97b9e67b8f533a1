// time limit: 60 s
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { machines, type Clone } from '../helpers/clones.ts';
import { git } from '../helpers/town.ts';
import { until } from '../sessions/until.ts';

const landing = suite('two machines of which one was cut off');

/** Cuts a clone off from the hub, while the work goes on. */
async function apart(clone: Clone, work: () => Promise<void>): Promise<void> {
  const url = await clone.git('remote', 'get-url', 'origin');
  await clone.git('remote', 'set-url', 'origin', `${url}.away`);
  await work();
  await clone.git('remote', 'set-url', 'origin', url);
}

async function submittedOn(clone: Clone, id: string): Promise<void> {
  await clone.gt('sling', id);
  await clone.gt('wait', id, '--for', 'submitted', '--timeout', '20s');
}

interface Shown {
  readonly status: string;
  readonly attempts?: readonly { readonly outcome: string; readonly evidence: string }[];
}

landing('land the work for one bead once, though whoever landed it was killed before the ledger told of it', async () => {
  const { hub, one, other } = await machines();
  const id = await one.gt('create', 'Paint the door', '--silent', '--run', 'echo red >door-$PPID.txt');
  for (const clone of [one, other]) await clone.gt('sync', '--quiet');
  const begun = await git(hub, ['rev-parse', 'main']);
  await apart(one, async () => {
    await submittedOn(other, id);
    // It is submitted before the hub has it, and bringing it there would be the one step.
    await until(async () => (await git(hub, ['for-each-ref', 'refs/heads/mq/main/in'])) !== '', 20_000);
    await other.tried('mq', 'run', '--once');
    assert.is(await git(hub, ['rev-list', '--count', '--first-parent', `${begun}..main`]), '1');
    await submittedOn(one, id);
  });
  const landed = await git(hub, ['rev-parse', 'main']);
  await one.tried('mq', 'run');
  assert.is(await git(hub, ['rev-parse', 'main']), landed);
  for (const clone of [one, other, one]) await clone.gt('sync', '--quiet');
  assert.is((await one.json<Shown[]>('show', id))[0]?.status, 'closed');
});

landing('tell the work that went on after its bead was done elsewhere as an attempt, and lock no worktree for it', async () => {
  const { one, other } = await machines();
  const id = await one.gt('create', 'Paint the door', '--silent', '--run', `case $PWD in ${one.path}*) while [ ! -e ${join(one.path, 'go')} ]; do sleep 0.05; done ;; esac; echo red >door.txt`);
  for (const clone of [one, other]) await clone.gt('sync', '--quiet');
  await apart(one, async () => void (await one.gt('sling', id)));
  await submittedOn(other, id);
  await other.gt('mq', 'run');
  for (const clone of [other, one]) await clone.gt('sync', '--quiet');
  writeFileSync(join(one.path, 'go'), '');
  const idle = async (): Promise<boolean> => (await one.json<unknown[]>('agents')).length === 0;
  for (const until = performance.now() + 10_000; performance.now() < until && !(await idle()); ) await new Promise((resume) => setTimeout(resume, 50));
  const [bead] = await one.json<Shown[]>('show', id);
  assert.equal([bead?.status, bead?.attempts?.map(({ outcome }) => outcome)], ['closed', ['given to somebody else']]);
  const [, commit = ''] = /the work here is at ([0-9a-f]{40})/.exec(bead?.attempts?.[0]?.evidence ?? '') ?? [];
  assert.is(await one.git('show', `${commit}:door.txt`), 'red');
  assert.not.match(await one.git('worktree', 'list', '--porcelain'), /^locked/m);
});

landing.run();
