import { isName, parseAddress } from '../domain/address.ts';
import { Refused } from '../base/errors.ts';
import { readEvents } from '../ledger/events.ts';
import { statePath } from '../ledger/ledger.ts';
import { liveBeads } from '../ledger/projection.ts';
import type { Signature } from '../ledger/transact.ts';
import { lastLines } from '../sessions/transcript.ts';
import { rigNamed, type Rig, type Town } from '../town.ts';
import { listSessions, readSession } from './session-record.ts';
import { NoSession, peek, sessionAlive, stopSession } from './session.ts';
import { unsling } from './unsling.ts';
import { listWorkers, nukeWorker, snapshotRef, workerAddress, type Worker } from './worker.ts';

const eventsSearched = 10_000;

/** The workers of all rigs, or of one. */
export async function everyWorker(town: Town, rig: string | undefined): Promise<Worker[]> {
  const rigs = rig === undefined ? town.rigs : [rigNamed(town, rig)];
  return (await Promise.all(rigs.map(async (one) => listWorkers(one, await liveBeads(one.ledger))))).flat();
}

/** An agent that runs on this machine. */
export interface RunningAgent {
  readonly agent: string;
  readonly bead: string;
  readonly session: string;
  readonly runtime: string;
  readonly since: string;
  readonly alive: boolean | 'unknown';
}

/** The sessions that are recorded on this machine. */
export function runningAgents(town: Town): RunningAgent[] {
  return town.rigs.flatMap((rig) => listSessions(rig).map((record) => ({ agent: record.agent, bead: record.bead, session: record.id, runtime: record.runtime, since: record.startedAt, alive: sessionAlive(record) })));
}

/** The last lines of a worker's session; where none runs, of its last one. */
export async function peekAt(town: Town, name: string, lines: number): Promise<string> {
  const [rig, { address }] = await findWorker(town, name);
  if (readSession(rig, address) !== undefined) return peek(rig, address, lines);
  const last = (await readEvents(town.hq, eventsSearched)).findLast((event) => event.kind === 'session.started' && event.agent === address);
  if (last?.session === undefined) throw new NoSession(address);
  return lastLines(statePath(rig.repository, 'transcripts', `${last.session}.log`), lines);
}

/** Removes a worker. Its session is ended and its work goes back to open only with `force`. */
export async function nuke(town: Town, who: Signature, name: string, force: boolean): Promise<{ readonly address: string; readonly snapshot: string | undefined; readonly ref: string }> {
  const [rig, worker] = await findWorker(town, name);
  if (force) {
    const session = readSession(rig, worker.address);
    if (worker.bead !== undefined) await unsling(town, who, worker.bead, false);
    if (session !== undefined) await stopSession(town, rig, session, 'the worker was removed');
  }
  const snapshot = await nukeWorker(town, rig, force ? { ...worker, bead: undefined, session: undefined } : worker, force);
  return { address: worker.address, snapshot, ref: snapshotRef(worker.address) };
}

/** Finds a worker by what was typed: its address, `<rig>/<name>`, or its name where only one rig has it. Throws UnknownWorker and AmbiguousWorker. */
async function findWorker(town: Town, typed: string): Promise<[Rig, Worker]> {
  const found: [Rig, Worker][] = [];
  for (const rig of town.rigs) {
    const named = isName(typed) ? workerAddress(rig, typed) : typed;
    const address = named.split('/').length === 2 ? named.replace('/', '/polecats/') : named;
    const worker = (await listWorkers(rig, await liveBeads(rig.ledger))).find((one) => one.address === address);
    if (worker !== undefined) found.push([rig, worker]);
  }
  const [only, ...others] = found;
  if (others.length > 0) throw new AmbiguousWorker(typed, found.map(([, { address }]) => address));
  if (only !== undefined) return only;
  if (!isName(typed) && !/^[a-z0-9_]+\/[a-z0-9_]+$/.test(typed)) parseAddress(typed);
  throw new UnknownWorker(typed);
}

/** No rig has such a worker. */
export class UnknownWorker extends Refused {
  readonly code = 'worker.unknown';
  constructor(name: string) {
    super(`there is no worker ${JSON.stringify(name.slice(0, 80))}`, { name }, 'gt polecat list');
  }
}

/** Workers of several rigs have this name. */
export class AmbiguousWorker extends Refused {
  readonly code = 'worker.ambiguous';
  constructor(name: string, fitting: readonly string[]) {
    super(`${JSON.stringify(name)} may be ${fitting.join(', ')}`, { name, fitting }, 'gt polecat list');
  }
}
