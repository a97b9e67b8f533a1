import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile, stateFolder } from '../ledger/ledger.ts';
import type { ClientExit } from '../sessions/client.ts';
import type { ProcessIdentity } from '../sessions/processes.ts';
import type { SessionHandle } from '../sessions/session.ts';
import type { Rig } from '../town.ts';

/** What this machine knows of the session that an agent has: at most one, so the file is the claim of the agent's session slot. */
export interface SessionRecord {
  readonly id: string;
  readonly agent: string;
  readonly bead: string;
  /** The stamp of the hooking write that the session works under. */
  readonly token: string;
  /** `adopted` for a client that a person started by hand. */
  readonly runtime: string;
  readonly startedAt: string;
  readonly transcript: string;
  /** The commit that the work starts from. */
  readonly start: string;
  /** How often this work was begun again after its session died. */
  readonly restarts: number;
  /** How to find the session's processes; of an adopted client only the process. */
  readonly handle: SessionHandle | ProcessIdentity;
  /** How the client ended, once it has. */
  readonly exit?: ClientExit;
}

function folderOf(rig: Rig): string {
  return join(stateFolder(rig.repository), 'sessions');
}

function pathOf(rig: Rig, agent: string): string {
  return join(folderOf(rig), `${agent.replaceAll('/', '~')}.json`);
}

/** The session of an agent, as recorded; undefined where there is none. */
export function readSession(rig: Rig, agent: string): SessionRecord | undefined {
  return parseRecord(pathOf(rig, agent));
}

function parseRecord(path: string): SessionRecord | undefined {
  const text = unlessMissing(() => readFileSync(path, 'utf8'));
  try {
    return text === undefined ? undefined : (JSON.parse(text) as SessionRecord);
  } catch {
    // Records appear whole, so only a damaged disk leaves half of one: it is kept for people, and claims no slot any more.
    renameSync(path, `${path}.damaged`);
    return undefined;
  }
}

/** What a look at a file or folder finds; undefined only where it is not there, since a look that failed proves nothing. */
function unlessMissing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** Every recorded session of a rig. */
export function listSessions(rig: Rig): SessionRecord[] {
  const names = unlessMissing(() => readdirSync(folderOf(rig))) ?? [];
  return names.filter((name) => name.endsWith('.json')).flatMap((name) => parseRecord(join(folderOf(rig), name)) ?? []);
}

/** Takes the agent's session slot, in one step; false when somebody has it. */
export function claimSession(rig: Rig, record: SessionRecord): boolean {
  const path = pathOf(rig, record.agent);
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(fresh, JSON.stringify(record));
    linkSync(fresh, path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** Writes the record of a session that still has its slot; false when the slot belongs to another session by now. */
export function updateSession(rig: Rig, record: SessionRecord): boolean {
  if (readSession(rig, record.agent)?.id !== record.id) return false;
  replaceFile(pathOf(rig, record.agent), JSON.stringify(record));
  return true;
}

/** Gives the slot back, if it still is this session's. */
export function freeSession(rig: Rig, record: Pick<SessionRecord, 'id' | 'agent'>): void {
  if (readSession(rig, record.agent)?.id !== record.id) return;
  rmSync(pathOf(rig, record.agent), { force: true });
  rmSync(restingPath(rig, record.agent), { force: true });
}

function restingPath(rig: Rig, agent: string): string {
  return join(folderOf(rig), `${agent.replaceAll('/', '~')}.resting`);
}

/** Notes that a session's client has finished its turn with nothing left to do, and waits for a person. */
export function noteResting(rig: Rig, record: Pick<SessionRecord, 'id' | 'agent'>): void {
  if (readSession(rig, record.agent)?.id === record.id) replaceFile(restingPath(rig, record.agent), record.id);
}

/** Whether that was noted of this session. */
export function isResting(rig: Rig, record: Pick<SessionRecord, 'id' | 'agent'>): boolean {
  return unlessMissing(() => readFileSync(restingPath(rig, record.agent), 'utf8')) === record.id;
}
