import { Failure, Refused, Usage } from '../base/errors.ts';
import { timestamp } from '../base/time.ts';
import { addressOf, formatAddress, isName, parseAddress, type Address } from '../domain/address.ts';
import { enroll } from '../domain/agent.ts';
import { find, isDone, type Act, type Bead } from '../domain/bead.ts';
import { claimOf } from '../domain/claim.ts';
import { edit } from '../domain/content.ts';
import { claim, hook } from '../domain/hook.ts';
import { readRef } from '../git/refs.ts';
import { fetch } from '../git/remotes.ts';
import { lockWorktree } from '../git/worktrees.ts';
import { appendEvent } from '../ledger/events.ts';
import { ClaimHeld } from '../ledger/claims.ts';
import { replicaOf, statePath } from '../ledger/ledger.ts';
import { withLock } from '../ledger/lock.ts';
import { liveBeads } from '../ledger/projection.ts';
import { consult, openSnapshot } from '../ledger/read.ts';
import type { Hub } from '../ledger/sharing.ts';
import { phaseOf } from '../ledger/stamps.ts';
import { transact, type Signature } from '../ledger/transact.ts';
import { findProgram } from '../sessions/backend.ts';
import { runtimeNamed } from '../sessions/runtimes.ts';
import { ledgerOf, rigNamed, rigOfBead, workerFolder, type Rig, type Town } from '../town.ts';
import { claimFact, claimHub, lookAtHub, takeClaim, tellHub } from './claims.ts';
import { convoyId, convoyTracking, createConvoy } from './convoy.ts';
import { poke } from './poke.ts';
import { handStart, refuseUntrusted, runtimeFor, startSession } from './session.ts';
import { readSession } from './session-record.ts';
import { setting } from './settings.ts';
import { mayRunBead, type Confirm } from './trust.ts';
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
const fetched = new Map<string, number>();

/**
 * Hands a bead to a worker of a rig (or to any agent by address): picks the worker, makes its worktree and branch, hangs the bead on its hook in one transaction, and only then starts the session.
 * Where `scheduler.max_polecats` rations places, the bead waits for one. A failure leaves nothing, or what the next sling or patrol completes. Slung twice to the same place, it is slung once.
 */
export async function sling(town: Town, who: Signature, id: string, target: string | undefined, options: SlingOptions, convoy: string | undefined): Promise<Slung> {
  const rigOf = rigOfBead(town, id);
  const to = targetOf(town, rigOf, id, target);
  const rig = rigNamed(town, 'rig' in to ? to.rig : (rigOf?.name ?? ''));
  if (rigOf === undefined && town.kind === 'town') throw new WrongRig(id, rig);
  if (rigOf !== undefined && rigOf.name !== rig.name) throw new WrongRig(id, rig);
  if (options.runtime !== undefined) runtimeNamed(options.runtime);
  const act: Act = { by: who.actor, at: timestamp(town.now()) };
  const tracking = options.convoy ? (convoy ?? (await convoyTracking(town, id)) ?? convoyId([id], act.at)) : undefined;
  if (to.role === 'pool' && !options.now && (await places(town, rig)) !== undefined) return enqueue(town, rig, who, id, options, tracking);
  return dispatch(town, rig, who, id, to.role === 'pool' ? undefined : to, options, tracking);
}

/** How many workers may have work at once (`scheduler.max_polecats`); undefined where sling starts sessions itself. */
export async function places(town: Town, rig: Rig): Promise<number | undefined> {
  const value = await setting(town, rig, 'scheduler.max_polecats');
  return typeof value === 'number' && value > 0 ? value : undefined;
}

type Target = Address | { readonly role: 'pool'; readonly rig: string };

function targetOf(town: Town, rigOf: Rig | undefined, id: string, target: string | undefined): Target {
  if (target === undefined) {
    const rig = rigOf ?? (town.rigs.length === 1 ? town.rigs[0] : undefined);
    if (rig === undefined) throw new WhereTo(id);
    return { role: 'pool', rig: rig.name };
  }
  if (town.rigs.some((rig) => rig.name === target)) return { role: 'pool', rig: target };
  const [rig = '', name = '', ...rest] = target.split('/');
  if (rest.length === 0 && town.rigs.some((known) => known.name === rig) && isName(name)) return { role: 'polecat', rig, name };
  if (!target.includes('/') && isName(target)) rigNamed(town, target);
  const address = parseAddress(target);
  if ('rig' in address) rigNamed(town, address.rig);
  return address;
}

async function enqueue(town: Town, rig: Rig, who: Signature, id: string, options: SlingOptions, convoy: string | undefined): Promise<Slung> {
  const act: Act = { by: who.actor, at: timestamp(town.now()) };
  const queued = { rig: rig.name, at: act.at, ...(options.runtime === undefined ? {} : { runtime: options.runtime }) };
  const { commit, written } = await transact(rig.ledger, who, `Queue ${id} for ${rig.name}`, (view) => {
    const bead = find(view, id);
    if (bead.status === 'hooked' || bead.metadata?.['queued'] !== undefined) return [];
    if (isDone(bead) || bead.status !== 'open') return claim(view, id, act);
    return edit(view, id, { metadata: { queued, start_by: options.start ? null : 'hand', ...(convoy === undefined ? {} : { convoy }) } }, act);
  });
  if (commit === undefined) return { bead: id, outcome: 'unchanged' };
  if (convoy !== undefined) await createConvoy(town, who, convoy, workTitle(written.get(id)?.bead.title ?? id), [id]);
  appendEvent(town.hq, { kind: 'work.queued', agent: who.actor, subject: id });
  poke(town, options.env);
  const stored = written.get(id);
  const held = stored === undefined || !options.start ? undefined : await mayRunBead(rig.ledger, stored, options.confirm);
  return { bead: id, outcome: 'waiting', ...(convoy === undefined ? {} : { convoy }), ...(held === undefined ? {} : { held: held.sentence }) };
}

/** Hangs a bead on a hook and starts the session. */
export async function dispatch(town: Town, rig: Rig, who: Signature, id: string, to: Address | undefined, options: SlingOptions, convoy: string | undefined): Promise<Slung> {
  if (to !== undefined && to.role !== 'polecat') return hangOn(town, rig, who, id, formatAddress(to));
  if (options.start && options.confirm !== undefined) await askFirst(town, rig, id, options);
  await refreshTarget(town, rig);
  const hub = await lookAtHub(town, rig, who);
  const wanted = to?.name;
  const { bead, agent, token, branch, start } = await withLock(statePath(rig.repository, 'locks', 'pool'), rig.ledger.liveness, poolPatience, () => hangOnWorker(town, rig, who, { id, wanted, hub }, options, convoy));
  if (hub !== undefined && token !== '') await tellHub(rig, hub);
  if (bead === undefined) return { bead: id, outcome: 'unchanged', agent };
  await completeSling(town, rig, who, bead, agent);
  if (token === '') return { bead: id, outcome: 'unchanged', agent };
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
  const claim = hub === undefined ? undefined : await takeClaim(town, rig, hub, bead, agent);
  await prepareWorktree(town, rig, name, branch, start);
  const { written } = await transact(rig.ledger, who, `Sling ${id} to ${agent}`, (view) => [
    ...enroll(view, rig.prefix, agent, undefined, act),
    ...edit(view, id, { metadata: { runtime, queued: null, start_by: options.start ? null : 'hand', ...(convoy === undefined ? {} : { convoy }), ...(rig.remote === undefined ? {} : claimFact(claim)) } }, act),
    ...hook(view, id, agent, act),
  ]);
  const stored = written.get(id);
  return { bead: stored?.bead, agent, token: stored === undefined ? '' : phaseOf(stored)[0], branch, start };
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
  const snapshot = await openSnapshot(rig.ledger);
  try {
    return await snapshot.ask((view) => {
      const bead = find(view, id);
      if (bead.status === 'hooked' && (agent === undefined || bead.assignee === agent)) return bead;
      hook(view, id, agent ?? 'nobody', act);
      return bead;
    });
  } finally {
    await snapshot.close();
  }
}

/** What a sling still owes after its transaction: the worktree's lock and the convoy. Doing it again changes nothing. */
export async function completeSling(town: Town, rig: Rig, who: Signature, bead: Bead, agent: string): Promise<void> {
  lockWorktree(workerFolder(rig, agent.slice(agent.lastIndexOf('/') + 1)), bead.id);
  const convoy = bead.metadata?.['convoy'];
  if (typeof convoy === 'string') await createConvoy(town, who, convoy, workTitle(bead.title), [bead.id]);
}

function workTitle(of: string): string {
  return `Work: ${of}`.slice(0, 480);
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
  if (rig.remote === undefined || rig.ledger.now() - (fetched.get(rig.name) ?? 0) < freshForMilliseconds) return;
  fetched.set(rig.name, rig.ledger.now());
  try {
    await fetch(rig.repository, rig.remote, [`+refs/heads/${rig.target}:refs/remotes/${rig.remote}/${rig.target}`]);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    appendEvent(town.hq, { kind: 'fetch.failed', subject: rig.name, data: { message: error.message } });
  }
}

/** The bead's code lives in another rig, or in none. */
export class WrongRig extends Refused {
  readonly code = 'sling.wrong-rig';
  constructor(id: string, rig: Rig) {
    super(`${id} does not belong to ${rig.name}, whose beads begin with ${rig.prefix}-`, { id, rig: rig.name, prefix: rig.prefix }, `gt bead create --help (file it with --rig ${rig.name}), then sling that`);
  }
}

/** The program of the runtime is not on this machine. */
export class ClientMissing extends Refused {
  readonly code = 'runtime.missing';
  constructor(runtime: string) {
    super(`there is no program ${runtime} on the PATH, so no session can be started`, { runtime }, 'install it, name another one with --agent, or only track the work with --no-start');
  }
}

/** There are several rigs, and the bead names none. */
export class WhereTo extends Usage {
  readonly code = 'sling.where';
  constructor(id: string) {
    super(`${id} belongs to no rig by its prefix, so say where it should be worked on`, { id }, `gt sling ${id} <rig>`);
  }
}

/** The target branch has no commit here. */
export class NoTarget extends Refused {
  readonly code = 'rig.no-target';
  constructor({ name, target }: Rig) {
    super(`${name} has no branch ${target} to start from`, { rig: name, target }, 'make a first commit, or set another target branch: gt config set target <branch>');
  }
}

/** What became of a batch. */
export interface SlungBatch {
  readonly slung: readonly Slung[];
  readonly failed: readonly { readonly bead: string; readonly code: string; readonly message: string; readonly hint: string | undefined }[];
}

/** Slings several beads, tracked by one convoy (a single one stays with the convoy that tracks it); one that is refused holds up no other. A single one that is refused throws. */
export async function slingAll(town: Town, who: Signature, ids: readonly string[], target: string | undefined, options: SlingOptions, progress: (line: string) => void): Promise<SlungBatch> {
  const convoy = options.convoy && ids.length > 1 ? convoyId(ids, timestamp(town.now())) : undefined;
  const slung: Slung[] = [];
  const failed: SlungBatch['failed'][number][] = [];
  for (const id of ids) {
    if (ids.length > 1) progress(`slinging ${id} (${slung.length + failed.length + 1} of ${ids.length})`);
    try {
      slung.push(await sling(town, who, id, target, options, convoy));
    } catch (error) {
      if (!(error instanceof Failure) || ids.length === 1) throw error;
      failed.push({ bead: id, code: error.code, message: error.message, hint: error.hint });
    }
  }
  return { slung, failed };
}
