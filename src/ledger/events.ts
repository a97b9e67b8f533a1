import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../base/jsonl.ts';
import { countOf } from '../base/text.ts';
import { compareTimes, timestamp } from '../base/time.ts';
import { importCommit } from '../git/import.ts';
import { ObjectReader } from '../git/objects.ts';
import { readRef, RefMoved } from '../git/refs.ts';
import { runGit } from '../git/run.ts';
import { replicaOf, stateFolder, statePath, type Ledger } from './ledger.ts';
import { acquire, LockBusy } from './lock.ts';
import type { Signature } from './transact.ts';

/** Something that happened in the town. */
export interface TownEvent {
  readonly id: string;
  /** RFC 3339. */
  readonly at: string;
  /** `noun.verb`, past tense: `session.started`, `request.landed`. */
  readonly kind: string;
  readonly agent?: string;
  readonly session?: string;
  /** The bead, request or rig that it is about. */
  readonly subject?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

const eventsRef = 'refs/town/events';
const spool = 'events.jsonl';

/** Appends one event to this clone's spool: one line, one write. The next fold takes it into git. */
export function appendEvent(hq: Ledger, event: Omit<TownEvent, 'id' | 'at'>): void {
  const line: TownEvent = { id: randomBytes(8).toString('hex'), at: timestamp(hq.now()), ...event };
  appendFileSync(statePath(hq.repository, 'spool', spool), `${JSON.stringify(line)}\n`);
}

/** Moves the spool into git: `events/<date>/<hour>-<replica>.jsonl` on the events ref. Killed at any moment, the next fold finishes without doubling an event. */
export async function foldEvents(hq: Ledger, signature: Signature): Promise<number> {
  const folder = join(stateFolder(hq.repository), 'spool');
  if (!existsSync(join(folder, spool)) && takenSpools(folder).length === 0) return 0;
  const release = await acquireQuietly(statePath(hq.repository, 'locks', 'events'), hq);
  if (release === undefined) return 0;
  try {
    if (existsSync(join(folder, spool))) renameSync(join(folder, spool), join(folder, `taken-${randomBytes(4).toString('hex')}`));
    const taken = takenSpools(folder);
    const events = taken.flatMap((name) => parseEvents(readFileSync(join(folder, name), 'utf8')));
    await writeEvents(hq, signature, events);
    for (const name of taken) rmSync(join(folder, name), { force: true });
    return events.length;
  } catch (error) {
    if (error instanceof RefMoved) return 0;
    throw error;
  } finally {
    await release();
  }
}

async function acquireQuietly(path: string, hq: Ledger): Promise<(() => Promise<void>) | undefined> {
  try {
    return await acquire(path, hq.liveness, 0);
  } catch (error) {
    if (error instanceof LockBusy) return undefined;
    throw error;
  }
}

function takenSpools(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('taken-')) : [];
}

async function writeEvents(hq: Ledger, signature: Signature, events: readonly TownEvent[]): Promise<void> {
  if (events.length === 0) return;
  const parent = (await readRef(hq.repository, eventsRef)) ?? null;
  const replica = replicaOf(hq.repository);
  await importCommit(hq.repository, eventsRef, parent, async (tree) => {
    const files = new Map<string, string>();
    for (const event of events) {
      const path = `events/${event.at.slice(0, 10)}/${event.at.slice(11, 13)}-${replica}.jsonl`;
      const known = files.get(path) ?? (await tree.read(path))?.toString('utf8') ?? '';
      files.set(path, known.includes(`"id":"${event.id}"`) ? known : `${known}${JSON.stringify(event)}\n`);
    }
    const person = { name: signature.actor, email: signature.email, epochSeconds: Math.floor(hq.now() / 1000), zone: '+0000' };
    return { message: `${countOf(events.length, 'event')}\n`, author: person, committer: person, files };
  });
}

/** A line that is no event (cut by a crash, say) is passed over: an event log is read for people, never decided by. */
function parseEvents(text: string): TownEvent[] {
  return text.split('\n').flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return isObject(value) && typeof value['id'] === 'string' && typeof value['at'] === 'string' && typeof value['kind'] === 'string' ? [value as unknown as TownEvent] : [];
    } catch {
      return [];
    }
  });
}

/** The newest `limit` events, oldest first: what is in git and what still waits in the spool. */
export async function readEvents(hq: Ledger, limit: number): Promise<TownEvent[]> {
  const found = new Map<string, TownEvent>();
  const folder = join(stateFolder(hq.repository), 'spool');
  const waiting = [...takenSpools(folder), ...(existsSync(join(folder, spool)) ? [spool] : [])];
  for (const name of waiting) for (const event of parseEvents(readFileSync(join(folder, name), 'utf8'))) found.set(event.id, event);
  const commit = await readRef(hq.repository, eventsRef);
  if (commit !== undefined) for (const event of await folded(hq, commit, limit)) found.set(event.id, event);
  return [...found.values()].sort((a, b) => compareTimes(a.at, b.at)).slice(-limit);
}

async function folded(hq: Ledger, commit: string, limit: number): Promise<TownEvent[]> {
  const { stdout } = await runGit(hq.repository, ['ls-tree', '-r', '-z', '--name-only', commit, '--', 'events']);
  const paths = stdout.toString('utf8').split('\0').filter((path) => path !== '').sort().reverse();
  const reader = ObjectReader.open(hq.repository);
  try {
    const found: TownEvent[] = [];
    for (const path of paths) {
      if (found.length >= limit) break;
      found.push(...parseEvents((await reader.contents(`${commit}:${path}`))?.body.toString('utf8') ?? ''));
    }
    return found;
  } finally {
    await reader.close();
  }
}
