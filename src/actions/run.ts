import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../base/errors.ts';
import { timestamp } from '../base/time.ts';
import type { Act, Bead } from '../domain/bead.ts';
import { recordAttempt } from '../domain/content.ts';
import { release } from '../domain/hook.ts';
import { requestNamed, requestOf, type MergeRequest } from '../domain/merge-request.ts';
import { readRef } from '../git/refs.ts';
import { openRepository } from '../git/repository.ts';
import { resetWorktree } from '../git/snapshot.ts';
import { appendEvent } from '../ledger/events.ts';
import { consult } from '../ledger/read.ts';
import { phaseOf, type Stored } from '../ledger/stored.ts';
import { transact } from '../ledger/transact.ts';
import { startClient, type Client, type ClientExit } from '../sessions/client.ts';
import { definedOnly, type Environment } from '../sessions/environment.ts';
import { prepareClient, runtimeNamed, type ReadyClient, type RuntimeSpec } from '../sessions/runtimes.ts';
import { selfFolder } from '../sessions/self.ts';
import { ledgerOf, signatureOf, type Rig, type Town } from '../town.ts';
import { isHere } from './claims.ts';
import { done, NothingDone } from './done.ts';
import { clientSpec, folderOf, identityEnvironment } from './session.ts';
import { freeSession, isResting, readSession, updateSession, type SessionRecord } from './session-record.ts';
import { keepAlive } from './signs-of-life.ts';
import { mayRunBead } from './trust.ts';
import { freeWorktree, pinWork } from './worker.ts';
import { poke } from './poke.ts';

const tailBytes = 4096;
const sessionsPerHooking = 3;
const lookMilliseconds = 500;
/** How long an interactive client may go on after its work is off the hook, when it does not say that it has finished its turn. */
const farewellMilliseconds = 60_000;

/** How a session ended, in one word and one sentence. */
export interface SessionEnd {
  readonly outcome: 'submitted' | 'returned' | 'lost' | 'again' | 'left' | 'stale';
  readonly message: string;
}

/**
 * The wrapper of a session: runs its client in the worker's worktree, notes how it ended, and concludes. The client's output is the wrapper's own, which the backend keeps as the transcript.
 * A slot that belongs to another session by now ends it at once.
 */
export async function runSession(town: Town, rig: Rig, agent: string, id: string, env: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<SessionEnd> {
  const record = readSession(rig, agent);
  if (record === undefined || record.id !== id || record.exit !== undefined) return { outcome: 'stale', message: `${agent} has another session` };
  appendEvent(town.hq, { kind: 'session.started', agent, session: id, subject: record.bead, data: { runtime: record.runtime } });
  const stored = await hookedRecord(town, record);
  if (stored === undefined) return conclude(town, rig, record, env);
  const { bead } = stored;
  // Asked of the very record whose command is run: since the session was started, a sync may have brought another one.
  const why = record.runtime === 'exec' ? await mayRunBead(ledgerOf(town, bead.id), stored) : undefined;
  if (why !== undefined) return end(town, rig, record, await giveBack(town, record, 'not trusted here', why.sentence), env);
  if (record.runtime === 'exec') await restoreStart(town, rig, agent, record);
  const signs = beginSigns(town, rig, record);
  let client: Client;
  try {
    const ready = readyClient(rig, record, bead, env);
    client = await startClient({ command: ready.command, cwd: folderOf(rig, agent), env: { ...definedOnly(env), ...identityEnvironment(town, rig, record), ...ready.env }, signal });
  } catch (error) {
    await signs.end();
    if (!(error instanceof Failure)) throw error;
    return end(town, rig, record, await giveBack(town, record, 'could not be started', `${error.message}${error.hint === undefined ? '' : `\ntry: ${error.hint}`}`), env);
  }
  const exit = await endOf(town, rig, client, record).finally(() => signs.end());
  // Its token may have been renewed meanwhile.
  const now = readSession(rig, agent);
  const finished: SessionRecord = { ...(now?.id === id ? now : record), exit };
  if (signal.aborted || !updateSession(rig, finished)) return { outcome: 'stale', message: `session ${id} was stopped` };
  return conclude(town, rig, finished, env);
}

/** Gives signs of life until they are ended. A session goes on where the machine does not let it give any: then its end says so, since others may have taken the work over. */
function beginSigns(town: Town, rig: Rig, { id, agent, bead }: SessionRecord): { end(): Promise<void> } {
  const rest = new AbortController();
  const failed = keepAlive(town, rig, rest.signal).then(() => undefined, (error: unknown) => (error instanceof Error ? error.message : String(error)));
  return {
    async end() {
      rest.abort();
      const message = await failed;
      if (message !== undefined) appendEvent(town.hq, { kind: 'signs.failed', agent, session: id, subject: bead, data: { message } });
    },
  };
}

/** The bead of a session while it still hangs on the agent's hook under the session's token. */
async function hookedBead(town: Town, record: SessionRecord): Promise<Bead | undefined> {
  return (await hookedRecord(town, record))?.bead;
}

async function hookedRecord(town: Town, record: SessionRecord): Promise<Stored | undefined> {
  const stored = await consult(ledgerOf(town, record.bead), (view) => view.stored(record.bead));
  const mine = stored !== undefined && stored.bead.status === 'hooked' && stored.bead.assignee === record.agent && phaseOf(stored)[0] === record.token;
  return mine ? stored : undefined;
}

/** A bead as the ledger keeps it, with the request that it was last submitted in. */
function recordOf(town: Town, id: string): Promise<{ readonly stored: Stored | undefined; readonly request: MergeRequest | undefined }> {
  return consult(ledgerOf(town, id), (view) => {
    const stored = view.stored(id);
    const named = requestNamed(stored?.bead);
    const request = named === undefined ? undefined : view.get(named);
    return { stored, request: request === undefined ? undefined : requestOf(request) };
  });
}

/** A command that was killed half way may have left anything: what it left is pinned, and the worktree stands again where the work began. */
async function restoreStart(town: Town, rig: Rig, agent: string, record: SessionRecord): Promise<void> {
  const name = agent.slice(agent.lastIndexOf('/') + 1);
  if (record.restarts > 0) await pinWork(town, rig, name, `before ${record.bead} was run again`);
  await resetWorktree(openRepository(folderOf(rig, agent)), record.start);
}

/** What to run for a session. gt itself is first on the PATH of what it starts, since agents call it by name. */
function readyClient(rig: Rig, record: SessionRecord, bead: Bead, env: Readonly<Record<string, string | undefined>>): ReadyClient {
  const path = [selfFolder(), env['PATH']].filter((folder) => folder !== undefined).join(':');
  const ground = clientSpec(rig, record.agent);
  if (record.runtime === 'exec') return { command: execCommand(bead, ground.stateFolder), env: { PATH: path } };
  const spec: RuntimeSpec = {
    ...ground,
    headless: !isInteractive(record),
    env,
    prompt: `You are ${record.agent}, and work hangs on your hook. Begin with it now; gt prime tells what it is. When it is finished, run: gt done`,
  };
  const ready = prepareClient(runtimeNamed(record.runtime), spec);
  return { command: ready.command, env: { PATH: path, ...ready.env } };
}

function isInteractive({ handle }: SessionRecord): boolean {
  return 'backend' in handle && handle.backend === 'tmux';
}

/** The bead's own command, handed to sh as it is; a script file is written out and run by its first line. */
function execCommand(bead: Bead, folder: string): readonly string[] {
  const run = bead.metadata?.['run'];
  if (typeof run === 'string') return ['sh', '-c', run];
  const script = bead.metadata?.['script'];
  if (typeof script !== 'string') return ['sh', '-c', 'echo "the bead has neither metadata.run nor metadata.script" >&2; exit 64'];
  const path = join(folder, 'script');
  rmSync(path, { force: true });
  writeFileSync(path, script, { mode: 0o700 });
  return script.startsWith('#!') ? [path] : ['sh', path];
}

/** Waits for the client. An interactive one would stay for ever: it is ended once its work is off the hook and it has finished its turn. */
async function endOf(town: Town, rig: Rig, client: Client, record: SessionRecord): Promise<ClientExit> {
  if (!isInteractive(record)) return client.ended;
  const { repository, ref } = ledgerOf(town, record.bead);
  let seen: string | undefined;
  let off: number | undefined;
  for (;;) {
    const ended = await Promise.race([client.ended, new Promise<undefined>((resume) => setTimeout(() => resume(undefined), lookMilliseconds))]);
    if (ended !== undefined) return ended;
    const tip = off === undefined ? await readRef(repository, ref) : seen;
    if (tip !== seen && (await hookedBead(town, record)) === undefined) off = performance.now();
    seen = tip;
    if (off !== undefined && (isResting(rig, record) || performance.now() - off > farewellMilliseconds)) return client.leave();
  }
}

/** Draws the consequence of how a session ended. Killed at any moment, running it again ends the same way. */
export async function conclude(town: Town, rig: Rig, record: SessionRecord, env: Environment): Promise<SessionEnd> {
  return end(town, rig, record, await consequence(town, rig, record, env), env);
}

function end(town: Town, rig: Rig, record: SessionRecord, end: SessionEnd, env: Environment): SessionEnd {
  appendEvent(town.hq, { kind: 'session.ended', agent: record.agent, session: record.id, subject: record.bead, data: { outcome: end.outcome, message: end.message } });
  // While its session goes on, or a person does, the worktree is theirs.
  if (end.outcome !== 'again' && end.outcome !== 'left') freeWorktree(rig, record.agent, record.bead);
  freeSession(rig, record);
  poke(town, env);
  return end;
}

async function consequence(town: Town, rig: Rig, record: SessionRecord, env: Environment): Promise<SessionEnd> {
  const bead = await hookedBead(town, record);
  if (bead === undefined) return offTheHook(town, rig, record);
  if (record.runtime === 'adopted') return { outcome: 'left', message: 'the person who had started the client has ended it' };
  if (record.runtime === 'exec' && record.exit?.code === 0) {
    try {
      const { request } = await done(town, rig, { agent: record.agent, bead: record.bead, message: undefined, env });
      return { outcome: 'submitted', message: `submitted as ${request}` };
    } catch (error) {
      if (!(error instanceof NothingDone)) throw error;
      return giveBack(town, record, 'no changes', `the command ended well and changed nothing\n${tailOf(record)}`);
    }
  }
  const ended = record.exit === undefined ? 'died' : record.exit.signal ? `was ended by ${record.exit.signal}` : `ended with status ${record.exit.code}`;
  if (record.runtime === 'exec') return giveBack(town, record, 'failed', `the command ${ended}\n${tailOf(record)}`);
  const earlier = (bead.attempts ?? []).filter((attempt) => attempt['token'] === record.token).length;
  if (earlier + 1 >= sessionsPerHooking) return giveBack(town, record, 'gave up', `${sessionsPerHooking} sessions ended without gt done; the last ${ended}\n${tailOf(record)}`);
  await note(town, record, 'ended without gt done', `the client ${ended}\n${tailOf(record)}`, false);
  return { outcome: 'again', message: `the client ${ended} without gt done` };
}

/** The work was submitted already, taken away here, or given to somebody else on another machine: then what was done here is pinned, and told as an attempt. */
async function offTheHook(town: Town, rig: Rig, record: SessionRecord): Promise<SessionEnd> {
  const { stored, request } = await recordOf(town, record.bead);
  const taken = rig.remote !== undefined && stored !== undefined && !isHere(rig, stored);
  if (!taken || request?.token === record.token) return { outcome: 'submitted', message: `${record.bead} is off the hook` };
  const commit = await pinWork(town, rig, record.agent.slice(record.agent.lastIndexOf('/') + 1), `${record.bead} was given to somebody else`);
  const act: Act = { by: record.agent, at: timestamp(town.now()), session: record.id };
  const evidence = commit === undefined ? 'nothing of it is here any more' : `the work here is at ${commit}`;
  await transact(ledgerOf(town, record.bead), signatureOf(town, record.agent, record.id), `${record.bead}: a session lost it`, (view) => {
    const bead = view.get(record.bead);
    if (bead === undefined || bead.status === 'tombstone') return [];
    return recordAttempt(view, record.bead, { id: record.id, agent: record.agent, outcome: 'given to somebody else', evidence, at: act.at, token: record.token });
  });
  appendEvent(town.hq, { kind: 'work.lost', agent: record.agent, subject: record.bead, data: { to: stored.bead.assignee ?? null } });
  return { outcome: 'lost', message: `${record.bead} was given to somebody else; ${evidence}` };
}

async function giveBack(town: Town, record: SessionRecord, outcome: string, evidence: string): Promise<SessionEnd> {
  await note(town, record, outcome, evidence, true);
  return { outcome: 'returned', message: `${record.bead} went back: ${outcome}` };
}

async function note(town: Town, record: SessionRecord, outcome: string, evidence: string, returned: boolean): Promise<void> {
  const act: Act = { by: record.agent, at: timestamp(town.now()), session: record.id };
  const attempt = { id: record.id, agent: record.agent, outcome, evidence, at: act.at, token: record.token, exit: record.exit?.code ?? null };
  const said = returned ? `${record.bead} goes back: ${outcome}` : `${record.bead}: a session ${outcome}`;
  await transact(ledgerOf(town, record.bead), signatureOf(town, record.agent, record.id), said, (view) => {
    const bead = view.get(record.bead);
    if (bead === undefined || bead.status !== 'hooked' || bead.assignee !== record.agent) return [];
    return [...recordAttempt(view, record.bead, attempt), ...(returned ? release(view, record.bead, act) : [])];
  });
}

/** The end of a session's transcript. */
function tailOf({ transcript }: Pick<SessionRecord, 'transcript'>): string {
  return existsSync(transcript) ? readFileSync(transcript).subarray(-tailBytes).toString('utf8').toWellFormed().replaceAll('\0', '') : '';
}
