import { replicaDigits } from '../base/clock.ts';
import { Refused } from '../base/errors.ts';
import { timestamp } from '../base/time.ts';
import { isObject } from '../base/jsonl.ts';
import type { Bead } from '../domain/bead.ts';
import { remoteUrl } from '../git/remotes.ts';
import type { Repository } from '../git/repository.ts';
import { replicaOf, type Ledger } from '../ledger/ledger.ts';
import { openSnapshot } from '../ledger/read.ts';
import type { Stored } from '../ledger/stored.ts';
import { addTrust, commandOf, declineTrust, judging, knownReplicas, readTrust, removeTrust, whyUntrusted, type CommandUntrusted, type Runnable } from '../ledger/trust.ts';
import { rigAt, rigNamed, type Rig, type Town } from '../town.ts';

/** Asks a person a yes-or-no question; undefined where nobody is there to answer. */
export type Confirm = (question: string, byDefault: boolean) => Promise<boolean | undefined>;

/** Why a command may not run here, after a person was asked, where one is there and was not asked about its writer before; undefined where it may. */
export async function mayRun({ repository, now }: Ledger, runnable: Runnable, confirm?: Confirm): Promise<CommandUntrusted | undefined> {
  const why = await whyUntrusted(repository, runnable);
  if (why?.replica === undefined || confirm === undefined || readTrust(repository).declined.has(why.replica)) return why;
  const answer = await confirm(`${why.message}\nShall everything that replica ${why.replica} writes run in this clone from now on? Whoever may push where it pushes can write in its name.`, false);
  if (answer === false) declineTrust(repository, why.replica, timestamp(now()));
  if (answer !== true) return why;
  addTrust(repository, 'replica', why.replica, timestamp(now()), await showing(repository, why.replica));
  return whyUntrusted(repository, runnable);
}

/** Why the command that a bead brings may not run here; undefined where it may, or it brings none. */
export async function mayRunBead(ledger: Ledger, stored: Stored, confirm?: Confirm): Promise<CommandUntrusted | undefined> {
  const runnable = commandOf(stored);
  return runnable && mayRun(ledger, runnable, confirm);
}

/** Whether a bead brings a command that its worker would run. */
function bringsCommand({ metadata = {} }: Bead): boolean {
  const queued = isObject(metadata['queued']) ? metadata['queued'] : {};
  const runtime = metadata['runtime'] ?? queued['runtime'] ?? 'exec';
  return runtime === 'exec' && (typeof metadata['run'] === 'string' || typeof metadata['script'] === 'string');
}

/** By bead, why its command may not run here, in one line. */
export async function heldBeads(ledger: Ledger, beads: Iterable<Bead>): Promise<Map<string, string>> {
  const ids = [...beads].filter(bringsCommand).map(({ id }) => id);
  const held = new Map<string, string>();
  if (ids.length === 0) return held;
  const judge = judging(ledger.repository);
  const snapshot = await openSnapshot(ledger);
  try {
    for (const [id, stored] of await snapshot.records(ids)) {
      const runnable = commandOf(stored);
      const why = runnable && (await judge(runnable));
      if (why !== undefined) held.set(id, why.sentence);
    }
  } finally {
    await snapshot.close();
  }
  return held;
}

/** Someone whose commands run in this clone, or could. */
export interface CommandWriter {
  readonly kind: 'replica' | 'remote';
  readonly name: string;
  /** The rig whose ledger it writes, or `town`. */
  readonly rig: string;
  /** RFC 3339; null where it is not trusted. */
  readonly trusted: string | null;
  /** The remote that shows its ledger. */
  readonly remote?: string;
}

/** The clones of a town's ledgers, by the name of the rig, the town's own first. */
function places(town: Town): [string, Repository][] {
  const rigs = town.rigs.map(({ name, repository }): [string, Repository] => [name, repository]);
  return town.kind === 'solo' ? rigs : [['town', town.hq.repository], ...rigs];
}

/** Runs the commands of a writer in this clone from now on: of a replica, or of everybody who writes by a remote of the rig. Throws UnknownWriter. */
export async function trustWriter(town: Town, name: string, place: { readonly cwd: string; readonly rig?: Rig | undefined }): Promise<CommandWriter[]> {
  const rig = place.rig ?? rigAt(town, place.cwd);
  const repository = rig?.repository ?? town.hq.repository;
  const at = timestamp(town.now());
  if (await isRemote(repository, name)) {
    addTrust(repository, 'remote', name, at);
    return [{ kind: 'remote', name, rig: rig?.name ?? 'town', trusted: at }];
  }
  // A remote may be called as a replica could be: origin is.
  for (const { name: other, repository: theirs } of town.rigs) if (await isRemote(theirs, name)) throw new UnknownWriter(name, other);
  if (!new RegExp(`^[0-9a-z]{${replicaDigits}}$`).test(name)) throw new UnknownWriter(name);
  const known = await Promise.all(places(town).map(async ([label, each]) => ({ label, each, remotes: await showing(each, name) })));
  // One that no fetch has shown is somebody's in one of the ledgers: its name fits nobody else's.
  const shown = known.filter(({ remotes }) => remotes.length > 0);
  const chosen = shown.length > 0 ? shown : known;
  for (const { each, remotes } of chosen) addTrust(each, 'replica', name, at, remotes);
  return chosen.map(({ label }) => ({ kind: 'replica', name, rig: label, trusted: at }));
}

/** The remotes that show the ledger of a replica. */
async function showing(repository: Repository, name: string): Promise<string[]> {
  return (await knownReplicas(repository)).filter(({ replica }) => replica === name).map(({ remote }) => remote);
}

async function isRemote(repository: Repository, name: string): Promise<boolean> {
  return /^[\w.][\w./-]*$/.test(name) && (await remoteUrl(repository, name)) !== undefined;
}

/** Trusts a writer no longer, in every ledger of the town. Throws UnknownWriter where nobody is trusted by that name. */
export function distrustWriter(town: Town, name: string, rig: string | undefined): void {
  const chosen = rig === undefined ? places(town) : [[rig, rigNamed(town, rig).repository] as const];
  const gone = chosen.filter(([, repository]) => removeTrust(repository, name));
  if (gone.length === 0) throw new UnknownWriter(name);
}

/** Everybody who is trusted, and the other clones that are known from fetches. */
export async function listWriters(town: Town): Promise<CommandWriter[]> {
  const found: CommandWriter[] = [];
  for (const [rig, repository] of places(town)) {
    const { replicas, remotes } = readTrust(repository);
    for (const [name, { at }] of remotes) found.push({ kind: 'remote', name, rig, trusted: at });
    const known = new Map((await knownReplicas(repository)).map(({ replica, remote }) => [replica, remote]));
    known.delete(replicaOf(repository));
    for (const name of new Set([...replicas.keys(), ...known.keys()])) {
      const remote = known.get(name);
      found.push({ kind: 'replica', name, rig, trusted: replicas.get(name)?.at ?? null, ...(remote === undefined ? {} : { remote }) });
    }
  }
  return found;
}

/** Nobody is known by this name. */
export class UnknownWriter extends Refused {
  readonly code = 'writer.unknown';
  constructor(name: string, rig?: string) {
    super(`${JSON.stringify(name.slice(0, 80))} is neither a remote of this repository nor a replica`, { name, rig }, rig === undefined ? 'gt trust list' : `gt trust ${name} --rig ${rig}`);
  }
}
