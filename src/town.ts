import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { Broken, Refused } from './base/errors.ts';
import { prefixOf } from './base/ids.ts';
import { discover, openRepository, type Repository } from './git/repository.ts';
import { mainRef, readState, statePath, writeState, type Ledger } from './ledger/ledger.ts';
import type { Liveness, LockOwner } from './ledger/lock.ts';
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
  /** Rigs that the town knows of, but whose repository is not where it should be. */
  readonly missing: readonly MissingRig[];
  readonly owner: Owner;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A rig without its repository. */
export interface MissingRig {
  readonly name: string;
  readonly prefix: string;
  readonly path: string;
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
  /** Further prefixes that came with imports: by the name of the rig whose ledger holds them, or `hq`. */
  readonly prefixes?: Readonly<Record<string, readonly string[]>>;
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
  /** Where it was cloned from. */
  readonly url: string;
}

export const hqPrefix = 'hq';
export const townState = 'town.json';

/** Opens the town that a folder belongs to, whether it is the town's own, a rig's, a worker's worktree or a folder inside one. `standing` is the repository that holds the folder. Throws NoTown. */
export function openTown(cwd: string, now: () => number, standing = discover(cwd)): Town {
  const town = findTown(cwd, now, standing);
  if (town === undefined) throw new NoTown(cwd);
  return town;
}

/** The same, or undefined where the folder belongs to no town. */
export function findTown(cwd: string, now: () => number, standing = discover(cwd)): Town | undefined {
  for (let repository = standing; ; ) {
    if (repository === undefined) return undefined;
    const file = readState<TownFile | RigFile>(repository, townState);
    if (file?.kind === 'rig') return openTownAt(repository, file.town, now);
    if (file !== undefined) return townOf(repository, file, now);
    const top = repository.worktree ?? repository.gitDir;
    if (dirname(top) === top) return undefined;
    repository = discover(dirname(top));
  }
}

function openTownAt(rig: Repository, path: string, now: () => number): Town {
  const repository = repositoryAt(path);
  const file = repository === undefined ? undefined : readState<TownFile | RigFile>(repository, townState);
  if (repository === undefined || file === undefined || file.kind === 'rig') throw new TownGone(rig, path);
  return townOf(repository, file, now);
}

/** The repository whose checkout or git directory is this very folder, and not one above it. */
function repositoryAt(path: string): Repository | undefined {
  const found = discover(path);
  return found !== undefined && isAt(found, path) ? found : undefined;
}

function isAt({ worktree, gitDir }: Repository, path: string): boolean {
  const real = existsSync(path) ? realpathSync(path) : path;
  return worktree === real || gitDir === real;
}

function townOf(repository: Repository, file: TownFile, now: () => number): Town {
  let self: LockOwner | undefined;
  // Only who takes a lock needs to know itself.
  const liveness: Liveness = { get self() { return (self ??= ownProcess()); }, isAlive };
  if (file.kind === 'solo') return soloTown(repository, file, liveness, now);
  const rigs: Rig[] = [];
  const missing: MissingRig[] = [];
  for (const [name, entry] of Object.entries(file.rigs)) {
    const own = repositoryAt(entry.path);
    if (own === undefined) missing.push({ name, prefix: entry.prefix, path: entry.path });
    else rigs.push(rigOf(name, entry, { repository: own, ref: mainRef, prefixes: [entry.prefix, ...(file.prefixes?.[name] ?? [])], liveness, now }));
  }
  const hq: Ledger = { repository, ref: mainRef, prefixes: [hqPrefix, ...(file.prefixes?.[hqPrefix] ?? [])], liveness, now };
  return { kind: 'town', name: file.name, root: file.root, hq, rigs, missing, owner: file.owner, now };
}

/** A repository that was moved or copied since keeps its workers beside where it is now. */
function soloTown(found: Repository, file: TownFile, liveness: Liveness, now: () => number): Town {
  const [name, entry] = Object.entries(file.rigs)[0] ?? [];
  if (name === undefined || entry === undefined) throw new NoTown(file.root);
  const main = found.gitDir === found.commonDir ? found : openRepository(found.commonDir);
  const moved = main.worktree !== undefined && !isAt(main, entry.path);
  const root = moved ? `${main.worktree}.town` : file.root;
  const hq: Ledger = { repository: main, ref: mainRef, prefixes: [entry.prefix, hqPrefix, ...(file.prefixes?.[name] ?? [])], liveness, now };
  return { kind: 'solo', name: file.name, root, hq, rigs: [rigOf(name, { ...entry, folder: root }, hq)], missing: [], owner: file.owner, now };
}

function rigOf(name: string, entry: RigEntry, ledger: Ledger): Rig {
  return { name, prefix: entry.prefix, repository: ledger.repository, ledger, folder: entry.folder, remote: entry.remote, target: entry.target };
}

/** Every ledger of the town, its own first. */
export function ledgersOf(town: Town): Ledger[] {
  return town.kind === 'solo' ? [town.hq] : [town.hq, ...town.rigs.map((rig) => rig.ledger)];
}

/** The ledger that an id belongs to by its prefix. Throws UnknownPrefix. */
export function ledgerOf(town: Town, id: string): Ledger {
  const lost = town.missing.map((rig) => rig.prefix);
  const prefix = prefixOf(id, [...ledgersOf(town).flatMap((ledger) => ledger.prefixes), ...lost]);
  const found = ledgersOf(town).find((ledger) => prefix !== undefined && ledger.prefixes.includes(prefix));
  const gone = town.missing.find((rig) => rig.prefix === prefix);
  if (found === undefined && gone !== undefined) throw new RigGone(gone);
  if (found === undefined) throw new UnknownPrefix(id, town);
  return found;
}

/** Changes what this machine remembers of a town. Throws NoTown. */
export async function rewriteTown(town: Town, change: (file: TownFile) => TownFile): Promise<void> {
  const { repository, liveness } = town.hq;
  const { withLock } = await import('./ledger/lock.ts');
  await withLock(statePath(repository, 'locks', 'town'), liveness, 10_000, async () => {
    const file = readState<TownFile>(repository, townState);
    if (file === undefined) throw new NoTown(town.root);
    writeState(repository, change(file), townState);
  });
}

/** The rig of a name. Throws UnknownRig. */
export function rigNamed(town: Town, name: string): Rig {
  const found = town.rigs.find((rig) => rig.name === name);
  const gone = town.missing.find((rig) => rig.name === name);
  if (gone !== undefined) throw new RigGone(gone);
  if (found === undefined) throw new UnknownRig(name, town);
  return found;
}

/** The rig that a bead's id belongs to; undefined for the town's own beads. */
export function rigOfBead(town: Town, id: string): Rig | undefined {
  const prefix = prefixOf(id, ledgersOf(town).flatMap((ledger) => ledger.prefixes));
  return town.rigs.find((rig) => prefix !== undefined && prefix !== hqPrefix && rig.ledger.prefixes.includes(prefix));
}

/** The rig that a folder lies in: its worktrees, its crew, its repository; in solo mode the only one. */
export function rigAt(town: Town, cwd: string): Rig | undefined {
  if (town.kind === 'solo') return town.rigs[0];
  const inside = (folder: string): boolean => resolve(cwd) === folder || resolve(cwd).startsWith(folder + sep);
  return town.rigs.find((rig) => inside(rig.folder) || inside(rig.repository.gitDir));
}

/** The ledger of the place that a folder is: of the rig that it lies in, else the town's own. */
export function ledgerAt(town: Town, cwd: string): Ledger {
  return rigAt(town, cwd)?.ledger ?? town.hq;
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

/** The repository belongs to a town that is no longer where it was. */
export class TownGone extends Broken {
  readonly code = 'town.gone';
  constructor(rig: Repository, path: string) {
    super(`${rig.worktree ?? rig.gitDir} belongs to the town at ${path}, which is not there`, { path, gitDir: rig.gitDir }, `put the town back to ${path}`);
  }
}

/** The repository of a rig is not where the town knows it. */
export class RigGone extends Broken {
  readonly code = 'rig.gone';
  constructor({ name, path }: MissingRig) {
    super(`rig ${name} has lost its repository ${path}`, { name, path }, `put it back, or clone it anew: gt rig add ${name} <url>`);
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
    super(`${JSON.stringify(id.slice(0, 80))} belongs to no ledger of this town; its prefixes are ${prefixes.join(', ')}`, { id, prefixes }, 'gt list');
  }
}
