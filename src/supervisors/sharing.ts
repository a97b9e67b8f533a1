import { setTimeout as sleep } from 'node:timers/promises';
import { Broken, Busy, type Failure } from '../base/errors.ts';
import { parseDuration } from '../base/time.ts';
import { setting } from '../actions/settings.ts';
import { readSharing, type SharingState } from '../actions/sharing-state.ts';
import { hasNews, learnBehind, sharedLedgers, syncOne, type SharedLedger } from '../actions/sync.ts';
import { NotTakenIn } from '../ledger/sharing.ts';
import type { Left } from '../ledger/upkeep.ts';
import { openTown, signatureOf, type Rig, type Town } from '../town.ts';
import { claimsTick } from './claims.ts';
import { guarded } from './guarded.ts';

/** What is known of sharing one ledger. Times are milliseconds. */
export interface SharingSight extends SharingState {
  /** What `hasNews` answers. */
  readonly news: boolean;
  /** The shortest time between two rounds of one clone that is alone. */
  readonly interval: number;
  readonly pushesPerMinute: number;
}

const minute = 60_000;
const idle = 30_000;
const longestWait = 5 * minute;

/**
 * When the next round of sharing is due: the more clones write, the rarer each of them, since a host counts pushes by the repository; never more often than the limit; rarely while there is nothing to tell, and ever
 * more rarely while the remote does not answer, each clone in its own rhythm.
 */
export function due({ triedAt, failures, replicas, pushes, news, interval, pushesPerMinute }: SharingSight): number {
  if (failures > 0) return triedAt + Math.min(longestWait, interval * 2 ** (failures - 1)) * (0.75 + (triedAt % 1000) / 2000);
  const limit = Math.max(1, pushesPerMinute);
  const wait = Math.max(interval * (replicas + 1), minute / limit);
  if (!news) return triedAt + Math.max(wait, idle);
  const oldest = pushes.length < limit ? undefined : [...pushes].sort((a, b) => a - b).at(-limit);
  return Math.max(triedAt + wait, oldest === undefined ? 0 : oldest + minute);
}

async function sightOf(town: Town, shared: SharedLedger): Promise<SharingSight> {
  const [interval, pushesPerMinute] = await Promise.all([setting(town, shared.rig, 'sync.interval'), setting(town, shared.rig, 'sync.pushes_per_minute')]);
  return { ...readSharing(shared.ledger.repository, town.now()), news: await hasNews(shared), interval: parseDuration(String(interval)), pushesPerMinute: Number(pushesPerMinute) };
}

const lookMilliseconds = 2_000;
const settleMilliseconds = 30_000;

/** Shares the ledgers of a town, each when it is due, until `signal` aborts; nobody waits for it. */
export async function keepSharing(root: string, now: () => number, signal: AbortSignal): Promise<void> {
  let ledgers: SharedLedger[] = [];
  let lookedAt = -Infinity;
  while (!signal.aborted) {
    const town = openTown(root, now);
    if (now() - lookedAt >= settleMilliseconds) {
      await guarded(town, undefined, 'sync', async () => (ledgers = await automatic(town)).length);
      lookedAt = now();
    }
    for (const shared of ledgers) await guarded(town, shared.rig, 'sync', () => syncIfDue(town, shared, signal));
    await sleep(lookMilliseconds, undefined, { signal }).catch(() => undefined);
  }
}

async function automatic(town: Town): Promise<SharedLedger[]> {
  const all = await sharedLedgers(town);
  const wanted = await Promise.all(all.map(({ rig }) => setting(town, rig, 'sync.automatic')));
  return all.filter((_, index) => wanted[index] === true);
}

/** Tells of a failure that holds nothing up. */
async function told(town: Town, rig: Rig | undefined, name: string, failure: Failure | undefined): Promise<void> {
  await guarded(town, rig, name, async () => {
    if (failure !== undefined) throw failure;
    return 0;
  });
}

/** What is wrong where something was left to the next round: that somebody else was faster counts only where there is nothing else. */
export function troubleIn(left: readonly Left[]): Failure | undefined {
  const wrong = left.filter(({ error }) => !(error instanceof Busy));
  return wrong.length > 0 ? new UpkeepLeft(wrong.map(({ why }) => why)) : left.map(({ error }) => error).find((error) => error instanceof Busy);
}

/** Shares a ledger where that is due, and looks after the claims of its rig; what could not be taken in, and what is left to the next round, is told as what a patrol fails with. Returns how much was done. */
export async function syncIfDue(town: Town, shared: SharedLedger, signal: AbortSignal): Promise<number> {
  if (town.now() < due(await sightOf(town, shared))) return 0;
  const { folded, pushed, troubles, left: behind } = await syncOne(shared, signatureOf(town, 'deacon'), 0, signal);
  const left = [...behind];
  if (shared.rig !== undefined) await learnBehind(town, shared.rig, (why, error) => void left.push({ why, error }));
  await told(town, shared.rig, 'upkeep', troubleIn(left));
  await told(town, shared.rig, 'arrivals', troubles.length > 0 ? new NotTakenIn(troubles) : undefined);
  const claims = shared.rig === undefined ? 0 : await claimsTick(town, shared.rig, shared.hub.remote);
  return folded.length + claims + (pushed ? 1 : 0);
}

/** Something that only keeps order could not be done behind what was shared. */
export class UpkeepLeft extends Broken {
  readonly code = 'sync.upkeep-left';
  constructor(left: readonly string[]) {
    super(`the ledger was shared; left to the next round: ${left.join('; ')}`, { left }, 'gt doctor');
  }
}
