import { Failure, Refused } from '../base/errors.ts';
import { readRef, updateRefs } from '../git/refs.ts';
import { remoteNames } from '../git/remotes.ts';
import { openRepository, type Repository } from '../git/repository.ts';
import { mainRef, replicaOf, statePath, type Ledger } from '../ledger/ledger.ts';
import { withLock } from '../ledger/lock.ts';
import { carry, fetchShared, findNamespace, replicaRef, share, trackingRef, type Hub, type Shared } from '../ledger/sharing.ts';
import type { Signature } from '../ledger/transact.ts';
import { reasonOf, upkeep, type Left, type Tell } from '../ledger/upkeep.ts';
import { gatesRef } from '../ledger/verdicts.ts';
import type { Rig, Town } from '../town.ts';
import { learnPrefixes } from './prefixes.ts';
import { setting } from './settings.ts';
import { readSharing, writeSharing, type SharingState } from './sharing-state.ts';

/** A ledger of the town, and where it is shared. */
export interface SharedLedger {
  /** The rig's name, or `town`. */
  readonly name: string;
  readonly rig: Rig | undefined;
  readonly ledger: Ledger;
  readonly hub: Hub;
}

/** The ledgers of a town that have a remote to share them by; with `remote` those that have this one. */
export async function sharedLedgers(town: Town, remote?: string): Promise<SharedLedger[]> {
  const found: SharedLedger[] = [];
  for (const each of namedLedgers(town)) {
    const hub = await hubOf(town, each.rig, remote);
    if (hub !== undefined) found.push({ ...each, hub });
  }
  return found;
}

function namedLedgers(town: Town): Omit<SharedLedger, 'hub'>[] {
  const rigs = town.rigs.map((rig) => ({ name: rig.name, rig, ledger: rig.ledger }));
  return town.kind === 'solo' ? rigs : [{ name: 'town', rig: undefined, ledger: town.hq }, ...rigs];
}

/** Where the ledger of a rig, or of the town itself, is shared; undefined where there is no remote for it. */
export async function hubOf(town: Town, rig: Rig | undefined, asked?: string): Promise<Hub | undefined> {
  const { repository } = rig?.ledger ?? town.hq;
  const names = await remoteNames(repository);
  if (names.length === 0 || (asked !== undefined && !names.includes(asked))) return undefined;
  const known = (await readRef(repository, mainRef)) !== undefined && (await readRef(town.hq.repository, mainRef)) !== undefined;
  const remote = asked ?? (await usualRemote(town, rig, names, known));
  if (remote === undefined) return undefined;
  // Where there is no ledger yet, nothing says how it is kept but the remote itself.
  return known ? hubBy(town, rig, remote) : { remote, namespace: (await findNamespace(repository, remote)) ?? 'beads' };
}

/** How the ledger of a rig, or of the town itself, is kept by a remote. */
export async function hubBy(town: Town, rig: Rig | undefined, remote: string): Promise<Hub> {
  const namespace = (await setting(town, rig, 'sync.namespace')) === 'heads' ? 'heads' : 'beads';
  return { remote, namespace, ...(town.kind === 'town' && rig !== undefined ? { rig: rig.name } : {}) };
}

/** A rig of a town is shared where its work lands: what it was cloned from may be a town by itself. */
async function usualRemote(town: Town, rig: Rig | undefined, names: readonly string[], known: boolean): Promise<string | undefined> {
  const chosen = known ? await setting(town, rig, 'sync.remote') : undefined;
  if (typeof chosen === 'string') return names.includes(chosen) ? chosen : undefined;
  if (rig?.remote !== undefined || (town.kind === 'town' && rig !== undefined)) return rig?.remote;
  return names.includes('origin') ? 'origin' : names.length === 1 ? names[0] : undefined;
}

/** What became of one ledger of the town. */
export interface SyncReport extends Omit<Shared, 'left'> {
  readonly name: string;
  /** What was left to the next round, and why. */
  readonly left: readonly string[];
}

/** What stopped a round over ledgers at one of them. */
export interface LedgerFailure {
  readonly name: string;
  readonly failure: Failure;
}

/** What became of the ledgers of the town, and why some of them could not be shared. */
export interface SyncRound {
  readonly ledgers: readonly SyncReport[];
  readonly failures: readonly LedgerFailure[];
}

/** Does something for each of these ledgers, one after the other. One for which that fails holds up no other, and is answered. */
export async function forEachLedger<T extends { readonly name: string }>(ledgers: readonly T[], work: (ledger: T) => Promise<void>): Promise<LedgerFailure[]> {
  const failures: LedgerFailure[] = [];
  for (const ledger of ledgers) {
    try {
      await work(ledger);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failures.push({ name: ledger.name, failure: error });
    }
  }
  return failures;
}

const patience = 60_000;

/** Shares the ledgers of the town: what others have written comes, what was written here goes. One that cannot be shared holds up no other; where it is the only one, what `share` throws is thrown. Throws NothingToShareBy. */
export async function syncTown(town: Town, who: Signature, options: { readonly remote?: string | undefined; readonly signal?: AbortSignal; progress(line: string): void }): Promise<SyncRound> {
  const ledgers = await sharedLedgers(town, options.remote);
  if (ledgers.length === 0) throw new NothingToShareBy(options.remote);
  const reports: SyncReport[] = [];
  const failures = await forEachLedger(ledgers, async (each) => {
    options.progress(`sharing the ledger of ${each.name} by ${each.hub.remote}`);
    const shared = await syncOne(each, who, patience, options.signal);
    const left = shared.left.map(({ why }) => why);
    // Not only what this round brought: who was stopped after taking it in has learnt nothing from it.
    if (each.rig !== undefined) await learnBehind(town, each.rig, (why) => void left.push(why));
    reports.push({ name: each.name, ...shared, left });
  });
  if (ledgers.length === 1 && failures[0] !== undefined) throw failures[0].failure;
  return { ledgers: reports, failures };
}

/** Learns the prefixes of a ledger that was just shared, as far as that can be now. */
export async function learnBehind(town: Town, rig: Rig, tell: Tell): Promise<void> {
  await upkeep(tell, 'learning the prefixes of its beads', () => learnPrefixes(town, rig));
}

/** Shares one ledger, one process at a time, and remembers how it went. Throws LockBusy, and what `share` throws. */
export async function syncOne({ ledger, hub }: SharedLedger, who: Signature, waitMs: number, signal?: AbortSignal): Promise<Shared> {
  const { repository, liveness, now } = ledger;
  // A copy of a clone forgets what the other one knew, before any of it is read.
  replicaOf(repository);
  return withLock(statePath(repository, 'locks', 'sync'), liveness, waitMs, async () => {
    const began = now();
    const left: Left[] = [];
    const remember = (next: (known: SharingState) => Partial<SharingState>): Promise<void> =>
      upkeep((why, error) => void left.push({ why, error }), 'remembering how it went', async () => {
        const known = readSharing(repository, began);
        writeSharing(repository, { ...known, triedAt: began, ...next(known) });
      });
    try {
      const shared = await share(ledger, hub, who, signal);
      await remember(({ pushes }) => ({ failures: 0, replicas: shared.replicas, pushes: [...pushes.filter((at) => at > began - 60_000), ...(shared.pushed ? [began] : [])], trouble: undefined }));
      return { ...shared, left: [...shared.left, ...left] };
    } catch (error) {
      if (error instanceof Failure) await remember(({ failures }) => ({ failures: failures + 1, trouble: error.message }));
      throw error;
    }
  });
}

/** Whether this clone has anything that the hub does not, as far as the last fetch or push tells. */
export async function hasNews({ ledger: { repository, ref }, hub }: SharedLedger): Promise<boolean> {
  const main = await readRef(repository, ref);
  for (const [own, there] of [[main, trackingRef(hub, replicaRef(repository))], [await readRef(repository, gatesRef), trackingRef(hub, gatesRef)]] as const) {
    if (own !== undefined && own !== (await readRef(repository, there))) return true;
  }
  return false;
}

const carryMilliseconds = 8_000;

/** Lets the ledger of a repository go along with a person's own push to a remote. Answers, for people, why it could not: the push itself does not depend on it. */
export async function carryAlong(town: Town, cwd: string, remote: string): Promise<string | undefined> {
  const { commonDir } = openRepository(cwd);
  const own = namedLedgers(town).find(({ ledger }) => ledger.repository.commonDir === commonDir);
  if (own === undefined) return undefined;
  try {
    const hub = await hubOf(town, own.rig);
    const left: string[] = [];
    if (hub?.remote === remote && (await setting(town, own.rig, 'sync.automatic')) === true) await carry(own.ledger, hub, carryMilliseconds, (why) => void left.push(why));
    return left.length === 0 ? undefined : `the ledger went along; left to the next sync: ${left.join('; ')}`;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return `the ledger could not go along: ${reasonOf(error)}`;
  }
}

/** Takes over the ledger that a remote has, where this clone has none. Throws RemoteUnreachable. */
export async function adoptLedger(repository: Repository, hub: Hub): Promise<void> {
  await fetchShared(repository, hub);
  const main = await readRef(repository, trackingRef(hub, mainRef));
  if (main !== undefined) await updateRefs(repository, [{ ref: mainRef, from: null, to: main }]);
}

/** No ledger of the town has a remote to share it by. */
export class NothingToShareBy extends Refused {
  readonly code = 'sync.no-remote';
  constructor(asked: string | undefined) {
    super(asked === undefined ? 'there is no remote to share the ledger by' : `no ledger of this town has a remote ${JSON.stringify(asked.slice(0, 80))}`, { asked }, 'git remote add origin <url>');
  }
}
