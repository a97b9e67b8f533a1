import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../base/errors.ts';
import type { Claim } from '../domain/claim.ts';
import { beat, lastBeat, readClaims } from '../ledger/claims.ts';
import { replicaOf } from '../ledger/ledger.ts';
import type { Hub } from '../ledger/sharing.ts';
import type { Rig, Town } from '../town.ts';
import { claimHub, durationOf } from './claims.ts';

/** Gives a sign of life for the claims of this clone, where the last one is old enough; nothing where it has none. */
export async function giveSign(town: Town, rig: Rig, hub: Hub, claims: readonly Claim[]): Promise<void> {
  const durations = claims.filter(({ replica }) => replica === replicaOf(rig.repository)).map(({ duration }) => duration);
  if (durations.length === 0) return;
  const now = town.now();
  const age = now - (await lastBeat(rig.repository, hub)) * 1000;
  // One that lies ahead of now was given by a clock that was wrong.
  if (age >= 0 && age < Math.min(...durations) / 3) return;
  await beat(rig.repository, hub, now);
}

const retryMilliseconds = 1_000;

/** Gives signs of life by itself until `signal` aborts: with no engine, a session is all that lives. */
export async function keepAlive(town: Town, rig: Rig, signal: AbortSignal): Promise<void> {
  if (rig.remote === undefined) return;
  for (let first = true; !signal.aborted; first = false) {
    let wait = retryMilliseconds;
    try {
      const hub = await claimHub(town, rig);
      wait = (await durationOf(town, rig)) / 3;
      if (hub !== undefined && !first) await giveSign(town, rig, hub, await readClaims(rig.repository, hub));
    } catch (error) {
      // What a rule or the hub keeps from it now, it may give the next time; that this machine lets it give none, ends it.
      if (!(error instanceof Failure)) throw error;
    }
    await sleep(wait, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
