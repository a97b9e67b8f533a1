import { Failure } from '../base/errors.ts';
import { timestamp } from '../base/time.ts';
import { overdue, watched, type Sight, type Watch } from '../domain/retirement.ts';
import { isAncestor } from '../git/merging.ts';
import { readRef } from '../git/refs.ts';
import { push, PushDenied, PushRefused } from '../git/remotes.ts';
import type { Repository } from '../git/repository.ts';
import { leaseFolder, readClaims } from './claims.ts';
import { mainRef, readState, writeState, type Ledger } from './ledger.ts';
import { nameOnHub, noteArrived, ofOthers, replicaFolder, trackingRef, type Hub } from './sharing.ts';
import { keepShown } from './trust.ts';
import { upkeep, type Tell } from './upkeep.ts';

/** A clone whose ref on a hub was taken away. */
export interface Retired {
  readonly replica: string;
  /** When this clone began to see no sign of it (RFC 3339, by this clone's clock). */
  readonly since: string;
}

/**
 * Takes away the refs of clones that have long given no sign on a hub, right after a fetch, and their leases: of those alone whose ledger is part of the common one there, so that nothing is lost, and which hold
 * no claim. One that comes back pushes its ref again, and a lease with its next claim. Where it has moved meanwhile, or the hub lets nobody take refs away, it stays; where anything else fails, what was shared stands, and `tell` is told.
 */
export async function retireSilent(ledger: Ledger, hub: Hub, tell: Tell): Promise<Retired[]> {
  return (await upkeep(tell, 'retiring clones that are silent', () => retire(ledger, hub, tell))) ?? [];
}

async function retire({ repository, now }: Ledger, hub: Hub, tell: Tell): Promise<Retired[]> {
  const main = await readRef(repository, trackingRef(hub, mainRef));
  const others = await ofOthers(repository, hub, replicaFolder);
  const before = readWatches(repository)[hub.remote];
  if (main === undefined || (others.size === 0 && before === undefined)) return [];
  const watch = watched(before, await sightsOf(repository, hub, others, main), now());
  const leaving = await leavable(repository, hub, others, overdue(watch), main);
  const keep = (seen: Watch['seen']): void => writeState(repository, { ...readWatches(repository), [hub.remote]: { ...watch, seen } }, watchFile);
  keep(watch.seen);
  if (leaving.length === 0) return [];
  await keepShown(repository, hub.remote);
  const gone = await takeAway(repository, hub, leaving, tell);
  // Who was asked to go is watched anew, so that a hub that lets nobody go is not asked every time.
  keep(Object.fromEntries(Object.entries(watch.seen).filter(([replica]) => !leaving.some((each) => each.replica === replica))));
  return gone.filter(({ name }) => name.startsWith(replicaFolder)).map(({ replica }) => ({ replica, since: timestamp(watch.seen[replica]?.since ?? now()) }));
}

const watchFile = 'replicas.json';

/** What this clone has seen of others, by remote. */
function readWatches(repository: Repository): Readonly<Record<string, Watch>> {
  return readState<Readonly<Record<string, Watch>>>(repository, watchFile) ?? {};
}

/** A clone that only works on what it has claimed moves its lease and not its ledger. */
function sightsOf(repository: Repository, hub: Hub, others: ReadonlyMap<string, string>, main: string): Promise<Sight[]> {
  return Promise.all([...others].map(async ([replica, oid]) => {
    const lease = await readRef(repository, trackingRef(hub, `${leaseFolder}${replica}`));
    return { replica, sign: `${oid} ${lease ?? ''}`, behind: oid !== main };
  }));
}

interface Leaving {
  readonly replica: string;
  readonly name: string;
  readonly from: string;
}

/**
 * The refs of those of some clones that hold nothing which the common ledger does not, and no claim: whoever waits for a claim to end takes each change of these refs for a sign of life. With them go the leases of
 * clones that have no ref any more.
 */
async function leavable(repository: Repository, hub: Hub, others: ReadonlyMap<string, string>, silent: readonly string[], main: string): Promise<Leaving[]> {
  const claims = silent.length === 0 ? undefined : await ifReadable(() => readClaims(repository, hub));
  if (claims === undefined) return [];
  const claiming = new Set(claims.map(({ replica }) => replica));
  const found: Leaving[] = [];
  for (const replica of silent) {
    const from = others.get(replica) ?? '';
    if (!claiming.has(replica) && (await ifReadable(() => isAncestor(repository, from, main))) === true) found.push({ replica, name: `${replicaFolder}${replica}`, from });
  }
  if (found.length === 0) return [];
  const leases = [...(await ofOthers(repository, hub, leaseFolder))].map(([replica, from]): Leaving => ({ replica, name: `${leaseFolder}${replica}`, from }));
  return [...found, ...leases.filter(({ replica }) => !claiming.has(replica) && (!others.has(replica) || found.some((each) => each.replica === replica)))];
}

/** What a look finds; undefined where it meets damage, which is told where claims are looked after, and by a look at the ledger's health. */
async function ifReadable<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Takes refs away on a hub, each if it still is where it was; answers those that are gone, as far as that is known. Throws RemoteUnreachable. */
async function takeAway(repository: Repository, hub: Hub, leaving: readonly Leaving[], tell: Tell): Promise<readonly Leaving[]> {
  const updates = leaving.map(({ name, from }) => ({ ref: nameOnHub(hub, name), from, to: null }));
  const stayed = await push(repository, hub.remote, { updates, atomic: false }).then((): readonly string[] => [], (error: unknown): readonly string[] => {
    if (error instanceof PushRefused) return error.data['refs'] as readonly string[];
    if (error instanceof PushDenied) return error.data['stayed'] as readonly string[];
    throw error;
  });
  const gone = leaving.filter(({ name }) => !stayed.includes(nameOnHub(hub, name)));
  await noteArrived(repository, hub, gone.map(({ name, from }) => ({ name, from, to: null })), tell);
  return gone;
}
