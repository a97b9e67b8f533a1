import { closeFinishedConvoys } from '../actions/convoy.ts';
import { Busy, Failure } from '../base/errors.ts';
import { appendEvent, foldEvents } from '../ledger/events.ts';
import { statePath } from '../ledger/ledger.ts';
import { acquire, LockBusy } from '../ledger/lock.ts';
import { signatureOf, type Rig, type Town } from '../town.ts';
import { schedulerTick } from './scheduler.ts';
import { witnessTick } from './witness.ts';

/** One round of the quick patrols: sessions, dispatching, convoys, events. Returns how much was done; undefined when another process has the lease. */
export async function patrol(town: Town, env: Readonly<Record<string, string | undefined>>): Promise<number | undefined> {
  const release = await lease(town);
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

async function lease(town: Town): Promise<(() => Promise<void>) | undefined> {
  try {
    return await acquire(statePath(town.hq.repository, 'leases', 'patrol'), town.hq.liveness, 0);
  } catch (error) {
    if (error instanceof LockBusy) return undefined;
    throw error;
  }
}

/** A patrol that fails is told in the event log, and the others go on. */
async function guarded(town: Town, rig: Rig | undefined, patrolName: string, round: () => Promise<number>): Promise<number> {
  try {
    return await round();
  } catch (error) {
    if (!(error instanceof Failure) || error instanceof Busy) return 0;
    appendEvent(town.hq, { kind: 'patrol.failed', agent: patrolName, ...(rig === undefined ? {} : { subject: rig.name }), data: { code: error.code, message: error.message } });
    return 0;
  }
}
