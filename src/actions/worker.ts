import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Refused } from '../base/errors.ts';
import { addressOf, formatAddress, isName } from '../domain/address.ts';
import { freeName, workerNames } from '../domain/agent.ts';
import { workingStatuses, type Beads } from '../domain/bead.ts';
import { commitTree } from '../git/merging.ts';
import { isHeld, readRef, updateRefs } from '../git/refs.ts';
import { discover, openRepository } from '../git/repository.ts';
import { gitText } from '../git/run.ts';
import { snapshotWorktree } from '../git/snapshot.ts';
import { addWorktree, configureWorktree, listWorktrees, pruneWorktrees, removeWorktree, unlockWorktree, worktreeConfig } from '../git/worktrees.ts';
import { replicaOf } from '../ledger/ledger.ts';
import { knownReplicas } from '../ledger/trust.ts';
import { workerFolder, type Rig, type Town } from '../town.ts';
import { readSession } from './session-record.ts';

/** A worker of a rig as it can be observed: what hangs on its hook, and whether a session runs. */
export interface Worker {
  readonly name: string;
  readonly address: string;
  readonly folder: string;
  readonly bead: string | undefined;
  readonly branch: string | undefined;
  /** Derived, never stored. */
  readonly state: 'idle' | 'working' | 'suspended';
  readonly session: string | undefined;
}

/** The address of a rig's worker. */
export function workerAddress(rig: Rig, name: string): string {
  return formatAddress({ role: 'polecat', rig: rig.name, name });
}

/** The ref that pins an agent's snapshots. */
export function snapshotRef(address: string): string {
  return `refs/wip/${address}/_`;
}

/** The workers of a rig that have a worktree here, by name. */
export async function listWorkers(rig: Rig, beads: Beads): Promise<Worker[]> {
  const worktrees = new Map((await listWorktrees(rig.repository)).map((worktree) => [worktree.path, worktree]));
  const held = new Map<string, string>();
  for (const bead of beads.all()) if (workingStatuses.includes(bead.status) && bead.assignee !== undefined) held.set(bead.assignee, bead.id);
  return workerNamesOf(rig).map((name) => {
    const address = workerAddress(rig, name);
    const bead = held.get(address);
    const session = readSession(rig, address);
    const state = bead === undefined ? 'idle' : session === undefined ? 'suspended' : 'working';
    return { name, address, folder: workerFolder(rig, name), bead, branch: worktrees.get(workerFolder(rig, name))?.branch, state, session: session?.id };
  });
}

function workerNamesOf(rig: Rig): string[] {
  const folder = join(rig.folder, 'polecats');
  return existsSync(folder) ? readdirSync(folder).filter(isName).sort() : [];
}

/** The worker that should take new work: the asked one, else an idle one, else a new name of the pool. Throws WorkerBusy. */
export function chooseWorker(workers: readonly Worker[], wanted: string | undefined, pool?: readonly string[]): string {
  const asked = workers.find((worker) => worker.name === wanted);
  if (asked !== undefined && (asked.bead !== undefined || asked.session !== undefined)) throw new WorkerBusy(asked);
  if (wanted !== undefined) return wanted;
  const idle = workers.find((worker) => worker.bead === undefined && worker.session === undefined);
  return idle?.name ?? freeName(new Set(workers.map((worker) => worker.name)), pool);
}

/** The names for new workers, those left out that other machines have given; each machine that is not alone begins at a place of its own, so that two hardly choose the same at once. */
export async function namesHere(rig: Rig, beads: Beads): Promise<string[]> {
  const own = replicaOf(rig.repository);
  const alone = (await knownReplicas(rig.repository)).every(({ replica }) => replica === own);
  const from = alone ? 0 : parseInt(own, 36) % workerNames.length;
  const taken = new Set<unknown>([...beads.all()].flatMap(({ metadata, issue_type: type }) => (type === 'agent' ? [metadata?.['address']] : [])));
  const turned = [...workerNames.slice(from), ...workerNames.slice(0, from)];
  return turned.filter((name) => alone || existsSync(workerFolder(rig, name)) || !taken.has(workerAddress(rig, name)));
}

/** The branch that a worker does a bead on. */
export function workBranch(name: string, bead: string): string {
  return `polecat/${name}/${bead.replaceAll('+', '-')}`;
}

/**
 * Makes a worker's worktree stand on a fresh `branch` at `start`. Whatever it held before is pinned under its snapshot ref first, whether committed or not.
 * Running it again changes nothing.
 */
export async function prepareWorktree(town: Town, rig: Rig, name: string, branch: string, start: string): Promise<string> {
  const folder = workerFolder(rig, name);
  const address = workerAddress(rig, name);
  const ref = `refs/heads/${branch}`;
  if (isWhole(folder)) {
    await pinWork(town, rig, name, `before ${branch}`);
    unlockWorktree(folder);
    await removeWorktree(rig.repository, folder, { force: true });
  } else if (existsSync(folder)) {
    renameSync(folder, `${folder}.left-${town.now()}`);
  }
  await pruneWorktrees(rig.repository);
  const old = await readRef(rig.repository, ref);
  if (old !== undefined && old !== start) {
    await pinCommit(town, rig, address, old, `branch ${branch} before it was started again`);
    await updateRefs(rig.repository, [{ ref, from: old, to: start }]);
  }
  mkdirSync(dirname(folder), { recursive: true });
  await addWorktree(rig.repository, folder, { branch, startPoint: start, newBranch: old === undefined });
  await configureWorktree(folder, { 'gastown.agent': address, 'gastown.start': start, 'user.name': address, 'user.email': town.owner.email });
  return folder;
}

/** Whether a folder is a worktree that git can open; a killed sling may have left half of one. */
function isWhole(folder: string): boolean {
  const found = existsSync(folder) ? discover(folder) : undefined;
  return found?.worktree !== undefined && found.worktree === realpathSync(folder) && existsSync(join(found.gitDir, 'HEAD'));
}

/** The commit that the work in a worker's worktree starts from; undefined where there is no worktree. */
export function startOfWork(rig: Rig, name: string): string | undefined {
  const folder = workerFolder(rig, name);
  if (!isWhole(folder)) return undefined;
  return worktreeConfig(folder)['gastown.start'];
}

/** Lets the worktree of an agent's worker be removed again once a bead no longer hangs on its hook; one that is locked for another bead, or that is none of a worker here, stays as it is. */
export function freeWorktree(rig: Rig, agent: string, bead: string): void {
  const address = addressOf(agent);
  if (address?.role !== 'polecat' || address.rig !== rig.name) return;
  const folder = workerFolder(rig, address.name);
  if (isWhole(folder)) unlockWorktree(folder, bead);
}

/** Takes a snapshot of everything that a worker's worktree holds, so that it stays reachable. Returns its commit; undefined where there is no worktree. */
export async function pinWork(town: Town, rig: Rig, name: string, why: string): Promise<string | undefined> {
  const folder = workerFolder(rig, name);
  if (!isWhole(folder)) return undefined;
  const worktree = openRepository(folder);
  const author = { name: workerAddress(rig, name), email: town.owner.email };
  const { commit, clean } = await snapshotWorktree(worktree, { message: `Snapshot: ${why}`, author: { ...author, epochSeconds: Math.floor(town.now() / 1000), zone: '+0000' } });
  if (clean && (await isHeld(worktree, commit, ['refs/heads/mq', 'refs/remotes', 'refs/wip']))) return commit;
  await pinCommit(town, rig, workerAddress(rig, name), commit, why);
  return commit;
}

/** Puts a commit under the agent's snapshot ref; what was there before stays reachable as its second parent. */
async function pinCommit(town: Town, rig: Rig, address: string, commit: string, why: string): Promise<void> {
  const ref = snapshotRef(address);
  const before = (await readRef(rig.repository, ref)) ?? null;
  if (before === commit) return;
  const tree = await gitText(rig.repository, ['rev-parse', '--verify', `${commit}^{tree}`]);
  const person = { name: address, email: town.owner.email, epochSeconds: Math.floor(town.now() / 1000), zone: '+0000' };
  const parents = [commit, ...(before === null ? [] : [before])];
  const pin = await commitTree(rig.repository, { tree, parents, message: `Snapshot of ${address}: ${why}\n`, author: person, committer: person });
  await updateRefs(rig.repository, [{ ref, from: before, to: pin }]);
}

/** Removes a worker's worktree and branch after a snapshot. Throws WorkerBusy while work hangs on its hook or a session runs, unless forced. */
export async function nukeWorker(town: Town, rig: Rig, worker: Worker, force: boolean): Promise<string | undefined> {
  if (!force && (worker.bead !== undefined || worker.session !== undefined)) throw new WorkerBusy(worker);
  const pinned = await pinWork(town, rig, worker.name, 'before it was removed');
  unlockWorktree(worker.folder);
  await removeWorktree(rig.repository, worker.folder, { force: true });
  await pruneWorktrees(rig.repository);
  const ref = worker.branch === undefined ? undefined : `refs/heads/${worker.branch.replace(/^refs\/heads\//, '')}`;
  const head = ref?.startsWith('refs/heads/polecat/') ? await readRef(rig.repository, ref) : undefined;
  if (ref !== undefined && head !== undefined) {
    await pinCommit(town, rig, worker.address, head, 'its branch, before it was removed');
    await updateRefs(rig.repository, [{ ref, from: head, to: null }]);
  }
  return pinned;
}

/** The worker has work on its hook or a session that runs. */
export class WorkerBusy extends Refused {
  readonly code = 'worker.busy';
  constructor({ address, bead, session }: Worker) {
    super(bead === undefined ? `${address} still runs session ${session}` : `${bead} hangs on the hook of ${address}`, { address, bead, session }, bead === undefined ? 'gt polecat list' : `gt unsling ${bead}`);
  }
}
