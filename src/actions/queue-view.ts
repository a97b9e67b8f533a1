import { compareTimes } from '../base/time.ts';
import { hasGates, NoGate, type Verdict } from '../domain/gate.ts';
import { findRequest, openRequests, requestNamed, requestOf, type MergeRequest } from '../domain/merge-request.ts';
import { decide, explain, queueOrder, stackBase, type QueueFacts } from '../domain/merge-queue.ts';
import { liveBeads } from '../ledger/projection.ts';
import { consult } from '../ledger/read.ts';
import { rigNamed, rigOfBead, UnknownRig, type Rig, type Town } from '../town.ts';
import { gatesHere } from './gates.ts';
import { observeQueue, QueueMemory } from './queue.ts';
import { resolveId } from './resolve.ts';
import { settings } from './settings.ts';

/** A request as people see it. */
export interface Shown extends MergeRequest {
  readonly rig: string;
  /** Derived: submitted, waiting, trying, merged, rejected, superseded or withdrawn. */
  readonly state: string;
  /** Why it is there, and what would move it. */
  readonly why: string;
}

/** A request with what was found out about its landing commit. */
export interface ShownWhole extends Shown {
  /** The landing commit that is tried now. */
  readonly tried: string | undefined;
  readonly verdicts: readonly Verdict[];
  readonly rejection: { readonly kind: string; readonly reason: string; readonly evidence: string } | undefined;
}

/** The requests of one rig or all, in the order in which they land; with `all` also those that ended, newest first. */
export async function listQueue(town: Town, rigName: string | undefined, all: boolean): Promise<Shown[]> {
  const rigs = rigName === undefined ? town.rigs : [rigNamed(town, rigName)];
  const shown = await Promise.all(rigs.map((rig) => listRig(town, rig, all)));
  return shown.flat();
}

async function listRig(town: Town, rig: Rig, all: boolean): Promise<Shown[]> {
  const open = openRequests(await liveBeads(rig.ledger)).sort(queueOrder);
  const look = open.length === 0 ? undefined : await lookAt(town, rig);
  const ended = all ? await consult(rig.ledger, (view) => [...view.all()].filter(({ issue_type }) => issue_type === 'merge-request').map(requestOf).filter(({ outcome }) => outcome !== undefined)) : [];
  ended.sort((a, b) => compareTimes(b.created, a.created));
  return [...open, ...ended].map((request) => show(rig, request, look));
}

/** A rig's queue as it is, for looking only. */
interface QueueLook {
  readonly facts: QueueFacts;
  readonly hasGates: boolean;
}

async function lookAt(town: Town, rig: Rig): Promise<QueueLook> {
  const configured = hasGates(await settings(town, rig));
  return { facts: await observeQueue(rig, configured ? await gatesHere(town, rig) : [], new QueueMemory({ showsTries: true })), hasGates: configured };
}

function show(rig: Rig, request: MergeRequest, look: QueueLook | undefined): Shown {
  if (request.outcome !== undefined) return { ...request, rig: rig.name, state: request.outcome, why: request.reason ?? '' };
  const explained = look === undefined ? undefined : explain(look.facts, request.id);
  const { state = 'submitted', why = '' } = explained ?? {};
  return { ...request, rig: rig.name, state, why: look?.hasGates === false ? ungated(rig) : why };
}

function ungated(rig: Rig): string {
  const { message, hint } = new NoGate(rig.name);
  return `${message}: ${hint}`;
}

/** Finds the rig and the request of a typed id, which may be that of the bead whose work was submitted. Throws UnknownBead and NoRequest. */
async function findShown(town: Town, typed: string): Promise<{ readonly rig: Rig; readonly request: MergeRequest }> {
  const id = await resolveId(town, typed);
  const rig = rigOfBead(town, id) ?? town.rigs[0];
  if (rig === undefined) throw new UnknownRig(id, town);
  return { rig, request: await consult(rig.ledger, (view) => findRequest(view, requestNamed(view.get(id)) ?? id)) };
}

/** One request with its evidence. */
export async function showRequest(town: Town, typed: string): Promise<ShownWhole> {
  const { rig, request } = await findShown(town, typed);
  const look = await lookAt(town, rig);
  const target = look.facts.targets.find((each) => each.target === request.target);
  const stack = target?.requests.find((each) => each.request.id === request.id)?.stack;
  const rejection = await consult(rig.ledger, (view) => view.get(request.id)?.metadata?.['rejection']);
  const tried = stack?.kind === 'built' ? stack : undefined;
  const verdicts = tried === undefined ? [] : (target?.verdicts.get(tried.tree) ?? []);
  return { ...show(rig, request, look), tried: tried?.commit, verdicts, rejection: rejection as ShownWhole['rejection'] };
}

/** What a queue is up to, one line for each target. */
export interface QueueStatus {
  readonly rig: string;
  readonly target: string;
  readonly tip: string | undefined;
  readonly waiting: number;
  /** The request whose turn it is, and what is done for it next. */
  readonly next: string | undefined;
  readonly doing: string;
}

/** What the queues are up to. */
export async function queueStatus(town: Town, rigName: string | undefined): Promise<QueueStatus[]> {
  const rigs = rigName === undefined ? town.rigs : [rigNamed(town, rigName)];
  const all = await Promise.all(
    rigs.map(async (rig) => {
      const { facts, hasGates: configured } = await lookAt(town, rig);
      return facts.targets.map((target): QueueStatus => {
        const [move] = decide({ ...facts, targets: [target] });
        const request = move !== undefined && 'request' in move ? move.request : undefined;
        const why = request === undefined ? undefined : explain(facts, request.id)?.why;
        return { rig: rig.name, target: target.target, tip: stackBase(target)?.commit, waiting: target.requests.length, next: request?.id, doing: configured ? (why ?? 'nothing to do') : ungated(rig) };
      });
    }),
  );
  return all.flat();
}
