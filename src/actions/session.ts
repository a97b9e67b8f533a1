import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { Refused } from '../base/errors.ts';
import { shellWord } from '../base/text.ts';
import { timestamp } from '../base/time.ts';
import { parseAddress } from '../domain/address.ts';
import type { Bead } from '../domain/bead.ts';
import { appendEvent } from '../ledger/events.ts';
import { statePath, type Ledger } from '../ledger/ledger.ts';
import { consult } from '../ledger/read.ts';
import { chooseBackend } from '../sessions/backend.ts';
import { isAlive } from '../sessions/processes.ts';
import { prepareClient, runtimeNamed, type RuntimeSpec } from '../sessions/runtimes.ts';
import { selfCommand } from '../sessions/self.ts';
import type { BackendName, SessionHandle } from '../sessions/session.ts';
import { ledgerOf, workerFolder, type Rig, type Town } from '../town.ts';
import { claimSession, freeSession, readSession, type SessionRecord } from './session-record.ts';
import { setting } from './settings.ts';
import { mayRunBead, type Confirm } from './trust.ts';

/** What a session is to work on: a bead that hangs on a worker's hook. */
export interface Work {
  readonly agent: string;
  readonly bead: Bead;
  /** The stamp of the hooking write. */
  readonly token: string;
  /** The commit that the work starts from. */
  readonly start: string;
}

/** The runtime that works on a bead: the asked one, `exec` for a bead that brings its own command, else by role, rig and town. */
export async function runtimeFor(town: Town, rig: Rig, bead: Bead, asked: string | undefined): Promise<string> {
  if (asked !== undefined) return asked;
  if (typeof bead.metadata?.['run'] === 'string' || typeof bead.metadata?.['script'] === 'string') return 'exec';
  for (const key of ['roles.polecat.agent', 'default_agent']) {
    const value = await setting(town, rig, key);
    if (typeof value === 'string') return value;
  }
  return 'claude';
}

/**
 * Starts a session for work that hangs on a hook, unless the agent has one already (then undefined). The session slot is taken before the session's command runs, so at no
 * moment there are two, nor one that nobody knows of. Throws CommandUntrusted.
 */
export async function startSession(town: Town, rig: Rig, work: Work, env: Readonly<Record<string, string | undefined>>, restarts = 0): Promise<SessionRecord | undefined> {
  if (readSession(rig, work.agent) !== undefined) return undefined;
  const runtime = typeof work.bead.metadata?.['runtime'] === 'string' ? work.bead.metadata['runtime'] : await runtimeFor(town, rig, work.bead, undefined);
  runtimeNamed(runtime);
  if (runtime === 'exec') await refuseUntrusted(ledgerOf(town, work.bead.id), work.bead.id);
  const id = `s-${randomBytes(5).toString('hex')}`;
  const backend = chooseBackend(await backendFor(town, rig, runtime), { town: town.root, inherited: env });
  const transcript = statePath(rig.repository, 'transcripts', `${id}.log`);
  const record = (handle: SessionHandle): SessionRecord => ({ id, agent: work.agent, bead: work.bead.id, token: work.token, runtime, startedAt: timestamp(town.now()), transcript, start: work.start, restarts, handle });
  const claim = (handle: SessionHandle): void => {
    if (!claimSession(rig, record(handle))) throw new SlotTaken(work.agent);
  };
  try {
    const handle = await backend.start(
      { id, agent: work.agent, command: selfCommand(['session', 'run', work.agent, id]), cwd: folderOf(rig, work.agent), env: identityEnvironment(town, rig, { id, agent: work.agent, bead: work.bead.id }), transcript, title: `${work.bead.id} ${work.bead.title}`.slice(0, 80) },
      claim,
    );
    return record(handle);
  } catch (error) {
    if (error instanceof SlotTaken) return undefined;
    throw error;
  }
}

/** Throws CommandUntrusted where the command that a bead brings may not run here. */
export async function refuseUntrusted(ledger: Ledger, id: string, confirm?: Confirm): Promise<void> {
  const stored = await consult(ledger, (view) => view.stored(id));
  const why = stored && (await mayRunBead(ledger, stored, confirm));
  if (why !== undefined) throw why;
}

async function backendFor(town: Town, rig: Rig, runtime: string): Promise<BackendName | undefined> {
  if (runtime === 'exec') return 'subprocess';
  const wanted = await setting(town, rig, 'sessions.backend');
  return wanted === 'tmux' || wanted === 'subprocess' ? wanted : undefined;
}

/** The variables that tell a client, and every command below it, who it is. */
export function identityEnvironment(town: Town, rig: Rig, record: Pick<SessionRecord, 'id' | 'agent' | 'bead'>): Record<string, string> {
  return { GT_ROLE: record.agent, GT_RIG: rig.name, GT_AGENT: record.agent, GT_BEAD: record.bead, GT_SESSION: record.id, BD_ACTOR: record.agent, GIT_AUTHOR_NAME: record.agent, GIT_AUTHOR_EMAIL: town.owner.email };
}

/** Where an agent works. */
export function folderOf(rig: Rig, agent: string): string {
  const address = parseAddress(agent);
  if (address.role !== 'polecat') throw new NotAWorker(agent);
  return workerFolder(rig, address.name);
}

/** What every client of a worker is started with. */
export function clientSpec(rig: Rig, agent: string): Omit<RuntimeSpec, 'headless'> {
  const settings = statePath(rig.repository, 'runtimes', agent.replaceAll('/', '~'), 'settings');
  return { gt: selfCommand([]), cwd: folderOf(rig, agent), stateFolder: dirname(settings), trusted: rig.repository.worktree ?? rig.repository.commonDir };
}

/** Puts in place what a client needs that a person starts by hand for a worker, and says what to type; undefined where there is no client, but the bead's own command. */
export function handStart(rig: Rig, agent: string, runtime: string): string | undefined {
  if (runtime === 'exec') return undefined;
  const spec = clientSpec(rig, agent);
  const { command } = prepareClient(runtimeNamed(runtime), { ...spec, headless: false, byHand: true });
  return `cd ${shellWord(spec.cwd)} && ${command.map(shellWord).join(' ')}`;
}

/** Ends a session with all that it started, each process only if it provably belongs to it. The slot is free afterwards. */
export async function stopSession(town: Town, rig: Rig, record: SessionRecord, why: string): Promise<void> {
  await endProcesses(record);
  freeSession(rig, record);
  appendEvent(town.hq, { kind: 'session.stopped', agent: record.agent, session: record.id, subject: record.bead, data: { why } });
}

/** Ends what is left of a session; a client that a person started is left to the person. */
export async function endProcesses({ handle }: SessionRecord): Promise<void> {
  if (!('backend' in handle)) return;
  await chooseBackend(handle.backend, { town: '', inherited: {} }).stop(handle);
}

/** The last lines that an agent's session printed. */
export async function peek(rig: Rig, agent: string, lines: number): Promise<string> {
  const record = readSession(rig, agent);
  if (record === undefined) throw new NoSession(agent);
  if (!('backend' in record.handle)) throw new ByHand(agent, record.handle.pid);
  return chooseBackend(record.handle.backend, { town: '', inherited: {} }).peek(record.handle, lines);
}

/** Whether the agent's session lives. */
export function sessionAlive({ handle }: SessionRecord): boolean | 'unknown' {
  return isAlive(handle);
}

class SlotTaken extends Error {
  constructor(agent: string) {
    super(`${agent} has a session`);
  }
}

/** The agent has no session here to look at. */
export class NoSession extends Refused {
  readonly code = 'session.none';
  constructor(agent: string) {
    super(`${agent} has no session here`, { agent }, 'gt agents');
  }
}

/** A person started the session, so what it prints is on that person's screen only. */
export class ByHand extends Refused {
  readonly code = 'session.by-hand';
  constructor(agent: string, pid: number) {
    super(`a person started the client of ${agent}, as process ${pid}, in a terminal that the town does not see`, { agent, pid }, 'gt agents');
  }
}

/** Only workers have sessions that the town starts. */
export class NotAWorker extends Refused {
  readonly code = 'session.not-a-worker';
  constructor(agent: string) {
    super(`${agent} is not a worker, so the town starts no session for it`, { agent }, 'gt polecat list');
  }
}
