import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Failure, Refused } from '../base/errors.ts';
import { timestamp } from '../base/time.ts';
import { checkName } from '../domain/address.ts';
import { enroll } from '../domain/agent.ts';
import type { Act } from '../domain/bead.ts';
import { checkPrefix, deriveName, derivePrefix, registerRig, rigRecords, rigSettings, type RigRecord } from '../domain/rig.ts';
import { checkBranchName, listRefs, readRef, readSymbolicRef, updateRefs } from '../git/refs.ts';
import { remoteUrl } from '../git/remotes.ts';
import { discover, openRepository, type Repository } from '../git/repository.ts';
import { requireGit } from '../git/run.ts';
import { initLedger, readFormat } from '../ledger/init.ts';
import { mainRef, readState, stateFolder, writeState, type Ledger } from '../ledger/ledger.ts';
import { consult } from '../ledger/read.ts';
import { findNamespace } from '../ledger/sharing.ts';
import { addTrust, readTrust } from '../ledger/trust.ts';
import { transact, type Signature } from '../ledger/transact.ts';
import { isAlive, ownProcess } from '../sessions/processes.ts';
import { hqPrefix, townState, type Owner, type RigFile, type TownFile } from '../town.ts';
import { removeAliases, setAliases, type AliasReport } from './aliases.ts';
import { chooseGate, gateChanges, type GateChoice, type GateWish } from './gate-choice.ts';
import { installGitHooks, type GitHookReport } from './githooks.ts';
import { findOwner } from './owner.ts';
import { adoptLedger } from './sync.ts';

export interface InitWish extends GateWish {
  readonly cwd: string;
  readonly name?: string | undefined;
  readonly prefix?: string | undefined;
  /** The branch that work lands on; the one that is checked out where it is not said. */
  readonly branch?: string | undefined;
  /** The remote that landings are pushed to; without one they stay here. */
  readonly remote?: string | undefined;
  /** The git aliases that there are commands for. */
  readonly aliases: readonly string[];
  readonly global: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  now(): number;
  progress(line: string): void;
}

export interface InitReport {
  readonly repository: string;
  readonly name: string;
  readonly prefix: string;
  readonly target: string;
  readonly remote: string | undefined;
  readonly owner: Owner;
  /** The folder beside the checkout that workers get their worktrees in. */
  readonly workers: string;
  /** False where the ledger was there already. */
  readonly made: boolean;
  readonly gate: GateChoice;
  readonly aliases: AliasReport;
  readonly githooks: GitHookReport;
  readonly notes: readonly string[];
}

const remotePatience = 10_000;

/** Makes a repository a whole town by itself; one that is a town already is brought up to date. Throws NotARepository, BelongsToTown, Detached and more, and then nothing was changed. */
export async function initRepository(wish: InitWish): Promise<InitReport> {
  await requireGit();
  const repository = checkoutOf(wish.cwd);
  const known = knownTown(repository);
  const fetched = (known === undefined ? await resumed(repository, wish) : undefined) ?? (await fetchLedger(repository, wish));
  try {
    const report = await begin(repository, known, wish, fetched);
    forgetAdopting(repository);
    return report;
  } catch (error) {
    if (fetched.ledger !== undefined && knownTown(repository) === undefined) await forgetLedger(repository, fetched.ledger);
    throw error;
  }
}

async function begin(repository: Repository, known: TownFile | undefined, wish: InitWish, fetched: FetchedLedger): Promise<InitReport> {
  const plan = await planOf(repository, known, wish);
  const { owner, note } = await findOwner(repository, undefined, wish.env);
  const notes = [...fetched.notes, ...(note === undefined ? [] : [note])];
  const hq: Ledger = { repository, ref: mainRef, prefixes: [plan.prefix, hqPrefix], liveness: { self: ownProcess(), isAlive }, now: wish.now };
  const there = (await readRef(repository, mainRef)) !== undefined;
  const gate = await chooseGate(wish, there ? await consult(hq, (view) => view.settings('config')) : {}, async (path) => readText(join(plan.checkout, path)));
  const who: Signature = { actor: owner.name, email: owner.email };
  const { prefixes } = await initLedger(hq, who);
  const act: Act = { by: owner.name, at: timestamp(wish.now()) };
  await transact(hq, who, `Begin ${plan.name}`, (view) => [
    ...['mayor', 'deacon', `${plan.name}/witness`, `${plan.name}/refinery`].flatMap((agent) => enroll(view, plan.prefix, agent, undefined, act)),
    ...registerRig(view.settings(rigSettings), plan.name, recordOf(plan, act.at), [hqPrefix]),
    ...gateChanges(view.settings('config'), gate),
  ]);
  const workers = `${plan.checkout}.town`;
  const { added_at: _added, ...facts } = recordOf(plan, act.at);
  const file: TownFile = { version: 1, kind: 'solo', name: plan.name, root: workers, owner, rigs: { [plan.name]: { ...facts, path: plan.checkout, folder: workers } }, prefixes: { [plan.name]: prefixes.filter((prefix) => !hq.prefixes.includes(prefix)) } };
  writeState(repository, file, townState);
  const githooks = await installGitHooks(repository);
  if (wish.global) await removeAliases(repository);
  const aliases = await setAliases(wish.global ? undefined : repository, wish.aliases);
  if (plan.tip === undefined) notes.push(`${plan.target} has no commits yet: make the first one before you sling work (git commit --allow-empty -m "Begin")`);
  const made = !there || fetched.ledger !== undefined;
  return { repository: plan.checkout, name: plan.name, prefix: plan.prefix, target: plan.target, remote: plan.remote, owner, workers, made, gate, aliases, githooks, notes };
}

/** The main checkout of the repository that a folder lies in. */
function checkoutOf(cwd: string): Repository {
  const found = discover(cwd);
  if (found === undefined) throw new NotARepository(cwd);
  const main = found.gitDir === found.commonDir ? found : openRepository(found.commonDir);
  if (main.worktree === undefined) throw new NoCheckout(main);
  return main;
}

function knownTown(repository: Repository): TownFile | undefined {
  const file = readState<TownFile | RigFile>(repository, townState);
  if (file === undefined || file.kind === 'solo') return file;
  throw new BelongsToTown(repository, file);
}

interface Plan {
  readonly checkout: string;
  readonly name: string;
  readonly prefix: string;
  readonly target: string;
  readonly remote: string | undefined;
  /** The commit of the target; undefined where it has none yet. */
  readonly tip: string | undefined;
}

function recordOf({ prefix, target, remote }: Plan, at: string): RigRecord {
  return { prefix, target, ...(remote === undefined ? {} : { remote }), added_at: at };
}

/** What an earlier beginning has settled, by this machine's memory or by the ledger. */
async function settledBefore(repository: Repository, known: TownFile | undefined): Promise<{ name?: string; prefix?: string; target?: string; remote?: string }> {
  const remembered = Object.entries(known?.rigs ?? {})[0];
  if (remembered !== undefined) return { name: remembered[0], ...remembered[1] };
  const format = await readFormat({ repository, ref: mainRef });
  if (format === undefined) return {};
  const ledger: Ledger = { repository, ref: mainRef, prefixes: format.prefixes, liveness: { self: ownProcess(), isAlive }, now: () => 0 };
  const written = format.prefixes.includes(hqPrefix) ? [...(await consult(ledger, (view) => rigRecords(view.settings(rigSettings))))][0] : undefined;
  return written === undefined ? { prefix: format.prefixes.find((each) => each !== hqPrefix) } : { name: written[0], prefix: written[1].prefix, target: written[1].target, ...(await sameRemote(repository, written[1])) };
}

/** Where the work of other clones lands, if this one has a remote of that name. */
async function sameRemote(repository: Repository, { remote }: RigRecord): Promise<{ remote?: string }> {
  return remote !== undefined && (await remoteUrl(repository, remote)) !== undefined ? { remote } : {};
}

/** What is to be, from what was said, what was settled before, and what the repository looks like. */
async function planOf(repository: Repository, known: TownFile | undefined, wish: InitWish): Promise<Plan> {
  const checkout = repository.worktree ?? repository.gitDir;
  const old = await settledBefore(repository, known);
  const name = checkName('repository', wish.name ?? old.name ?? deriveName(basename(checkout)));
  if (old.name !== undefined && old.name !== name) throw new Settled('name', old.name, name);
  const prefix = checkPrefix(wish.prefix ?? old.prefix ?? derivePrefix(name, [hqPrefix]), [hqPrefix]);
  if (old.prefix !== undefined && old.prefix !== prefix) throw new Settled('prefix', old.prefix, prefix);
  const head = (await readSymbolicRef(repository, 'HEAD'))?.replace(/^refs\/heads\//, '');
  const target = wish.branch ?? old.target ?? head ?? (await likelyTarget(repository));
  if (target === undefined) throw new Detached(checkout);
  checkBranchName(target);
  const tip = await readRef(repository, `refs/heads/${target}`);
  if (tip === undefined && target !== head) throw new NoSuchBranch(target);
  const remote = wish.remote ?? old.remote;
  if (remote !== undefined && (await remoteUrl(repository, remote)) === undefined) throw new NoSuchRemote(remote);
  return { checkout, name, prefix, target, remote, tip };
}

/** Where no branch is checked out, work most likely lands on the main one, or on the only one. */
async function likelyTarget(repository: Repository): Promise<string | undefined> {
  const branches = (await listRefs(repository, 'refs/heads/')).map(({ ref }) => ref.slice('refs/heads/'.length));
  return ['main', 'master'].find((name) => branches.includes(name)) ?? (branches.length === 1 ? branches[0] : undefined);
}

/** What a remote had for a clone without a ledger. */
interface FetchedLedger {
  /** The commit of the ledger that was taken over. */
  readonly ledger?: string;
  readonly notes: readonly string[];
}

/** In this clone's state: the remote whose ledger it was about to take over. */
const adopting = 'adopting.json';

function forgetAdopting(repository: Repository): void {
  rmSync(join(stateFolder(repository), adopting), { force: true });
}

/** What an earlier beginning took over before it was stopped: nobody was told of that yet, or asked. */
async function resumed(repository: Repository, wish: InitWish): Promise<FetchedLedger | undefined> {
  const remote = readState<{ readonly remote: string }>(repository, adopting)?.remote;
  return remote === undefined || (await readRef(repository, mainRef)) === undefined ? undefined : takenOver(repository, remote, wish);
}

/** A ledger that a remote has already is taken from there, or two would begin apart. */
async function fetchLedger(repository: Repository, wish: InitWish): Promise<FetchedLedger> {
  const remote = wish.remote ?? 'origin';
  if ((await readRef(repository, mainRef)) !== undefined || (await remoteUrl(repository, remote)) === undefined) return { notes: [] };
  forgetAdopting(repository);
  wish.progress(`asking ${remote} whether it has a ledger`);
  let patience: NodeJS.Timeout | undefined;
  const silence = new Promise<undefined>((resume) => {
    patience = setTimeout(() => resume(undefined), remotePatience);
  });
  // A remote that cannot be reached keeps nobody from working here.
  const found = await Promise.race([findNamespace(repository, remote).then((namespace) => ({ namespace }), (error: unknown) => unreachable(error)), silence]);
  clearTimeout(patience);
  if (found === undefined) return { notes: [`${remote} did not answer: if it has a ledger, gt sync joins the two`] };
  if (found.namespace === undefined) return { notes: [] };
  wish.progress(`fetching the ledger of ${remote}`);
  writeState(repository, { remote }, adopting);
  await adoptLedger(repository, { remote, namespace: found.namespace });
  return takenOver(repository, remote, wish);
}

/** Asks whether what came with a ledger may run here, and says where it came from. */
async function takenOver(repository: Repository, remote: string, wish: InitWish): Promise<FetchedLedger> {
  const ledger = await readRef(repository, mainRef);
  const trusted = readTrust(repository).remotes.has(remote) || await wish.confirm(`${remote} has a ledger already. Shall the gates and commands that come from there run in this clone? Everybody who may push to ${remote} can write them.`, false);
  if (trusted === true) addTrust(repository, 'remote', remote, timestamp(wish.now()));
  const terms = trusted === true ? '' : `; gates and commands in it run here only after: gt trust ${remote}`;
  return { ...(ledger === undefined ? {} : { ledger }), notes: [`the ledger was fetched from ${remote}${terms}`] };
}

async function forgetLedger(repository: Repository, ledger: string): Promise<void> {
  forgetAdopting(repository);
  if ((await readRef(repository, mainRef)) === ledger) await updateRefs(repository, [{ ref: mainRef, from: ledger, to: null }]);
}

function unreachable(error: unknown): undefined {
  if (error instanceof Failure) return undefined;
  throw error;
}

function readText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** There is no repository that could become a town. */
export class NotARepository extends Refused {
  readonly code = 'init.no-repository';
  constructor(cwd: string) {
    super(`${cwd} is not inside a git repository`, { cwd }, 'git init, then gt init');
  }
}

/** A bare repository has no checkout whose neighbour could hold the workers. */
export class NoCheckout extends Refused {
  readonly code = 'init.bare';
  constructor({ gitDir }: Repository) {
    super(`${gitDir} has no checkout`, { gitDir }, `gt install <path>, and there: gt rig add <name> ${gitDir}`);
  }
}

/** The repository has a place in another town. */
export class BelongsToTown extends Refused {
  readonly code = 'init.belongs';
  constructor(repository: Repository, file: TownFile | RigFile) {
    const place = repository.worktree ?? repository.gitDir;
    super(file.kind === 'rig' ? `${place} is a rig of the town at ${file.town}` : `${place} is a town's own repository`, { place }, 'gt rig list');
  }
}

/** Something that other records are built on cannot be changed by beginning again. */
export class Settled extends Refused {
  readonly code = 'init.settled';
  constructor(what: string, is: string, wanted: string) {
    super(`the ${what} here is ${is} already, and cannot become ${wanted}`, { what, is, wanted }, 'gt init (without it)');
  }
}

/** No branch is checked out that work could land on. */
export class Detached extends Refused {
  readonly code = 'init.detached';
  constructor(checkout: string) {
    super(`${checkout} has no branch checked out`, { checkout }, 'gt init --branch <branch> (the one that work lands on)');
  }
}

/** The branch that work should land on is not there. */
export class NoSuchBranch extends Refused {
  readonly code = 'branch.missing';
  constructor(branch: string) {
    super(`there is no branch ${branch}`, { branch }, 'git branch --list');
  }
}

/** The remote that landings should be pushed to is not there. */
export class NoSuchRemote extends Refused {
  readonly code = 'remote.missing';
  constructor(remote: string) {
    super(`there is no remote ${remote}`, { remote }, 'git remote -v');
  }
}

