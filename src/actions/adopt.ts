import { randomBytes } from 'node:crypto';
import { timestamp } from '../base/time.ts';
import { formatAddress, type Address } from '../domain/address.ts';
import { appendEvent } from '../ledger/events.ts';
import { statePath } from '../ledger/ledger.ts';
import { consult } from '../ledger/read.ts';
import { phaseOf } from '../ledger/stored.ts';
import { clientAround } from '../sessions/ancestors.ts';
import { rigNamed, workerFolder, type Town } from '../town.ts';
import { hookOf } from './prime.ts';
import { sessionAlive } from './session.ts';
import { claimSession, freeSession, readSession } from './session-record.ts';
import { startOfWork } from './worker.ts';

/** Takes a client that a person started by hand in a worker's worktree for the worker's session. A session that is there already stays. */
export async function adopt(town: Town, agent: Address, session: string | undefined): Promise<void> {
  if (agent.role !== 'polecat' || session !== undefined) return;
  const rig = rigNamed(town, agent.rig);
  const name = formatAddress(agent);
  const known = readSession(rig, name);
  if (known !== undefined && sessionAlive(known) !== false) return;
  const bead = await hookOf(town, name);
  const client = clientAround(workerFolder(rig, agent.name));
  const start = startOfWork(rig, agent.name);
  if (bead === undefined || client === undefined || start === undefined) return;
  const stored = await consult(rig.ledger, (view) => view.stored(bead.id));
  if (stored === undefined) return;
  if (known !== undefined) freeSession(rig, known);
  const id = `s-${randomBytes(5).toString('hex')}`;
  const taken = claimSession(rig, { id, agent: name, bead: bead.id, token: phaseOf(stored)[0], runtime: 'adopted', startedAt: timestamp(town.now()), transcript: statePath(rig.repository, 'transcripts', `${id}.log`), start, restarts: 0, handle: client });
  if (taken) appendEvent(town.hq, { kind: 'session.adopted', agent: name, session: id, subject: bead.id });
}
