import { isDeepStrictEqual } from 'node:util';
import { Busy } from '../base/errors.ts';
import { Freshness } from '../base/freshness.ts';
import { shortDuration, timestamp } from '../base/time.ts';
import { decide, type Move, type QueueFacts } from '../domain/merge-queue.ts';
import type { MergeRequest, Rejection } from '../domain/merge-request.ts';
import { gatesHere } from '../actions/gates.ts';
import { landCommit, promote, recordLanding, tidy } from '../actions/land.ts';
import { isQueueEmpty, observeQueue, QueueMemory } from '../actions/queue.ts';
import { rejectRequest } from '../actions/reject.ts';
import { stackRequest } from '../actions/stack.ts';
import { keepHead, refreshHub } from '../actions/submit.ts';
import { discardOldRuns, runGate, type Surroundings } from '../actions/verify.ts';
import { statePath } from '../ledger/ledger.ts';
import { acquire, LockBusy, type LockOwner } from '../ledger/lock.ts';
import { rigNamed, type Rig, type Town } from '../town.ts';

export interface RefineryOptions extends Surroundings {
  /** Takes one step only. */
  readonly once?: boolean;
  /** Runs gates again that have failed before, on the base too: what was broken on this machine may be mended. */
  readonly again?: boolean;
  /** When the hub was last asked; what this process remembers unless told. */
  readonly refreshed?: Freshness;
  readonly progress?: (line: string) => void;
}

/** What one run of the queue did. */
export interface RefineryReport {
  readonly landed: { readonly request: string; readonly bead: string; readonly target: string; readonly commit: string; readonly worker: string }[];
  readonly rejected: { readonly request: string; readonly bead: string; readonly target: string; readonly kind: Rejection['kind']; readonly reason: string }[];
  /** What is left waits for something that the queue cannot do by itself. */
  readonly waiting: { readonly request: string; readonly target: string; readonly reason: string }[];
  /** Gates that passed on a tree on which they had failed. */
  readonly flaky: { readonly request: string; readonly gate: string }[];
  gateRuns: number;
  steps: number;
}

/** One run of a rig's queue. */
interface Shift {
  readonly town: Town;
  readonly rig: Rig;
  readonly options: RefineryOptions;
  readonly memory: QueueMemory;
  readonly report: RefineryReport;
  say(line: string): void;
}

const mostRaces = 6;

/**
 * Works on the merge queues of a rig until nothing is left to decide. Every step is decided anew from refs, ledger and notes, so a run that was killed is continued by
 * the next. One process at a time: throws QueueBusy. Throws NoGate where no gate is configured.
 */
export async function refineryTick(town: Town, rig: Rig, options: RefineryOptions): Promise<RefineryReport> {
  const report: RefineryReport = { landed: [], rejected: [], waiting: [], flaky: [], gateRuns: 0, steps: 0 };
  const memory = new QueueMemory({ since: options.again === true ? timestamp(town.now()) : undefined });
  const shift: Shift = { town, rig, options, memory, report, say: options.progress ?? (() => {}) };
  await gatesHere(town, rig);
  const release = await takeLease(rig);
  try {
    await discardOldRuns(rig);
    if (isOlder(shift, freshMilliseconds)) await refresh(shift);
    await work(shift);
  } finally {
    await release();
  }
  return report;
}

/** Works on the queues of one rig, or of all, one after the other. */
export async function runQueues(town: Town, rigName: string | undefined, options: RefineryOptions): Promise<RefineryReport> {
  const rigs = rigName === undefined ? town.rigs : [rigNamed(town, rigName)];
  const report: RefineryReport = { landed: [], rejected: [], waiting: [], flaky: [], gateRuns: 0, steps: 0 };
  for (const rig of rigs) {
    // Among several rigs, one without work needs no gate.
    if (rigs.length > 1 && (await isQueueEmpty(rig))) continue;
    const one = await refineryTick(town, rig, options);
    for (const key of ['landed', 'rejected', 'waiting', 'flaky'] as const) (report[key] as unknown[]).push(...one[key]);
    report.gateRuns += one.gateRuns;
    report.steps += one.steps;
  }
  return report;
}

const freshMilliseconds = 10_000;
/** What a ledger tells of is on the hub a moment later, if its clone is not cut off. */
const awaitMilliseconds = 1_000;
const refreshed = new Freshness();

/** Asks the hub; an engine that looks at every turn does so only now and then, since a landing that missed something asks again. */
async function refresh({ rig, options }: Shift): Promise<void> {
  try {
    await refreshHub(rig);
  } finally {
    (options.refreshed ?? refreshed).note(rig.repository.commonDir);
  }
}

/** Whether the hub was last asked longer ago. */
function isOlder({ rig, options }: Shift, milliseconds: number): boolean {
  return !(options.refreshed ?? refreshed).isWithin(rig.repository.commonDir, milliseconds);
}

function isAwaited({ targets }: QueueFacts): boolean {
  return targets.some(({ requests }) => requests.some(({ awaited }) => awaited !== undefined));
}

async function takeLease(rig: Rig): Promise<() => Promise<void>> {
  try {
    return await acquire(statePath(rig.repository, 'leases', 'refinery'), rig.ledger.liveness, 0);
  } catch (error) {
    if (error instanceof LockBusy) throw new QueueBusy(rig.name, error.data['owner'] as LockOwner | undefined);
    throw error;
  }
}

async function work(shift: Shift): Promise<void> {
  const { rig, options, memory, report } = shift;
  let stepped = false;
  let asked = false;
  let stalled: { readonly move: Move; readonly why: string } | undefined;
  for (let races = 0; options.signal?.aborted !== true; ) {
    const facts = await observeQueue(rig, await gatesHere(shift.town, rig), memory);
    const moves = decide(facts);
    const move = moves.find(({ op }) => op !== 'wait');
    // Once, until something was done: a hub that answers slowly would be asked for ever.
    if (move === undefined && !asked && isAwaited(facts) && isOlder(shift, awaitMilliseconds)) {
      asked = true;
      await refresh(shift);
      continue;
    }
    const isStalled = move !== undefined && isDeepStrictEqual(move, stalled?.move);
    if (move === undefined || (options.once === true && stepped) || isStalled) {
      if (isStalled && 'request' in move && stalled !== undefined) report.waiting.push({ request: move.request.id, target: move.request.target, reason: stalled.why });
      for (const wait of moves) if (wait.op === 'wait') report.waiting.push({ request: wait.request.id, target: wait.target, reason: wait.reason });
      return;
    }
    try {
      const obstacle = await act(shift, move);
      // What stood in its way shows in the next look; where it does not, asking again would not help.
      stalled = obstacle === undefined ? undefined : { move, why: obstacle };
      asked &&= obstacle !== undefined;
      report.steps += 1;
      // A stack that nobody has tested yet is worked out anew by every run, so it is no step by itself.
      stepped ||= move.op !== 'stack';
      races = 0;
    } catch (error) {
      races += 1;
      if (!(error instanceof Busy) || races === mostRaces) throw error;
      shift.say(`${error.message}; looking again`);
      await refresh(shift);
    }
  }
}

/** Makes one move. Returns what stood in its way, in words. */
async function act(shift: Shift, move: Move): Promise<string | undefined> {
  const { town, rig, memory, say } = shift;
  switch (move.op) {
    case 'record': await record(shift, move.request); break;
    case 'reject': return rejectOne(shift, move);
    case 'keep': {
      const unpublished = await keepHead(town, rig, move.request);
      if (unpublished !== undefined) throw new Unpublished(move.request, unpublished);
      break;
    }
    case 'tidy': await tidy(town, rig, move.leftover); break;
    case 'stack':
      say(`${name(move.request)} is stacked on ${move.request.target}`);
      memory.stacks.set(memory.stackKey(move.onto.commit, move.request.id), await stackRequest(town, rig, move.request, move.onto));
      break;
    case 'run': await test(shift, move); break;
    case 'land': {
      const obstacle = await landCommit(town, rig, move);
      if (obstacle !== undefined) say(`${name(move.request)} is not on ${move.request.target} yet: ${obstacle}`);
      return obstacle;
    }
    case 'promote': return promote(rig, move);
    case 'wait': break;
  }
  return undefined;
}

async function rejectOne({ town, rig, report, say }: Shift, { request, rejection }: Extract<Move, { op: 'reject' }>): Promise<string | undefined> {
  const obstacle = await rejectRequest(town, rig, request, rejection);
  if (obstacle === undefined) report.rejected.push({ ...summary(request), kind: rejection.kind, reason: rejection.reason });
  say(obstacle === undefined ? `${name(request)} is rejected: ${rejection.reason}` : `${name(request)} is not rejected yet: ${obstacle}`);
  return obstacle;
}

async function record({ town, rig, report, say }: Shift, request: MergeRequest): Promise<void> {
  const commit = await recordLanding(town, rig, request);
  report.landed.push({ ...summary(request), commit, worker: request.worker });
  say(`${name(request)} has landed on ${request.target} as ${commit.slice(0, 12)}`);
}

async function test({ town, rig, options, report, say }: Shift, { gate, commit, tree, request, on }: Extract<Move, { op: 'run' }>): Promise<void> {
  const what = on === 'base' ? `${request.target} itself` : name(request);
  say(`the gate ${gate.name} runs on ${what}`);
  const run = await runGate(town, rig, { gate, commit, tree, request: request.id }, options);
  if (run === undefined) return;
  report.gateRuns += 1;
  if (run.verdict === 'pass' && run.flaky) report.flaky.push({ request: request.id, gate: gate.name });
  const how = { pass: run.flaky ? 'passed, though it had failed on the very same tree: it is flaky' : 'passed', fail: 'failed', timeout: 'took too long', unknown: 'ended for no known reason' }[run.verdict];
  say(`the gate ${gate.name} ${how} on ${what} (${shortDuration(run.milliseconds)})`);
}

function name({ id, source }: MergeRequest): string {
  return source === '' ? id : `${id} (${source})`;
}

function summary({ id, source, target }: MergeRequest): { request: string; bead: string; target: string } {
  return { request: id, bead: source, target };
}

/** Another process works on the queue. */
export class QueueBusy extends Busy {
  readonly code = 'queue.busy';
  constructor(rig: string, owner: LockOwner | undefined) {
    super(owner === undefined ? `somebody works on the merge queue of ${rig}` : `process ${owner.pid} works on the merge queue of ${rig}`, { rig, owner }, 'gt mq list');
  }
}

/** The hub does not take what was submitted. */
export class Unpublished extends Busy {
  readonly code = 'request.unpublished';
  constructor({ id }: MergeRequest, why: string) {
    super(`${id} could not be brought to the hub: ${why}`, { id, why }, 'gt mq run');
  }
}
