import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { Refused, Usage } from '../base/errors.ts';
import { timestamp } from '../base/time.ts';
import { enroll } from '../domain/agent.ts';
import type { Act } from '../domain/bead.ts';
import { rigRecords, rigSettings } from '../domain/rig.ts';
import { importCommit } from '../git/import.ts';
import { freeLocks } from '../git/locks.ts';
import { readRef, RefMoved } from '../git/refs.ts';
import { PathTaken } from '../git/remotes.ts';
import { openRepository, type Repository } from '../git/repository.ts';
import { requireGit, runGit } from '../git/run.ts';
import { initLedger } from '../ledger/init.ts';
import { mainRef, readState, writeState, type Ledger } from '../ledger/ledger.ts';
import { consult } from '../ledger/read.ts';
import { transact, type Signature } from '../ledger/transact.ts';
import { isAlive, ownProcess } from '../sessions/processes.ts';
import { findTown, hqPrefix, townState, type Owner, type RigEntry, type Town, type TownFile } from '../town.ts';
import { removeAliases, setAliases, type AliasReport } from './aliases.ts';
import { installGitHooks, type GitHookReport } from './githooks.ts';
import { findOwner } from './owner.ts';

export interface InstallWish {
  readonly path: string;
  readonly cwd: string;
  readonly name?: string | undefined;
  readonly owner?: string | undefined;
  /** The git aliases that there are commands for. */
  readonly aliases: readonly string[];
  /** Sets them for the person, not only for the town's repository. */
  readonly global: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  now(): number;
}

export interface InstallReport {
  readonly root: string;
  readonly name: string;
  readonly owner: Owner;
  /** False where the town was there already. */
  readonly made: boolean;
  readonly rigs: readonly string[];
  readonly aliases: AliasReport;
  readonly githooks: GitHookReport;
  readonly notes: readonly string[];
}

const branch = 'refs/heads/main';
/** What a town's own repository leaves to others. */
const ignored = '# Rigs are repositories of their own.\n/*/\n!/mayor/\n!/settings/\n';
const installing = 'installing';

/** Makes a town: a folder that is a git repository of its own, with the town's ledger. A town that is there already is brought up to date. Throws InsideTown, PathTaken, BadPlace. */
export async function installTown(wish: InstallWish): Promise<InstallReport> {
  await requireGit();
  if (wish.path.trim() === '') throw new BadPlace(wish.path);
  const root = checkPlace(resolve(wish.cwd, wish.path), wish.now);
  const name = checkTownName(wish.name ?? (basename(root) || 'town'));
  const fresh = !existsSync(root);
  const begun = fresh || !existsSync(join(root, '.git'));
  const { owner, note } = await findOwner(undefined, wish.owner, wish.env);
  try {
    const repository = await begin(root);
    const known = readState<TownFile>(repository, townState);
    const file = await settle(repository, { name: wish.name ?? known?.name ?? name, owner: wish.owner === undefined && known !== undefined && note !== undefined ? known.owner : owner, root }, wish.now);
    const githooks = await installGitHooks(repository);
    const aliases = await aliasesOf(repository, wish);
    return { root, name: file.name, owner: file.owner, made: known === undefined, rigs: Object.keys(file.rigs), aliases, githooks, notes: note === undefined ? [] : [note] };
  } catch (error) {
    if (fresh) rmSync(root, { recursive: true, force: true });
    else if (begun) for (const left of readdirSync(root)) rmSync(join(root, left), { recursive: true, force: true });
    throw error;
  }
}

async function aliasesOf(repository: Repository, { aliases, global }: InstallWish): Promise<AliasReport> {
  if (!global) return setAliases(repository, aliases);
  await removeAliases(repository);
  return setAliases(undefined, aliases);
}

/** Where a town may stand: nowhere inside another one, and in no folder that holds something else. Answers its real path. */
function checkPlace(path: string, now: () => number): string {
  if (/[\u0000-\u001f\u007f]/.test(path)) throw new BadPlace(path);
  let above = path;
  while (!existsSync(above)) above = dirname(above);
  if (!statSync(above).isDirectory()) throw new PathTaken(above);
  const root = join(realpathSync(above), relative(above, path));
  const town = findTown(above, now);
  if (town !== undefined && (town.kind === 'solo' || town.hq.repository.worktree !== root)) throw new InsideTown(root, town);
  if (town === undefined && existsSync(root) && readdirSync(root).length > 0 && !isUnfinished(root) && !isBarelyBegun(root)) throw new PathTaken(root);
  return root;
}

function isUnfinished(root: string): boolean {
  return existsSync(join(root, '.git', 'gastown', installing));
}

/** Whether a folder holds no more than the folders that an attempt makes before its note. */
function isBarelyBegun(root: string): boolean {
  const holdsOnly = (path: string, ...names: string[]): boolean => !existsSync(path) || (statSync(path).isDirectory() && readdirSync(path).every((name) => names.includes(name)));
  return holdsOnly(root, '.git') && holdsOnly(join(root, '.git'), 'gastown') && holdsOnly(join(root, '.git', 'gastown'));
}

function checkTownName(name: string): string {
  if (name.trim() === '' || name.length > 80 || /[\u0000-\u001f\u007f]/.test(name)) throw new BadTownName(name);
  return name;
}

/** The town's repository; a note in it says that it is being made until all of it is there, so that the next attempt goes on where this one was stopped. */
async function begin(root: string): Promise<Repository> {
  if (!existsSync(join(root, '.git', 'HEAD'))) {
    mkdirSync(join(root, '.git', 'gastown'), { recursive: true });
    writeFileSync(join(root, '.git', 'gastown', installing), '');
    await runGit('/', ['init', '--quiet', '--template=', '--initial-branch=main', '--', root]);
  }
  mkdirSync(join(root, 'mayor'), { recursive: true });
  return openRepository(root);
}

async function settle(repository: Repository, { name, owner, root }: { name: string; owner: Owner; root: string }, now: () => number): Promise<TownFile> {
  const hq: Ledger = { repository, ref: mainRef, prefixes: [hqPrefix], liveness: { self: ownProcess(), isAlive }, now };
  const who: Signature = { actor: owner.name, email: owner.email };
  const act: Act = { by: owner.name, at: timestamp(now()) };
  await firstCommit(repository, root, who, now);
  await initLedger(hq, who);
  await transact(hq, who, 'Enroll the mayor and the deacon', (view) => ['mayor', 'deacon'].flatMap((agent) => enroll(view, hqPrefix, agent, undefined, act)));
  const records = await consult(hq, (view) => rigRecords(view.settings(rigSettings)));
  const rigs = Object.fromEntries([...records].map(([rig, record]): [string, RigEntry] => {
    const folder = join(root, rig);
    return [rig, { prefix: record.prefix, path: join(folder, '.repo.git'), folder, target: record.target, ...(record.remote === undefined ? {} : { remote: record.remote }) }];
  }));
  const file: TownFile = { version: 1, kind: 'town', name, root, owner, rigs };
  writeState(repository, file, townState);
  rmSync(join(repository.gitDir, 'gastown', installing), { force: true });
  return file;
}

/** A first commit, so that the town's own files can be kept and its repository cloned. */
async function firstCommit(repository: Repository, root: string, who: Signature, now: () => number): Promise<void> {
  if (!isUnfinished(root)) return;
  if ((await readRef(repository, branch)) === undefined) {
    const person = { name: who.actor, email: who.email, epochSeconds: Math.floor(now() / 1000), zone: '+0000' };
    const draft = { message: 'Begin a town\n', author: person, committer: person, files: new Map([['.gitignore', ignored]]) };
    try {
      await importCommit(repository, branch, null, async () => draft);
    } catch (error) {
      // The git process of an attempt that was killed has just finished it.
      if (!(error instanceof RefMoved)) throw error;
    }
  }
  writeFileSync(join(root, '.gitignore'), ignored);
  await freeLocks(repository, [join(repository.gitDir, 'index.lock')]);
  await runGit(repository, ['read-tree', 'HEAD'], { worktree: true });
}

/** A town cannot stand inside another one. */
export class InsideTown extends Refused {
  readonly code = 'town.inside';
  constructor(path: string, { root, kind }: Town) {
    super(`${path} lies inside the ${kind === 'solo' ? 'repository whose town works' : 'town'} at ${root}`, { path, town: root }, 'gt install <a path elsewhere>');
  }
}

/** A path that a town cannot stand at. */
export class BadPlace extends Usage {
  readonly code = 'town.bad-path';
  constructor(path: string) {
    super(`${JSON.stringify(path.slice(0, 200))} cannot be the path of a town`, { path }, 'gt install ~/town');
  }
}

/** A name that a town cannot have. */
export class BadTownName extends Usage {
  readonly code = 'town.bad-name';
  constructor(name: string) {
    super(`${JSON.stringify(name.slice(0, 80))} cannot name a town`, { name }, 'use one line of 80 characters at most');
  }
}
