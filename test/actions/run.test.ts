import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runSession } from '../../src/actions/run.ts';
import { claimSession } from '../../src/actions/session-record.ts';
import { startOfWork } from '../../src/actions/worker.ts';
import { readEvents } from '../../src/ledger/events.ts';
import { statePath } from '../../src/ledger/ledger.ts';
import { consult } from '../../src/ledger/read.ts';
import { phaseOf } from '../../src/ledger/stored.ts';
import { openTown } from '../../src/town.ts';
import { gtJson, gtOutput, soloTown } from '../helpers/town.ts';

const running = suite('the wrapper of a session');

running('runs its client to the end where this machine lets it give no signs of life, and says so', async () => {
  const path = await soloTown();
  const bead = await gtOutput(path, ['create', 'Paint the door', '--silent', '--run', 'exit 3']);
  await gtOutput(path, ['sling', bead, '--no-start']);
  const [{ name } = { name: '' }] = await gtJson<{ name: string }[]>(path, ['polecat', 'list']);
  const town = openTown(path, () => Date.now());
  const rig = { ...town.rigs[0]!, remote: 'origin' };
  const agent = `${rig.name}/polecats/${name}`;
  const stored = await consult(rig.ledger, (view) => view.stored(bead));
  const id = 's-1';
  claimSession(rig, {
    id, agent, bead, token: phaseOf(stored!)[0], runtime: 'exec', startedAt: '2026-05-01T08:00:00Z', transcript: statePath(rig.repository, 'transcripts', `${id}.log`),
    start: startOfWork(rig, name) ?? '', restarts: 0, handle: { pid: process.pid, started: '' },
  });
  // No file below can be read: the machine says that the links never end.
  const refs = join(path, '.git/refs/beads-remotes');
  mkdirSync(refs, { recursive: true });
  symlinkSync('origin', join(refs, 'origin'));
  assert.is((await runSession(town, rig, agent, id, process.env, new AbortController().signal)).outcome, 'returned');
  const [event] = (await readEvents(town.hq, 10)).filter(({ kind }) => kind === 'signs.failed');
  assert.equal([event?.agent, event?.session, event?.subject], [agent, id, bead]);
  assert.match(String(event?.data?.['message']), 'ELOOP');
});

running.run();
