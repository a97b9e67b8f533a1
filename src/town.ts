import { dirname, join, resolve, sep } from 'node:path';
import { Broken, Refused } from './base/errors.ts';
import { prefixOf } from './base/ids.ts';
import { discover, openRepository, type Repository } from './git/repository.ts';
import { mainRef, readState, type Ledger } from './ledger/ledger.ts';
import type { Signature } from './ledger/transact.ts';
import { isAlive, ownProcess } from './sessions/processes.ts';

/** One managed repository of a town. */
export interface Rig {
  readonly name: string;
  readonly prefix: string;
  readonly repository: Repository;
  readonly ledger: Ledger;
  /** The folder that holds its workers (`polecats/<name>`) and crew. */
  readonly folder: string;
  /** The remote that landings are pushed to; undefined where they stay here. */
  readonly remote: string | undefined;
  /** The branch that work lands on unless a request says otherwise. */
  readonly target: string;
}

/** A whole town, opened once and passed down by hand. */
export interface Town {
  /** `solo`: one repository is the whole town. */
  readonly kind: 'town' | 'solo';
  readonly name: string;
  readonly root: string;
  /** The ledger of the town itself (prefix `hq`); in solo mode the repository's own. */
  readonly hq: Ledger;
  readonly rigs: readonly Rig[];
  readonly owner: Owner;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The person whom the town belongs to. */
export interface Owner {
  readonly name: string;
  readonly email: string;
}

/** What a town's repository remembers of it on this machine (`gastown/town.json` in the git directory); all of it can be written again from the ledgers. */
export interface TownFile {
  readonly version: 1;
  readonly kind: 'town' | 'solo';
  readonly name: string;
  /** The folder of the town; in solo mode the folder beside the checkout that holds the workers. */
  readonly root: string;
  readonly owner: Owner;
  readonly rigs: Readonly<Record<string, RigEntry>>;
}

export interface RigEntry {
  readonly prefix: string;
  /** The rig's repository: a bare one, or in solo mode the checkout. */
  readonly path: string;
  readonly folder: string;
  readonly remote?: string;
  readonly target: string;
}

/** What a rig's repository remembers: the town that it belongs to. */
export interface RigFile {
  readonly version: 1;
  readonly kind: 'rig';
  readonly town: string;
}

export const hqPrefix = 'hq';
const stateFile = 'town.json';
export const townState = stateFile;

/** Opens the town that a folder belongs to, whether it is the town's own, a rig's, a worker's worktree or a folder inside one. Throws NoTown. */
export function openTown(cwd: string, now: () => number): Town {
  for (let folder = resolve(cwd); ; ) {
    const repository = discover(folder);
    if (repository === undefined) throw new NoTown(cwd);
    const file = readState<TownFile | RigFile>(repository, stateFile);
    if (file?.kind === 'rig') return openTownAt(openRepository(file.town), now);
    if (file !== undefined) return townOf(repository, file, now);
    const top = repository.worktree ?? repository.gitDir;
    if (dirname(top) === top) throw new NoTown(cwd);
    folder = dirname(top);
  }
}

function openTownAt(repository: Repository, now: () => number): Town {
  const file = readState<TownFile>(repository, stateFile);
  if (file === undefined) throw new NoTown(repository.worktree ?? repository.gitDir);
  return townOf(repository, file, now);
}

function townOf(repository: Repository, file: TownFile, now: () => number): Town {
  const solo = file.kind === 'solo';
  const liveness = { self: ownProcess(), isAlive };
  const rigs = Object.entries(file.rigs).map(([name, entry]): Rig => {
    const own = openRepository(entry.path);
    const prefixes = solo ? [entry.prefix, hqPrefix] : [entry.prefix];
    const ledger: Ledger = { repository: own, ref: mainRef, prefixes, liveness, now };
    return { name, prefix: entry.prefix, repository: own, ledger, folder: entry.folder, remote: entry.remote, target: entry.target };
  });
  const hq = solo ? rigs[0]?.ledger : { repository, ref: mainRef, prefixes: [hqPrefix], liveness, now };
  if (hq === undefined) throw new NoTown(file.root);
  return { kind: file.kind, name: file.name, root: file.root, hq, rigs, owner: file.owner, now };
}

/** Every ledger of the town, its own first. */
export function ledgersOf(town: Town): Ledger[] {
  return town.kind === 'solo' ? [town.hq] : [town.hq, ...town.rigs.map((rig) => rig.ledger)];
}

/** The ledger that an id belongs to by its prefix. Throws UnknownPrefix. */
export function ledgerOf(town: Town, id: string): Ledger {
  const prefix = prefixOf(id, ledgersOf(town).flatMap((ledger) => ledger.prefixes));
  const found = ledgersOf(town).find((ledger) => prefix !== undefined && ledger.prefixes.includes(prefix));
  if (found === undefined) throw new UnknownPrefix(id, town);
  return found;
}

/** The rig of a name. Throws UnknownRig. */
export function rigNamed(town: Town, name: string): Rig {
  const found = town.rigs.find((rig) => rig.name === name);
  if (found === undefined) throw new UnknownRig(name, town);
  return found;
}

/** The rig that a bead's id belongs to; undefined for the town's own beads. */
export function rigOfBead(town: Town, id: string): Rig | undefined {
  const prefix = prefixOf(id, ledgersOf(town).flatMap((ledger) => ledger.prefixes));
  return town.rigs.find((rig) => rig.prefix === prefix);
}

/** The rig that a folder lies in: its worktrees, its crew, its repository; in solo mode the only one. */
export function rigAt(town: Town, cwd: string): Rig | undefined {
  if (town.kind === 'solo') return town.rigs[0];
  const inside = (folder: string): boolean => resolve(cwd) === folder || resolve(cwd).startsWith(folder + sep);
  return town.rigs.find((rig) => inside(rig.folder) || inside(rig.repository.gitDir));
}

/** Where a worker's worktree lies. */
export function workerFolder(rig: Rig, name: string): string {
  return join(rig.folder, 'polecats', name);
}

/** How a transaction of `actor` is signed: with the owner's e-mail address. */
export function signatureOf(town: Town, actor: string, session?: string): Signature {
  return { actor, email: town.owner.email, ...(session === undefined ? {} : { session }) };
}

/** The folder belongs to no town. */
export class NoTown extends Broken {
  readonly code = 'town.missing';
  constructor(folder: string) {
    super(`${folder} belongs to no town`, { folder }, 'gt init (makes this repository a town), or gt install <path>');
  }
}

/** No rig of the town has the name. */
export class UnknownRig extends Refused {
  readonly code = 'rig.unknown';
  constructor(name: string, town: Town) {
    super(`there is no rig ${JSON.stringify(name)}`, { name, rigs: town.rigs.map((rig) => rig.name) }, 'gt rig list');
  }
}

/** No ledger of the town has the prefix of the id. */
export class UnknownPrefix extends Refused {
  readonly code = 'prefix.unknown';
  constructor(id: string, town: Town) {
    const prefixes = ledgersOf(town).flatMap((ledger) => ledger.prefixes);
    super(`${JSON.stringify(id.slice(0, 80))} belongs to no ledger of this town; its prefixes are ${prefixes.join(', ')}`, { id, prefixes }, 'bd list');
  }
}
