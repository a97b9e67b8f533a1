import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Refused } from '../base/errors.ts';
import { timestamp } from '../base/time.ts';
import { checkName } from '../domain/address.ts';
import { enroll } from '../domain/agent.ts';
import { workingStatuses, type Act } from '../domain/bead.ts';
import { checkPrefix, derivePrefix, registerRig, rigRecords, rigSettings, RigTaken, type RigRecord } from '../domain/rig.ts';
import { setSetting } from '../domain/setting.ts';
import { ObjectReader } from '../git/objects.ts';
import { checkBranchName, listRefs, readRef, updateRefs } from '../git/refs.ts';
import { cloneBare, defaultBranch, PathTaken } from '../git/remotes.ts';
import { discover, openRepository, type Repository } from '../git/repository.ts';
import { requireGit, runGit } from '../git/run.ts';
import { initLedger, readFormat } from '../ledger/init.ts';
import { mainRef, readState, statePath, writeState, type Ledger } from '../ledger/ledger.ts';
import { withLock } from '../ledger/lock.ts';
import { liveBeads } from '../ledger/projection.ts';
import { consult } from '../ledger/read.ts';
import { findNamespace } from '../ledger/sharing.ts';
import { transact, type Signature } from '../ledger/transact.ts';
import { hqPrefix, openTown, rewriteTown, rigNamed, townState, type Rig, type RigFile, type Town, type TownFile } from '../town.ts';
import { setAliases, type AliasReport } from './aliases.ts';
import { chooseGate, gateChanges, type GateChoice, type GateWish } from './gate-choice.ts';
import { installGitHooks, type GitHookReport } from './githooks.ts';
import { NoSuchBranch, Settled } from './init.ts';
import { prefixesOf } from './prefixes.ts';
import { publicUrl, readSource, takesPushes, type Source } from './rig-source.ts';
import { buildFolder } from './staging.ts';
import { adoptLedger } from './sync.ts';

export interface RigWish extends GateWish {
  readonly name: string;
  /** A URL, or the path of a repository on this machine. */
  readonly source: string;
  readonly cwd: string;
  readonly prefix?: string | undefined;
  /** The branch that work lands on; the source's main one where it is not said. */
  readonly branch?: string | undefined;
  /** The git aliases that there are commands for. */
  readonly aliases: readonly string[];
  progress(line: string): void;
}

export interface RigReport {
  readonly name: string;
  readonly folder: string;
  readonly url: string;
  readonly prefix: string;
  readonly target: string;
  readonly remote: string | undefined;
  readonly gate: GateChoice;
  readonly aliases: AliasReport;
  readonly githooks: GitHookReport;
  readonly notes: readonly string[];
}

/** What was found out about a rig while its folder was built. */
interface Built {
  readonly record: RigRecord;
  readonly gate: GateChoice;
  readonly notes: readonly string[];
}

const repositoryName = '.repo.git';
const tellSeconds = 5;
const patience = 60_000;

/**
 * Adds a repository to the town: a bare clone, its ledger, its agents. It is there whole or not at all: the folder is built beside its place, and what an attempt that was killed has left is taken up or cleared.
 * Throws SoloTown, RigTaken, PrefixTaken, PathTaken, EmptySource and more, and then nothing was changed.
 */
export async function addRig(town: Town, who: Signature, wish: RigWish): Promise<RigReport> {
  await requireGit();
  const name = checkName('rig', wish.name);
  if (town.kind === 'solo') throw new SoloTown(town);
  // Who comes while another one adds it finds what that one has made of it.
  return withLock(statePath(town.hq.repository, 'locks', `rig-${name}`), town.hq.liveness, patience, () => addNamed(openTown(town.root, town.now), who, name, wish));
}

async function addNamed(town: Town, who: Signature, name: string, wish: RigWish): Promise<RigReport> {
  if (town.rigs.some((rig) => rig.name === name)) throw new RigTaken(name);
  const source = readSource(wish.cwd, wish.source);
  const records = await consult(town.hq, (view) => rigRecords(view.settings(rigSettings)));
  const known = records.get(name);
  if (known !== undefined && known.url !== publicUrl(source.url)) throw new RigTaken(name);
  const taken = [hqPrefix, ...[...records].flatMap(([other, { prefix }]) => (other === name ? [] : [prefix]))];
  if (wish.prefix !== undefined) checkPrefix(wish.prefix, taken);

  const folder = join(town.root, name);
  const left = leftOver(town, folder, source);
  if (left === undefined && existsSync(folder) && readdirSync(folder).length > 0) throw new PathTaken(folder);
  const planned = { town, who, wish, source, taken, known };
  const built = left === undefined ? await buildFolder(folder, (place) => build(planned, join(place, repositoryName))) : await settle(planned, left, []);
  try {
    const repository = openRepository(join(folder, repositoryName));
    const githooks = await installGitHooks(repository);
    const aliases = await setAliases(repository, wish.aliases);
    await transact(town.hq, who, `Add rig ${name}`, (view) => registerRig(view.settings(rigSettings), name, built.record, [hqPrefix]));
    const { prefix, target, remote, url = '' } = built.record;
    await remember(town, (rigs) => ({ ...rigs, [name]: { prefix, path: join(folder, repositoryName), folder, target, ...(remote === undefined ? {} : { remote }) } }));
    return { name, folder, url, prefix, target, remote, gate: built.gate, aliases, githooks, notes: built.notes };
  } catch (error) {
    if (left === undefined) rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Changes what this machine remembers of the town's rigs. */
async function remember(town: Town, change: (rigs: TownFile['rigs']) => TownFile['rigs']): Promise<void> {
  await rewriteTown(town, (file) => ({ ...file, rigs: change(file.rigs) }));
}

/** The rig's repository in a folder that an earlier attempt has finished, and that was not written down; undefined where there is none. */
function leftOver(town: Town, folder: string, source: Source): Repository | undefined {
  const repository = discover(join(folder, repositoryName));
  if (repository?.gitDir !== join(folder, repositoryName) || !existsSync(repository.gitDir)) return undefined;
  const file = readState<RigFile>(repository, townState);
  return file?.kind === 'rig' && file.town === town.hq.repository.worktree && file.url === source.url ? repository : undefined;
}

interface Planned {
  readonly town: Town;
  readonly who: Signature;
  readonly wish: RigWish;
  readonly source: Source;
  readonly taken: readonly string[];
  /** The rig as the ledger has it already, where this machine has no clone. */
  readonly known: RigRecord | undefined;
}

async function build(planned: Planned, path: string): Promise<Built> {
  const { source, wish, town } = planned;
  const repository = await whileTelling(wish, `cloning ${publicUrl(source.url)}`, () => cloneBare(source.url, path));
  const notes = await takeOverLedger(repository, wish);
  const built = await settle(planned, repository, notes);
  const file: RigFile = { version: 1, kind: 'rig', town: town.hq.repository.worktree ?? town.root, url: source.url };
  writeState(repository, file, townState);
  return built;
}

/** Says what is being done, and every few seconds that it still is. */
async function whileTelling<T>({ progress }: RigWish, line: string, work: () => Promise<T>): Promise<T> {
  progress(line);
  let seconds = 0;
  const timer = setInterval(() => progress(`${line} (${(seconds += tellSeconds)} s)`), tellSeconds * 1000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Takes over the ledger that the source has; one that belongs to a town of its own stays where it is. */
async function takeOverLedger(repository: Repository, wish: RigWish): Promise<string[]> {
  const namespace = await findNamespace(repository, 'origin');
  if (namespace === undefined) return [];
  wish.progress('fetching its ledger');
  await adoptLedger(repository, { remote: 'origin', namespace });
  const format = await readFormat({ repository, ref: mainRef });
  if (format?.prefixes.includes(hqPrefix) !== true) return [`the ledger was fetched with it; gates and commands in it run here only after: gt trust origin --rig ${wish.name}`];
  await updateRefs(repository, [{ ref: mainRef, from: (await readRef(repository, mainRef)) ?? null, to: null }]);
  return ['the source is a town by itself: its beads stay there, and this rig begins its own'];
}

/** Gives a clone its target, ledger, agents and gate; running it again changes nothing. */
async function settle({ town, who, wish, source, taken, known }: Planned, repository: Repository, notes: readonly string[]): Promise<Built> {
  const target = await settleTarget(repository, wish.branch ?? known?.target);
  const there: Ledger = { repository, ref: mainRef, prefixes: [], liveness: town.hq.liveness, now: town.now };
  const told = await prefixesOf(there);
  const found = told?.first ?? told?.all[0] ?? known?.prefix;
  const prefix = checkPrefix(found ?? wish.prefix ?? derivePrefix(wish.name, taken), taken);
  if (wish.prefix !== undefined && wish.prefix !== prefix) throw new Settled('prefix', prefix, wish.prefix);
  const ledger: Ledger = { ...there, prefixes: [prefix] };
  await initLedger(ledger, who);
  const gate = await chooseGate(wish, await consult(ledger, (view) => view.settings('config')), (path) => readAt(repository, target, path));
  const act: Act = { by: who.actor, at: timestamp(town.now()) };
  await transact(ledger, who, `Begin ${wish.name}`, (view) => [
    ...['witness', 'refinery'].flatMap((role) => enroll(view, prefix, `${wish.name}/${role}`, undefined, act)),
    ...gateChanges(view.settings('config'), gate),
  ]);
  const pushes = source.local === undefined || (await takesPushes(source.local, target));
  const pull = `git -C ${source.url} pull ${join(town.root, wish.name, repositoryName)} ${target}`;
  const stays = pushes ? [] : [`${source.url} has ${target} checked out, so what lands stays in the rig; to take it over: ${pull}`];
  const record: RigRecord = { url: publicUrl(source.url), prefix, target, ...(pushes ? { remote: 'origin' } : {}), added_at: act.at };
  return { record, gate, notes: [...notes, ...stays] };
}

/** The branch that work lands on, made in the clone where it is not its main one. */
async function settleTarget(repository: Repository, wanted: string | undefined): Promise<string> {
  const branches = await listRefs(repository, 'refs/remotes/origin/');
  if (branches.length === 0) throw new EmptySource();
  const target = wanted ?? (await defaultBranch(repository));
  if (target === undefined) throw new EmptySource();
  checkBranchName(target);
  const tip = await readRef(repository, `refs/remotes/origin/${target}`);
  if (tip === undefined) throw new NoSuchBranch(target);
  if ((await readRef(repository, `refs/heads/${target}`)) === undefined) await updateRefs(repository, [{ ref: `refs/heads/${target}`, from: null, to: tip }]);
  await runGit(repository, ['symbolic-ref', 'HEAD', `refs/heads/${target}`]);
  return target;
}

async function readAt(repository: Repository, branch: string, path: string): Promise<string | undefined> {
  const reader = ObjectReader.open(repository);
  try {
    const found = await reader.contents(`refs/heads/${branch}:${path}`);
    return found?.type === 'blob' ? found.body.toString('utf8') : undefined;
  } finally {
    await reader.close();
  }
}

/** A rig as people see it in a list. */
export interface RigListing {
  readonly name: string;
  readonly prefix: string;
  readonly target: string;
  readonly remote: string | undefined;
  readonly url: string | undefined;
  readonly folder: string;
  readonly workers: number;
  readonly crew: number;
  /** False where its repository is gone. */
  readonly there: boolean;
}

/** The rigs of a town, by name. */
export async function listRigs(town: Town): Promise<RigListing[]> {
  const records = town.kind === 'solo' ? new Map<string, RigRecord>() : await consult(town.hq, (view) => rigRecords(view.settings(rigSettings)));
  const rigs = town.rigs.map(({ name, prefix, target, remote, folder, repository }): RigListing => ({
    name, prefix, target, remote, url: records.get(name)?.url ?? repository.worktree, folder, workers: countIn(folder, 'polecats'), crew: countIn(folder, 'crew'), there: true,
  }));
  const gone = town.missing.map(({ name, prefix, path }): RigListing => ({
    name, prefix, target: records.get(name)?.target ?? '', remote: records.get(name)?.remote, url: records.get(name)?.url, folder: path, workers: 0, crew: 0, there: false,
  }));
  return [...rigs, ...gone].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function countIn(folder: string, kind: string): number {
  const path = join(folder, kind);
  return existsSync(path) ? readdirSync(path).length : 0;
}

/** Takes a rig out of the town; its folder stays. Throws RigInUse while work, workers or crew are there. Returns the folder. */
export async function removeRig(town: Town, who: Signature, name: string): Promise<string> {
  const missing = town.missing.find((rig) => rig.name === name);
  const rig = missing === undefined ? rigNamed(town, name) : undefined;
  if (town.kind === 'solo') throw new SoloTown(town);
  if (rig !== undefined) await checkIdle(rig);
  await transact(town.hq, who, `Remove rig ${name}`, (view) => setSetting(view.settings(rigSettings), rigSettings, name, undefined));
  await remember(town, ({ [name]: _gone, ...others }) => others);
  return rig?.folder ?? missing?.path ?? '';
}

async function checkIdle(rig: Rig): Promise<void> {
  const live = [...(await liveBeads(rig.ledger)).all()];
  const held = live.filter((bead) => workingStatuses.includes(bead.status) && bead.issue_type !== 'agent').map(({ id, assignee }) => `${id} (${assignee ?? 'nobody'})`);
  if (held.length > 0) throw new RigInUse(rig, `work is in hand: ${held.slice(0, 3).join(', ')}`, 'gt status');
  const workers = countIn(rig.folder, 'polecats');
  if (workers > 0) throw new RigInUse(rig, `it has ${workers === 1 ? 'a worker' : `${workers} workers`}`, 'gt polecat list');
  const crew = countIn(rig.folder, 'crew');
  if (crew > 0) throw new RigInUse(rig, `people work in ${join(rig.folder, 'crew')}`, 'gt crew list');
}

/** A repository that is a town by itself has no other rigs. */
export class SoloTown extends Refused {
  readonly code = 'town.solo';
  constructor({ hq }: Town) {
    super(`${hq.repository.worktree ?? hq.repository.gitDir} is a town by itself, with no room for rigs`, {}, 'gt install <path>, and there: gt rig add <name> <url>');
  }
}

/** A repository without commits has nothing that work could start from. */
export class EmptySource extends Refused {
  readonly code = 'rig.empty';
  constructor() {
    super('the repository has no commits yet', {}, 'make the first commit there: git commit --allow-empty -m "Begin"');
  }
}

/** A rig is in use. */
export class RigInUse extends Refused {
  readonly code = 'rig.in-use';
  constructor({ name }: Rig, why: string, hint: string) {
    super(`rig ${name} cannot be removed: ${why}`, { name, why }, hint);
  }
}
