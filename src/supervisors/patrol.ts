import { closeFinishedConvoys } from '../actions/convoy.ts';
import { foldEvents } from '../ledger/events.ts';
import { statePath } from '../ledger/ledger.ts';
import { acquire, LockBusy } from '../ledger/lock.ts';
import { signatureOf, type Town } from '../town.ts';
import { guarded } from './guarded.ts';
import { schedulerTick } from './scheduler.ts';
import { witnessTick } from './witness.ts';

/**
 * One round of the quick patrols: sessions, dispatching, convoys, events. Returns how much was done; undefined when another process kept the lease for longer than `patience` milliseconds.
 * `begin` is called once the lease is held or was not to be had, before anything is looked at, and answers the town as it is by then.
 */
export async function patrol(known: Town, env: Readonly<Record<string, string | undefined>>, patience = 0, begin: () => Town = () => known): Promise<number | undefined> {
  const release = await lease(known, patience);
  try {
    const town = begin();
    if (release === undefined) return undefined;
    let acted = 0;
    for (const rig of town.rigs) {
      acted += await guarded(town, rig, 'witness', () => witnessTick(town, rig, env));
      acted += await guarded(town, rig, 'scheduler', () => schedulerTick(town, rig, env));
    }
    acted += await guarded(town, undefined, 'convoys', async () => (await closeFinishedConvoys(town, 'deacon')).length);
    await guarded(town, undefined, 'events', () => foldEvents(town.hq, signatureOf(town, 'deacon')));
    return acted;
  } finally {
    await release?.();
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
