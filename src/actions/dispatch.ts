import { Failure, Refused } from '../base/errors.ts';
import { Freshness } from '../base/freshness.ts';
import { timestamp } from '../base/time.ts';
import { addressOf, formatAddress, type Address } from '../domain/address.ts';
import { enroll } from '../domain/agent.ts';
import { find, type Act, type Bead } from '../domain/bead.ts';
import { claimOf, type Claim } from '../domain/claim.ts';
import { edit } from '../domain/content.ts';
import { hook } from '../domain/hook.ts';
import { readRef } from '../git/refs.ts';
import { fetch } from '../git/remotes.ts';
import { lockWorktree } from '../git/worktrees.ts';
import { ClaimHeld } from '../ledger/claims.ts';
import { appendEvent } from '../ledger/events.ts';
import { replicaOf, statePath } from '../ledger/ledger.ts';
import { withLock } from '../ledger/lock.ts';
import { liveBeads } from '../ledger/projection.ts';
import { consult } from '../ledger/read.ts';
import type { Hub } from '../ledger/sharing.ts';
import { phaseOf } from '../ledger/stored.ts';
import { transact, type Signature } from '../ledger/transact.ts';
import { upkeep } from '../ledger/upkeep.ts';
import { findProgram } from '../sessions/backend.ts';
import { ledgerOf, workerFolder, type Rig, type Town } from '../town.ts';
import { claimFact, claimHub, dropSpent, inEvents, lookAtHub, takeClaim, tellHub } from './claims.ts';
import { createConvoy, workTitle } from './convoy.ts';
import { poke } from './poke.ts';
import { handStart, refuseUntrusted, runtimeFor, startSession } from './session.ts';
import { readSession } from './session-record.ts';
import type { Confirm } from './trust.ts';
import { chooseWorker, listWorkers, namesHere, prepareWorktree, startOfWork, workBranch, workerAddress } from './worker.ts';

export interface SlingOptions {
  /** The runtime to use. */
  readonly runtime: string | undefined;
  /** Start the session; otherwise the work is only tracked, and a client started by hand in the worktree is taken for it. */
  readonly start: boolean;
  readonly convoy: boolean;
  /** Dispatch at once even where a scheduler rations places. */
  readonly now: boolean;
  /** Asks whether a command may run that another clone has written. */
  readonly confirm?: Confirm;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What became of one slung bead. */
export interface Slung {
  readonly bead: string;
  readonly outcome: 'started' | 'hooked' | 'waiting' | 'unchanged';
  readonly agent?: string;
  readonly branch?: string;
  readonly folder?: string;
  readonly session?: string;
  /** What to type to start a client by hand. */
  readonly command?: string;
  readonly convoy?: string;
  /** Why it waits even where a worker is free. */
  readonly held?: string;
  /** The hub did not answer, so other machines do not know of it yet. */
  readonly unclaimed?: true;
}

const poolPatience = 60_000;
const freshForMilliseconds = 30_000;
const fetched = new Freshness();

/** Hangs a bead on a hook and starts the session. */
export async function dispatch(town: Town, rig: Rig, who: Signature, id: string, to: Address | undefined, options: SlingOptions, convoy: string | undefined): Promise<Slung> {
  if (to !== undefined && to.role !== 'polecat') return hangOn(town, rig, who, id, formatAddress(to));
  if (options.start && options.confirm !== undefined) await askFirst(town, rig, id, options);
  await refreshTarget(town, rig);
  const hub = await lookAtHub(town, rig, who);
  const wanted = to?.name;
  const { bead, agent, token, branch, start } = await withLock(statePath(rig.repository, 'locks', 'pool'), rig.ledger.liveness, poolPatience, () => hangOnWorker(town, rig, who, { id, wanted, hub }, options, convoy));
  if (hub !== undefined && token !== '') await tellHub(town, rig, hub);
  if (bead !== undefined) await completeSling(town, rig, who, bead, agent);
  if (bead === undefined || token === '') {
    // Who hung it there may have died before anybody was woken.
    poke(town, options.env);
    return { bead: id, outcome: 'unchanged', agent };
  }
  appendEvent(town.hq, { kind: 'work.slung', agent, subject: id, data: { branch, by: who.actor } });
  const placed: Slung = { bead: id, outcome: 'hooked', agent, branch, folder: workerFolder(rig, agent.slice(agent.lastIndexOf('/') + 1)), ...(convoy === undefined ? {} : { convoy }), ...(claimOf(bead) === undefined && (await claimHub(town, rig)) !== undefined ? { unclaimed: true } : {}) };
  if (!options.start) return { ...placed, command: handStart(rig, agent, String(bead.metadata?.['runtime'])) };
  // The engine may have been faster: then the session is its.
  const session = (await startSession(town, rig, { agent, bead, token, start }, options.env)) ?? readSession(rig, agent);
  return { ...placed, outcome: 'started', ...(session?.bead === id ? { session: session.id } : {}) };
}

/** Asks what has to be asked before anything is locked. */
async function askFirst(town: Town, rig: Rig, id: string, options: SlingOptions): Promise<void> {
  const bead = await consult(rig.ledger, (view) => view.get(id));
  if (bead !== undefined && (await runtimeFor(town, rig, bead, options.runtime ?? queuedRuntime(bead))) === 'exec') await refuseUntrusted(rig.ledger, id, options.confirm);
}

interface Hung {
  /** The bead as it is now; undefined when it hung already on a hook that has no worktree here. */
  readonly bead: Bead | undefined;
  readonly agent: string;
  /** Empty when it hung there already. */
  readonly token: string;
  readonly branch: string;
  readonly start: string;
}

async function hangOnWorker(town: Town, rig: Rig, who: Signature, { id, wanted, hub }: { readonly id: string; readonly wanted: string | undefined; readonly hub: Hub | undefined }, options: SlingOptions, convoy: string | undefined): Promise<Hung> {
  const act: Act = { by: who.actor, at: timestamp(town.now()) };
  const bead = await guard(rig, id, wanted === undefined ? undefined : workerAddress(rig, wanted), act);
  if (bead.status === 'hooked') refuseElsewhere(rig, bead);
  if (bead.status === 'hooked') return { bead: startOfWorkOf(rig, bead) === undefined ? undefined : bead, agent: bead.assignee ?? '', token: '', branch: '', start: '' };
  const name = await pickWorker(rig, wanted);
  const agent = workerAddress(rig, name);
  const branch = workBranch(name, id);
  const start = typeof bead.metadata?.['start'] === 'string' ? bead.metadata['start'] : await targetTip(rig);
  const runtime = await runtimeFor(town, rig, bead, options.runtime ?? queuedRuntime(bead));
  if (options.start) refuseMissingClient(runtime, options.env);
  if (options.start && runtime === 'exec') await refuseUntrusted(rig.ledger, id);
  return underClaim(town, rig, hub, bead, agent, async (claim) => {
    await prepareWorktree(town, rig, name, branch, start);
    const { written } = await transact(rig.ledger, who, `Sling ${id} to ${agent}`, (view) => [
      ...enroll(view, rig.prefix, agent, undefined, act),
      ...edit(view, id, { metadata: { runtime, queued: null, start_by: options.start ? null : 'hand', ...(convoy === undefined ? {} : { convoy }), ...(rig.remote === undefined ? {} : claimFact(claim)) } }, act),
      ...hook(view, id, agent, act),
    ]);
    const stored = written.get(id);
    return { bead: stored?.bead, agent, token: stored === undefined ? '' : phaseOf(stored)[0], branch, start };
  });
}

/** Hangs a bead on a hook under a claim, where there is a hub to keep one. What fails leaves none behind; after a crash, the next look at the claims drops it. */
async function underClaim<T>(town: Town, rig: Rig, hub: Hub | undefined, bead: Bead, agent: string, hang: (claim: Claim | undefined) => Promise<T>): Promise<T> {
  const claim = hub === undefined ? undefined : await takeClaim(town, rig, hub, bead, agent);
  try {
    return await hang(claim);
  } catch (error) {
    if (hub !== undefined && claim !== undefined) await upkeep(inEvents(town, rig), `dropping the claim on ${bead.id}`, () => dropSpent(rig, hub, claim));
    throw error;
  }
}

/** Other machines have workers of their own: a new one is called as none of theirs. */
async function pickWorker(rig: Rig, wanted: string | undefined): Promise<string> {
  const beads = await liveBeads(rig.ledger);
  const workers = await listWorkers(rig, beads);
  return chooseWorker(workers, wanted, rig.remote === undefined ? undefined : await namesHere(rig, beads));
}

/** A worker of another machine has it: to sling it here would be to begin it twice. */
function refuseElsewhere(rig: Rig, { id, assignee = '', metadata }: Bead): void {
  const claim = claimOf({ metadata });
  if (rig.remote !== undefined && claim !== undefined && claim.replica !== replicaOf(rig.repository)) throw new ClaimHeld({ bead: id, agent: assignee, ...claim });
}

function refuseMissingClient(runtime: string, env: SlingOptions['env']): void {
  if (runtime !== 'exec' && findProgram(runtime, env) === undefined) throw new ClientMissing(runtime);
}

/** The commit that the work on a hooked bead starts from; undefined where no worker of the rig has it in a worktree here. */
function startOfWorkOf(rig: Rig, { assignee }: Bead): string | undefined {
  const address = addressOf(assignee);
  return address?.role === 'polecat' && address.rig === rig.name ? startOfWork(rig, address.name) : undefined;
}

function queuedRuntime(bead: Bead): string | undefined {
  const queued = bead.metadata?.['queued'] as { runtime?: unknown } | undefined;
  return typeof queued?.runtime === 'string' ? queued.runtime : undefined;
}

/** Asks the rules before anything is made: the same rules decide again in the transaction. */
async function guard(rig: Rig, id: string, agent: string | undefined, act: Act): Promise<Bead> {
  return consult(rig.ledger, (view) => {
    const bead = find(view, id);
    if (bead.status === 'hooked' && (agent === undefined || bead.assignee === agent)) return bead;
    hook(view, id, agent ?? 'nobody', act);
    return bead;
  });
}

/** What a sling still owes after its transaction: the worktree's lock and the convoy. Doing it again changes nothing. */
export async function completeSling(town: Town, rig: Rig, who: Signature, bead: Bead, agent: string): Promise<void> {
  lockWorktree(workerFolder(rig, agent.slice(agent.lastIndexOf('/') + 1)), bead.id);
  const convoy = bead.metadata?.['convoy'];
  if (typeof convoy === 'string') await createConvoy(town, who, convoy, workTitle(bead.title), [bead.id]);
}

async function hangOn(town: Town, rig: Rig, who: Signature, id: string, agent: string): Promise<Slung> {
  const act: Act = { by: who.actor, at: timestamp(town.now()) };
  const { commit } = await transact(ledgerOf(town, id), who, `Hang ${id} on the hook of ${agent}`, (view) => hook(view, id, agent, act));
  if (commit !== undefined) appendEvent(town.hq, { kind: 'work.slung', agent, subject: id, data: { by: who.actor, rig: rig.name } });
  return { bead: id, outcome: commit === undefined ? 'unchanged' : 'hooked', agent };
}

/** The commit that new work starts from: the newest known tip of the target. Throws NoTarget. */
export async function targetTip(rig: Rig): Promise<string> {
  const remote = rig.remote === undefined ? undefined : await readRef(rig.repository, `refs/remotes/${rig.remote}/${rig.target}`);
  const tip = remote ?? (await readRef(rig.repository, `refs/heads/${rig.target}`));
  if (tip === undefined) throw new NoTarget(rig);
  return tip;
}

/** Fetches the target where there is a remote, at most every half minute; offline, work starts from what is known. */
async function refreshTarget(town: Town, rig: Rig): Promise<void> {
  const { commonDir } = rig.repository;
  if (rig.remote === undefined || fetched.isWithin(commonDir, freshForMilliseconds)) return;
  fetched.note(commonDir);
  try {
    await fetch(rig.repository, rig.remote, [`+refs/heads/${rig.target}:refs/remotes/${rig.remote}/${rig.target}`]);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    appendEvent(town.hq, { kind: 'fetch.failed', subject: rig.name, data: { message: error.message } });
  }
}

/** The program of the runtime is not on this machine. */
export class ClientMissing extends Refused {
  readonly code = 'runtime.missing';
  constructor(runtime: string) {
    super(`there is no program ${runtime} on the PATH, so no session can be started`, { runtime }, 'install it, name another one with --agent, or only track the work with --no-start');
  }
}

/** The target branch has no commit here. */
export class NoTarget extends Refused {
  readonly code = 'rig.no-target';
  constructor({ name, target }: Rig) {
    super(`${name} has no branch ${target} to start from`, { rig: name, target }, 'make a first commit, or set another target branch: gt config set target <branch>');
  }
}
