import { closeFinishedConvoys } from '../actions/convoy.ts';
import { Busy, Failure } from '../base/errors.ts';
import { appendEvent, foldEvents } from '../ledger/events.ts';
import { statePath } from '../ledger/ledger.ts';
import { acquire, LockBusy } from '../ledger/lock.ts';
import { signatureOf, type Rig, type Town } from '../town.ts';
import { schedulerTick } from './scheduler.ts';
import { witnessTick } from './witness.ts';

/**
 * One round of the quick patrols: sessions, dispatching, convoys, events. Returns how much was done; undefined when another process kept the lease for longer than `patience` milliseconds.
 * `begin` is called once the lease is held, before anything is looked at.
 */
export async function patrol(town: Town, env: Readonly<Record<string, string | undefined>>, patience = 0, begin: () => void = () => undefined): Promise<number | undefined> {
  const release = await lease(town, patience);
  begin();
  if (release === undefined) return undefined;
  try {
    let acted = 0;
    for (const rig of town.rigs) {
      acted += await guarded(town, rig, 'witness', () => witnessTick(town, rig, env));
      acted += await guarded(town, rig, 'scheduler', () => schedulerTick(town, rig, env));
    }
    acted += await guarded(town, undefined, 'convoys', async () => (await closeFinishedConvoys(town, 'deacon')).length);
    await guarded(town, undefined, 'events', () => foldEvents(town.hq, signatureOf(town, 'deacon')));
    return acted;
  } finally {
    await release();
  }
}

async function lease(town: Town, patience: number): Promise<(() => Promise<void>) | undefined> {
  try {
    return await acquire(statePath(town.hq.repository, 'leases', 'patrol'), town.hq.liveness, patience);
  } catch (error) {
    if (error instanceof LockBusy) return undefined;
    throw error;
  }
}

/** What each patrol last failed with in this process, so that one failure is told once. */
const told = new Map<string, string>();

/** Runs a patrol; when it fails, that is told in the event log, once until it changes, and the others go on. */
export async function guarded(town: Town, rig: Rig | undefined, name: string, round: () => Promise<number>): Promise<number> {
  const key = `${town.root} ${rig?.name ?? ''} ${name}`;
  try {
    const acted = await round();
    told.delete(key);
    return acted;
  } catch (error) {
    if (error instanceof Busy) return 0;
    const [code, message] = error instanceof Failure ? [error.code, error.message] : ['bug', error instanceof Error ? (error.stack ?? error.message) : String(error)];
    if (told.get(key) === message) return 0;
    told.set(key, message);
    appendEvent(town.hq, { kind: 'patrol.failed', agent: name, ...(rig === undefined ? {} : { subject: rig.name }), data: { code, message } });
    return 0;
  }
}
