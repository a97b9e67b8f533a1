import { fewOf } from '../base/text.ts';
import { compareTimes, timeOf } from '../base/time.ts';
import { isPassed, runsBeforeBlame, verdictOn, type FlakeHistory, type Gate, type Verdict } from './gate.ts';
import type { MergeRequest, Rejection } from './merge-request.ts';

/** One merge queue as its refs, ledger and notes show it. */
export interface QueueFacts {
  /** Sorted by name. */
  readonly gates: readonly Gate[];
  /** Where gates run here. */
  readonly environment: string;
  readonly targets: readonly TargetFacts[];
}

/** What is known of one branch that work lands on. */
export interface TargetFacts {
  readonly target: string;
  /** The commit that the target is at; undefined where there is no such branch. */
  readonly tip: Point | undefined;
  /** Tested work ahead of the target, which waits until the target's checkout can be moved. */
  readonly aside: Point | undefined;
  /** Why the target's checkout cannot be moved now; undefined when it can, or there is none. */
  readonly stuck: string | undefined;
  /** The requests that have not ended, in any order. */
  readonly requests: readonly RequestFacts[];
  /** What is left of requests that ended, and of stacks that are no longer tried. */
  readonly leftovers: readonly Leftover[];
  /** By tree. */
  readonly verdicts: ReadonlyMap<string, readonly Verdict[]>;
  /** By gate. */
  readonly flakes: ReadonlyMap<string, FlakeHistory>;
}

export interface Point {
  readonly commit: string;
  readonly tree: string;
}

/** What is known of one request. */
export interface RequestFacts {
  readonly request: MergeRequest;
  /** What contains its head. */
  readonly contained: 'target' | 'aside' | undefined;
  /** Whether its commits are there. */
  readonly present: boolean;
  /** Who may still bring its commits, in words; undefined where they are there, or nobody will. */
  readonly awaited: string | undefined;
  /** Whether the queue's own ref holds its head, here and on the hub. */
  readonly kept: boolean;
  /** Why its work may not land; undefined when it may. */
  readonly claimLost: string | undefined;
  /** The unfinished requests whose heads it contains. */
  readonly within: readonly string[];
  /** Why the request that it builds on will never land; undefined when it may. */
  readonly fallen: string | undefined;
  /** What its bead still needs. */
  readonly blockers: readonly string[];
  /** The landing commit on what is to be stacked on, where it was built already. */
  readonly stack: Stack | undefined;
}

export type Stack = { readonly kind: 'built'; readonly commit: string; readonly tree: string } | { readonly kind: 'conflict'; readonly paths: readonly string[]; readonly messages: string };

/** Refs of the queue that nothing needs any more, for one request that ended or one stack. */
export interface Leftover {
  /** The request that ended; undefined for a stack that is no longer tried. */
  readonly request: MergeRequest | undefined;
  readonly refs: readonly string[];
  /** It was superseded just as it landed. */
  readonly landed: boolean;
}

export type Move =
  | { readonly op: 'record'; readonly request: MergeRequest }
  | { readonly op: 'promote'; readonly target: string; readonly from: string; readonly to: string }
  | { readonly op: 'reject'; readonly request: MergeRequest; readonly rejection: Rejection }
  | { readonly op: 'keep'; readonly request: MergeRequest }
  | { readonly op: 'tidy'; readonly leftover: Leftover }
  | { readonly op: 'stack'; readonly request: MergeRequest; readonly onto: Point }
  | { readonly op: 'run'; readonly request: MergeRequest; readonly gate: Gate; readonly on: 'candidate' | 'base'; readonly commit: string; readonly tree: string }
  | { readonly op: 'land'; readonly request: MergeRequest; readonly commit: string; readonly tip: string; readonly onto: string }
  | { readonly op: 'wait'; readonly target: string; readonly request: MergeRequest; readonly reason: string };

/** The order in which requests land: most urgent first, then oldest, then by id. Total. */
export function queueOrder(a: MergeRequest, b: MergeRequest): number {
  if (a.priority !== b.priority) return a.priority - b.priority;
  const older = compareTimes(a.created, b.created);
  if (older !== 0) return older;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** The next move for each target, the ones that are decided first; only waits when nothing is left to do until something changes. */
export function decide(facts: QueueFacts): Move[] {
  const moves = facts.targets.flatMap((target) => decideTarget(target, facts));
  return [...moves.filter(({ op }) => op !== 'wait'), ...moves.filter(({ op }) => op === 'wait')];
}

function decideTarget(target: TargetFacts, facts: QueueFacts): Move[] {
  const ordered = inOrder(target);
  const settled = ordered.flatMap((each) => settle(each) ?? []);
  if (settled[0] !== undefined) return [settled[0]];
  const landed = target.leftovers.find((leftover) => leftover.landed);
  if (landed?.request !== undefined) return [{ op: 'record', request: landed.request }];
  const { tip, aside, stuck } = target;
  if (tip !== undefined && aside !== undefined && stuck === undefined) return [{ op: 'promote', target: target.target, from: tip.commit, to: aside.commit }];
  const leftover = target.leftovers[0];
  if (leftover !== undefined) return [{ op: 'tidy', leftover }];
  const held = ordered.filter((each) => holdUp(each, target) !== undefined).map((each): Move => ({ op: 'wait', target: target.target, request: each.request, reason: holdUp(each, target) ?? '' }));
  const front = frontOf(target);
  return front === undefined ? held : [advance(front, target, facts), ...held];
}

function inOrder({ requests }: TargetFacts): RequestFacts[] {
  return [...requests].sort((a, b) => queueOrder(a.request, b.request));
}

/** The request whose turn it is. */
function frontOf(target: TargetFacts): RequestFacts | undefined {
  return inOrder(target).find((each) => holdUp(each, target) === undefined);
}

/** What has to be done for a request whatever its place in the queue. */
function settle({ request, contained, claimLost, fallen, present, awaited, kept }: RequestFacts): Move | undefined {
  if (contained === 'target') return { op: 'record', request };
  if (contained === 'aside') return undefined;
  const reject = (kind: Rejection['kind'], reason: string): Move => ({ op: 'reject', request, rejection: { kind, reason, evidence: '' } });
  if (claimLost !== undefined) return reject('stale', claimLost);
  if (fallen !== undefined) return reject('stale', fallen);
  if (awaited !== undefined) return undefined;
  if (!present) return reject('lost', `the commit ${request.head.slice(0, 12)} is in no repository that the queue can see`);
  return kept ? undefined : { op: 'keep', request };
}

/** Why a request's turn cannot come yet. */
function holdUp({ request, contained, awaited, within, blockers }: RequestFacts, { target, tip, stuck }: TargetFacts): string | undefined {
  if (tip === undefined) return `there is no branch ${target}`;
  if (awaited !== undefined) return `the commit ${request.head.slice(0, 12)} is not on the hub yet: ${awaited} has it`;
  if (contained === 'aside') return `it has passed and stands on mq/${target}/landed, because ${stuck ?? 'the checkout is being moved'}`;
  if (within.length > 0) return `it contains the commits of ${within.join(', ')}, which must land first`;
  if (blockers.length > 0) return `its bead ${request.source} still needs ${blockers.join(', ')}`;
  return undefined;
}

/** What is stacked on: the target, or the tested work ahead of it. */
export function stackBase({ tip, aside }: Pick<TargetFacts, 'tip' | 'aside'>): Point | undefined {
  return aside ?? tip;
}

function advance({ request, stack }: RequestFacts, target: TargetFacts, facts: QueueFacts): Move {
  const base = stackBase(target);
  if (base === undefined || target.tip === undefined) return { op: 'wait', target: target.target, request, reason: `there is no branch ${target.target}` };
  if (stack === undefined) return { op: 'stack', request, onto: base };
  if (stack.kind === 'conflict') return { op: 'reject', request, rejection: conflict(stack, target.target) };
  for (const gate of facts.gates.filter(({ required }) => required)) {
    const move = verify(gate, request, stack, base, target, facts);
    if (move !== undefined) return move;
  }
  const curious = facts.gates.find((gate) => !gate.required && gate.held === undefined && attemptsOn(stack.tree, gate, target, facts).length === 0);
  if (curious !== undefined) return { op: 'run', request, gate: curious, on: 'candidate', commit: stack.commit, tree: stack.tree };
  return { op: 'land', request, commit: stack.commit, tip: target.tip.commit, onto: base.commit };
}

function conflict({ paths, messages }: Extract<Stack, { kind: 'conflict' }>, target: string): Rejection {
  const named = fewOf(paths, 3);
  return { kind: 'conflict', reason: `conflicts with ${target} in ${named}`, evidence: [...paths, '', messages].join('\n').trim() };
}

function attemptsOn(tree: string, gate: Gate, { verdicts }: TargetFacts, { environment }: QueueFacts): Verdict['attempts'] {
  return verdictOn(verdicts.get(tree) ?? [], gate, environment).attempts;
}

/** How a tree stands with a gate. Failures from before the request count for nothing: it may have been submitted again because what was broken is mended. */
function standing(tree: string, gate: Gate, request: MergeRequest, target: TargetFacts, facts: QueueFacts): 'passed' | 'red' | 'untested' {
  const attempts = attemptsOn(tree, gate, target, facts);
  if (isPassed(attempts)) return 'passed';
  const since = timeOf(request.created) ?? 0;
  const failures = attempts.filter(({ started }) => (timeOf(started) ?? 0) >= since).length;
  return failures >= runsBeforeBlame(target.flakes.get(gate.name) ?? { runs: 0, flakes: 0 }) ? 'red' : 'untested';
}

/** What a required gate still asks for: a run, a rejection, a halt; undefined when it has passed. */
function verify(gate: Gate, request: MergeRequest, stack: Point, base: Point, target: TargetFacts, facts: QueueFacts): Move | undefined {
  const candidate = standing(stack.tree, gate, request, target, facts);
  if (candidate === 'passed') return undefined;
  if (gate.held !== undefined) return { op: 'wait', target: target.target, request, reason: gate.held };
  if (candidate === 'untested') return { op: 'run', request, gate, on: 'candidate', commit: stack.commit, tree: stack.tree };
  const without = standing(base.tree, gate, request, target, facts);
  if (without === 'untested') return { op: 'run', request, gate, on: 'base', commit: base.commit, tree: base.tree };
  if (without === 'red') {
    const reason = `the gate ${gate.name} fails on ${target.target} itself (${base.commit.slice(0, 12)}), so nobody is to blame and nothing lands; a request that mends it goes first when it is more urgent`;
    return { op: 'wait', target: target.target, request, reason };
  }
  const last = attemptsOn(stack.tree, gate, target, facts).at(-1);
  const how = last?.verdict === 'timeout' ? `did not end within ${gate.timeout / 1000} s` : 'fails';
  return { op: 'reject', request, rejection: { kind: 'gate', reason: `the gate ${gate.name} ${how} with it and passes without it`, evidence: last?.tail ?? '' } };
}

/** Where an unfinished request stands, and why, in words. */
export interface Explanation {
  readonly state: 'submitted' | 'waiting' | 'trying' | 'merged' | 'rejected';
  readonly why: string;
}

/** Says where a request stands and what would move it; undefined for one that is not in the queue. */
export function explain(facts: QueueFacts, id: string): Explanation | undefined {
  const target = facts.targets.find(({ requests }) => requests.some(({ request }) => request.id === id));
  const mine = target?.requests.find(({ request }) => request.id === id);
  if (target === undefined || mine === undefined) return undefined;
  const settled = settle(mine);
  if (settled !== undefined) return explainMove(settled, facts);
  const held = holdUp(mine, target);
  if (held !== undefined) return { state: 'waiting', why: held };
  const front = frontOf(target);
  if (front === undefined || front.request.id === id) return explainMove(advance(mine, target, facts), facts);
  const ahead = inOrder(target).filter((other) => holdUp(other, target) === undefined && queueOrder(other.request, mine.request) < 0);
  const first = advance(front, target, facts);
  const stopped = first.op === 'wait' ? `; the queue for ${target.target} has stopped: ${first.reason}` : '';
  return { state: 'waiting', why: `${ahead.map(({ request }) => request.id).join(', ')} ${ahead.length === 1 ? 'goes' : 'go'} before it on ${target.target}${stopped}` };
}

function explainMove(move: Move, facts: QueueFacts): Explanation {
  switch (move.op) {
    case 'record': return { state: 'merged', why: `${move.request.target} contains it; the next gt mq run writes that down` };
    case 'reject': return { state: 'rejected', why: `${move.rejection.reason}; the next gt mq run writes that down` };
    case 'keep': return { state: 'submitted', why: "the next gt mq run puts its head under the queue's own ref" };
    case 'stack': return { state: 'waiting', why: `it is next: gt mq run stacks it on ${move.request.target} and tests it` };
    case 'run': return { state: 'trying', why: move.on === 'base' ? `the gate ${move.gate.name} fails with it; before anybody is blamed, ${move.request.target} itself is tested` : `it is stacked as ${move.commit.slice(0, 12)}, and the gate ${move.gate.name} has not passed on that yet` };
    case 'land': return { state: 'trying', why: `${move.commit.slice(0, 12)} has passed ${facts.gates.filter(({ required }) => required).map(({ name }) => name).join(', ') || 'without a gate'} and lands next` };
    case 'wait': return { state: 'waiting', why: move.reason };
    case 'promote': case 'tidy': return { state: 'waiting', why: 'the queue is being cleared up' };
  }
}
