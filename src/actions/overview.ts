import { addressOf } from '../domain/address.ts';
import { workingStatuses, type Bead, type Beads } from '../domain/bead.ts';
import { hasGates } from '../domain/gate.ts';
import { openRequests } from '../domain/merge-request.ts';
import { isReady } from '../domain/ready.ts';
import { isSubmitted } from '../domain/submission.ts';
import { isObject } from '../base/jsonl.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { liveBeads } from '../ledger/projection.ts';
import type { Rig, Town } from '../town.ts';
import { categoriesIn } from './custom-statuses.ts';
import { gatesHere } from './gates.ts';
import { readSession } from './session-record.ts';
import { settings } from './settings.ts';
import { heldBeads } from './trust.ts';
import { startOfWork } from './worker.ts';
import { everyWorker, runningAgents } from './workers.ts';

/** A rig at a glance. */
export interface RigOverview {
  readonly name: string;
  readonly target: string;
  readonly ready: number;
  readonly waiting: number;
  readonly working: number;
  readonly submitted: number;
  readonly requests: number;
  readonly workers: number;
  readonly sessions: number;
}

/** A town at a glance. */
export interface Overview {
  readonly town: string;
  readonly kind: Town['kind'];
  readonly root: string;
  readonly rigs: readonly RigOverview[];
  /** The town's own beads; null where they are kept with those of its one repository. */
  readonly own: Pick<RigOverview, 'ready' | 'working'> | null;
  /** What waits because its command came from another clone, and why. */
  readonly held: readonly { readonly rig: string; readonly bead: string | undefined; readonly why: string }[];
  readonly work: readonly { readonly id: string; readonly title: string; readonly agent: string }[];
}

/** Counts what goes on in a town. */
export async function overview(town: Town): Promise<Overview> {
  const rigs: RigOverview[] = [];
  const work: Overview['work'][number][] = [];
  const held: Overview['held'][number][] = [];
  const agents = runningAgents(town);
  for (const rig of town.rigs) {
    const { beads, all, ready } = await workIn(town, rig.ledger);
    const submitted = all.filter(isSubmitted);
    const working = all.filter((bead) => workingStatuses.includes(bead.status) && !submitted.includes(bead));
    work.push(...[...working, ...submitted].map(entryOf));
    held.push(...(await heldIn(town, rig, all)));
    rigs.push({
      name: rig.name,
      target: rig.target,
      ready,
      waiting: all.filter((bead) => bead.status === 'open' && isObject(bead.metadata?.['queued'])).length,
      working: working.length,
      submitted: submitted.length,
      requests: openRequests(beads).length,
      workers: (await everyWorker(town, rig.name)).length,
      sessions: agents.filter(({ agent, alive }) => alive === true && agent.startsWith(`${rig.name}/`)).length,
    });
  }
  const own = town.kind === 'solo' ? undefined : await workIn(town, town.hq);
  const working = own?.all.filter((bead) => workingStatuses.includes(bead.status)) ?? [];
  work.unshift(...working.map(entryOf));
  return { town: town.name, kind: town.kind, root: town.hq.repository.worktree ?? town.root, rigs, own: own === undefined ? null : { ready: own.ready, working: working.length }, held, work };
}

async function workIn(town: Town, ledger: Ledger): Promise<{ readonly beads: Beads; readonly all: readonly Bead[]; readonly ready: number }> {
  const beads = await liveBeads(ledger);
  const all = [...beads.all()];
  const [now, categoryOf] = [town.now(), await categoriesIn(town, [ledger], all)];
  return { beads, all, ready: all.filter((bead) => isReady(beads, bead, now, categoryOf)).length };
}

function entryOf({ id, title, assignee = '' }: Bead): Overview['work'][number] {
  return { id, title, agent: assignee };
}

/** Whether work hangs on the hook of a worker that has a worktree here, and no session. */
function isIdleHere(rig: Rig, { id, assignee }: Bead): boolean {
  const address = addressOf(assignee);
  return address?.role === 'polecat' && address.rig === rig.name && startOfWork(rig, address.name) !== undefined && readSession(rig, assignee ?? '')?.bead !== id;
}

async function heldIn(town: Town, rig: Rig, beads: readonly Bead[]): Promise<Overview['held'][number][]> {
  const mine = beads.filter((bead) => bead.metadata?.['start_by'] !== 'hand' && (bead.status === 'open' ? isObject(bead.metadata?.['queued']) : bead.status === 'hooked' && isIdleHere(rig, bead)));
  const waiting = [...(await heldBeads(rig.ledger, mine))].map(([bead, why]) => ({ rig: rig.name, bead, why }));
  if (!beads.some((bead) => bead.issue_type === 'merge-request') || !hasGates(await settings(town, rig))) return waiting;
  const gates = await gatesHere(town, rig);
  return [...waiting, ...gates.flatMap(({ held }) => (held === undefined ? [] : [{ rig: rig.name, bead: undefined, why: held }]))];
}
