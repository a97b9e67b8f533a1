import { Broken, Busy, Failure, Refused } from '../base/errors.ts';
import { isAncestor } from '../git/merging.ts';
import { ObjectReader } from '../git/objects.ts';
import { isHeld, listRefs, readRef, RefMoved, updateRefs } from '../git/refs.ts';
import { fetch, listRemoteRefs, push, PushDenied, PushRefused, type PushUpdate } from '../git/remotes.ts';
import type { Repository } from '../git/repository.ts';
import { backupFolder, fold } from './fold.ts';
import { formatAt } from './init.ts';
import { mainRef, renewReplica, replicaOf, type Ledger } from './ledger.ts';
import { offer, offeredRef } from './offered.ts';
import type { Retired } from './retirement.ts';
import type { Signature } from './transact.ts';
import { keepShown, remoteLedgers } from './trust.ts';
import { upkeep, type Left, type Tell } from './upkeep.ts';
import { foldVerdicts, gatesRef } from './verdicts.ts';

/** Where a remote keeps what is shared: under names of its own, or among the branches of a host that takes nothing else. */
export type Namespace = 'beads' | 'heads';

/** Where a ledger is shared. */
export interface Hub {
  readonly remote: string;
  readonly namespace: Namespace;
  /** The rig whose settings say so, where there are several. */
  readonly rig?: string;
}

/** What one round of sharing did. */
export interface Shared {
  readonly remote: string;
  /** True where this clone had no ledger before. */
  readonly adopted: boolean;
  /** The ledgers that were taken in: `main`, or the replica's id. */
  readonly folded: readonly string[];
  /** Whether anything went to the remote. */
  readonly pushed: boolean;
  /** How many other clones the remote knows. */
  readonly replicas: number;
  /** The clones whose refs were taken away there: nobody has seen a sign of them for long. */
  readonly retired: readonly Retired[];
  /** What could not be taken in, and why. */
  readonly troubles: readonly string[];
  /** What only keeps order and has failed behind what was shared, and why: the next round does it again. */
  readonly left: readonly Left[];
}

const branches = 'refs/heads/beads/';

/** The name that a shared ref has on a hub. */
export function nameOnHub({ namespace }: Pick<Hub, 'namespace'>, ref: string): string {
  return namespace === 'beads' ? ref : `${branches}${ref.replace(/^refs\/(beads\/)?/, '')}`;
}

/** What the last fetch saw of a shared ref. */
export function trackingRef({ remote }: Pick<Hub, 'remote'>, ref: string): string {
  return `${remoteLedgers}${remote}/${ref.replace(/^refs\/(beads\/)?/, '')}`;
}

/** Below it lie the newest ledgers of the clones, each by its replica's id. */
export const replicaFolder = 'refs/beads/replicas/';

/** The ref under which a hub keeps the newest ledger of this clone. */
export function replicaRef(repository: Repository): string {
  return `${replicaFolder}${replicaOf(repository)}`;
}

/** The commits of the other clones' refs below a folder, as the last fetch saw them, by replica. */
export async function ofOthers(repository: Repository, hub: Pick<Hub, 'remote'>, below: string): Promise<Map<string, string>> {
  const own = replicaOf(repository);
  const refs = (await listRefs(repository, trackingRef(hub, below))).map(({ ref, oid }) => [ref.slice(trackingRef(hub, below).length), oid] as const);
  return new Map(refs.filter(([replica]) => replica !== own && /^[0-9a-z]{6}$/.test(replica)));
}

/**
 * Fetches what a hub shares into the names that belong to it alone: nothing of this clone is touched. Where somebody else has pushed under this clone's name, it takes another one. Throws
 * RemoteUnreachable.
 */
export async function fetchShared(repository: Repository, { remote, namespace }: Hub, timeoutMs?: number): Promise<void> {
  const into = `${remoteLedgers}${remote}/`;
  const shared = [`+refs/beads/*:${into}*`, `+refs/notes/gates*:${into}notes/gates*`, `+refs/claims/*:${into}claims/*`, `+refs/leases/*:${into}leases/*`];
  const own = trackingRef({ remote }, replicaRef(repository));
  const before = await readRef(repository, own);
  await keepShown(repository, remote);
  await fetch(repository, remote, namespace === 'beads' ? shared : [`+${branches}*:${into}*`], { prune: true, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  const there = await readRef(repository, own);
  if (there !== undefined && there !== before && !(await wasHere(repository, there))) renewReplica(repository);
}

/** Whether this clone's ledger has ever stood at a commit: it builds on it, or keeps it from before a cut or a merge. */
function wasHere(repository: Repository, commit: string): Promise<boolean> {
  return isHeld(repository, commit, ['refs/beads/', backupFolder, offeredRef]);
}

/** Where a remote has a ledger already; undefined where it has none. Throws RemoteUnreachable. */
export async function findNamespace(repository: Repository, remote: string): Promise<Namespace | undefined> {
  const names = (await listRemoteRefs(repository, remote, [mainRef, `${branches}main`])).map(({ ref }) => ref);
  return names.includes(mainRef) ? 'beads' : names.includes(`${branches}main`) ? 'heads' : undefined;
}

const mostTries = 6;

/**
 * Shares a ledger: fetches, folds what other clones have written, and pushes this clone's ledger and the common one. Where somebody else was faster, the own ledger has arrived all the same, and it is tried again.
 * Killed at any moment, the next round ends the same. Throws RemoteUnreachable, LedgerRefused, OtherTown, SharedTooOften.
 */
export async function share(ledger: Ledger, hub: Hub, who: Signature, signal?: AbortSignal): Promise<Shared> {
  const { repository } = ledger;
  const adopted = (await readRef(repository, ledger.ref)) === undefined;
  const folded = new Set<string>();
  const left = new Map<string, Left>();
  const tell: Tell = (why, error) => void left.set(why, { why, error });
  let pushed = false;
  for (let attempt = 1; ; attempt += 1) {
    await fetchShared(repository, hub);
    const round = await foldShared(ledger, hub, who);
    round.folded.forEach((each) => folded.add(each));
    // Asked before anything is pushed: what fails behind a push fails a round that has shared all.
    const others = await ofOthers(repository, hub, replicaFolder);
    const came = adopted && (await readRef(repository, ledger.ref)) !== undefined;
    const outcome = await publish(ledger, hub, round.common, tell);
    pushed ||= outcome !== 'nothing';
    const retired = round.common && outcome !== 'moved' ? await (await import('./retirement.ts')).retireSilent(ledger, hub, tell) : [];
    const replicas = [...others.keys()].filter((each) => !retired.some(({ replica }) => replica === each)).length;
    if (outcome !== 'moved') return { remote: hub.remote, adopted: came, folded: [...folded], pushed, replicas, retired, troubles: round.troubles, left: [...left.values()] };
    if (attempt === mostTries || signal?.aborted === true) throw new SharedTooOften(hub.remote);
    await new Promise((resume) => setTimeout(resume, attempt * 80 * (0.5 + (performance.now() % 1))));
  }
}

interface Round {
  readonly folded: readonly string[];
  readonly troubles: readonly string[];
  /** Whether the common ledger holds nothing any more that this one does not. */
  readonly common: boolean;
}

/** Takes in every fetched ledger that holds what this clone's does not; one that cannot be read holds up no other. Throws OtherTown. */
export async function foldShared(ledger: Ledger, hub: Hub, who: Signature): Promise<Round> {
  const { repository } = ledger;
  const fetched = (await listRefs(repository, trackingRef(hub, 'refs/beads/'))).map(({ ref: name, oid }) => ({ name: name.slice(trackingRef(hub, 'refs/beads/').length), oid }));
  const ledgers = fetched.filter(({ name }) => name === 'main' || /^replicas\/[0-9a-z]{6}$/.test(name));
  const troubles: string[] = [];
  const folded: string[] = [];
  let common = true;
  let strange: OtherTown | undefined;
  let known = 0;
  for (const { name, oid } of ledgers) {
    try {
      if (await foldOne(ledger, hub, oid)) folded.push(name.replace('replicas/', ''));
      known += 1;
    } catch (error) {
      // The common ledger says whose hub it is; a clone that has strayed there does not.
      if (!(error instanceof Failure) || (error instanceof OtherTown && name === 'main')) throw error;
      if (error instanceof OtherTown) strange = error;
      if (name === 'main') common = false;
      troubles.push(error instanceof OtherTown ? `${name}: the ledger of another kind of town, which stays apart from this one` : `${name}: ${error.message}`);
    }
  }
  if (strange !== undefined && known === 0 && !ledgers.some(({ name }) => name === 'main')) throw strange;
  const notes = fetched.filter(({ name }) => name === 'notes/gates' || name.startsWith('notes/gates-from/')).map(({ name }) => trackingRef(hub, `refs/${name}`));
  try {
    await foldVerdicts(repository, notes, who, ledger.now());
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    troubles.push(`verdicts: ${error.message}`);
  }
  return { folded, troubles, common };
}

async function foldOne(ledger: Ledger, hub: Hub, theirs: string): Promise<boolean> {
  const { repository, ref } = ledger;
  const ours = await readRef(repository, ref);
  if (ours === theirs || (ours !== undefined && (await isAncestor(repository, theirs, ours)))) return false;
  if (ours !== undefined && (await areApart(repository, ours, theirs))) throw new OtherTown(hub);
  return (await fold(ledger, theirs)).how !== 'kept';
}

/** A town of one repository keeps the town's own beads in the ledger of its code; the ledger of a rig has none, and the two must not become one. */
async function areApart(repository: Repository, ours: string, theirs: string): Promise<boolean> {
  const reader = ObjectReader.open(repository);
  try {
    const [one, other] = await Promise.all([ours, theirs].map((commit) => formatAt(reader, commit)));
    return one?.prefixes.includes('hq') !== other?.prefixes.includes('hq');
  } finally {
    await reader.close();
  }
}

/** Whether a hub keeps the ledger of another kind of town, as far as the last fetch tells: then nothing of this one belongs there. */
export async function isOtherTown({ repository, ref }: Ledger, hub: Hub): Promise<boolean> {
  const [ours, theirs] = await Promise.all([ref, trackingRef(hub, mainRef)].map((name) => readRef(repository, name)));
  if (ours === undefined || theirs === undefined || ours === theirs) return false;
  try {
    return await areApart(repository, ours, theirs);
  } catch (error) {
    // One that cannot be read is told of where it is taken in.
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** Pushes what the hub does not have: the own ledger always arrives, the common one and the notes where nobody was faster. `common`: whether the common one may be replaced by this clone's. */
async function publish(ledger: Ledger, hub: Hub, common: boolean, tell: Tell): Promise<'nothing' | 'pushed' | 'moved'> {
  const { repository, ref } = ledger;
  const own = replicaRef(repository);
  const main = await readRef(repository, ref);
  const wanted = await Promise.all([[own, main], ...(common ? [[mainRef, main]] : []), [gatesRef, await readRef(repository, gatesRef)]].map(async ([name = '', to]) => ({ name, to, from: (await readRef(repository, trackingRef(hub, name))) ?? null })));
  const news = wanted.flatMap(({ name, to, from }) => (to === undefined || to === from ? [] : [{ name, to, from }]));
  if (news.length === 0) return 'nothing';
  const leaving = main === undefined ? undefined : await offer(ledger);
  const missing = news.map((each) => (each.to === main ? { ...each, to: leaving ?? each.to } : each));
  const refused = await pushEach(ledger, hub, missing, { updates: missing.map(({ name, to, from }) => ({ ref: nameOnHub(hub, name), from, to })) }, tell);
  return refused === undefined ? 'pushed' : 'moved';
}

/** Pushes shared refs, each by itself, and takes note of those that arrived, as `noteArrived` does; answers what said that somebody was faster with others. Throws LedgerRefused. */
async function pushEach({ repository }: Ledger, hub: Hub, leaving: readonly Arrived[], how: { readonly updates: readonly PushUpdate[]; readonly timeoutMs?: number }, tell: Tell): Promise<PushRefused | undefined> {
  const refused = await push(repository, hub.remote, { ...how, atomic: false }).then(() => undefined, (error: unknown) => {
    if (error instanceof PushRefused) return error;
    throw error instanceof PushDenied ? new LedgerRefused(hub, error) : error;
  });
  await noteArrived(repository, hub, leaving.filter(({ name }) => !isRefused(refused, hub, name)), tell);
  return refused;
}

function isRefused(refused: PushRefused | undefined, hub: Hub, name: string): boolean {
  return refused !== undefined && (refused.data['refs'] as readonly string[]).includes(nameOnHub(hub, name));
}

/** A shared ref that a push has moved on a hub, and what the last fetch or push had told of it. */
interface Arrived {
  readonly name: string;
  readonly from: string | null;
  readonly to: string | null;
}

/**
 * Takes note of what a push has moved, so that it counts as shared. Where somebody has fetched meanwhile, what that saw stays: the push stands all the same. Where it cannot be noted, `tell` is told; without one
 * that is thrown.
 */
export async function noteArrived(repository: Repository, hub: Hub, arrived: readonly Arrived[], tell?: Tell): Promise<void> {
  const note = async (): Promise<void> => {
    try {
      await updateRefs(repository, arrived.map(({ name, from, to }) => ({ ref: trackingRef(hub, name), from, to })));
    } catch (error) {
      if (!(error instanceof RefMoved)) throw error;
    }
  };
  await (tell === undefined ? note() : upkeep(tell, 'noting what has arrived', note));
}

/** Pushes what this clone has written without taking anything in, for whoever cannot wait; the common ledger follows where nobody was faster. Answers whether anything was pushed; `tell` is told where that cannot be noted. Throws RemoteUnreachable, LedgerRefused, and PushRefused where the hub has something else under this clone's name. */
export async function carry(ledger: Ledger, hub: Hub, timeoutMs: number, tell: Tell): Promise<boolean> {
  const { repository, ref } = ledger;
  const main = await readRef(repository, ref);
  const own = replicaRef(repository);
  const known = await Promise.all([own, mainRef].map(async (name) => ({ name, from: (await readRef(repository, trackingRef(hub, name))) ?? null })));
  if (main === undefined || known[0]?.from === main || (await isOtherTown(ledger, hub))) return false;
  const leaving = await offer(ledger);
  const updates = known.map(({ name }): PushUpdate => ({ ref: nameOnHub(hub, name), from: undefined, to: leaving }));
  const refused = await pushEach(ledger, hub, known.map((each) => ({ ...each, to: leaving })), { updates, timeoutMs }, tell);
  if (refused !== undefined && isRefused(refused, hub, own)) throw refused;
  return true;
}

/** The host does not take refs of the ledger's names. */
export class LedgerRefused extends Refused {
  readonly code = 'sync.refused';
  constructor({ remote, namespace, rig }: Hub, { message, data }: PushDenied) {
    const fallback = namespace === 'beads' ? `gt config set ${rig === undefined ? '' : `--rig ${rig} `}sync.namespace heads (keeps the ledger in the branches beads/main and beads/replicas/…, which every host takes)` : 'ask whoever keeps the remote';
    super(`the ledger cannot be shared: ${message}`, { remote, namespace, said: data['said'] }, fallback);
  }
}

/** The ledger there belongs to a town by itself. */
export class OtherTown extends Refused {
  readonly code = 'sync.other-town';
  constructor({ remote, rig }: Hub) {
    super(`the ledger on ${remote} is that of another kind of town, so this one stays apart from it`, { remote }, `gt config set ${rig === undefined ? '' : `--rig ${rig} `}sync.remote <another remote>`);
  }
}

/** Some of what others have written could not be taken in. */
export class NotTakenIn extends Broken {
  readonly code = 'sync.not-taken-in';
  constructor(troubles: readonly string[]) {
    super(`what others have written could not all be taken in: ${troubles.join('; ')}`, { troubles }, 'gt doctor');
  }
}

/** Other clones were faster every time; what this one has written has arrived. */
export class SharedTooOften extends Busy {
  readonly code = 'sync.busy';
  constructor(remote: string) {
    super(`other clones pushed to ${remote} ${mostTries} times in a row; what was written here has arrived under its own name`, { remote }, 'gt sync');
  }
}
