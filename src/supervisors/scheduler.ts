import { workingStatuses, type Bead, type Beads } from '../domain/bead.ts';
import { claimOf } from '../domain/claim.ts';
import { unmet } from '../domain/dependency.ts';
import { readyOrder } from '../domain/ready.ts';
import { isObject } from '../base/jsonl.ts';
import { dispatch } from '../actions/dispatch.ts';
import { places } from '../actions/sling.ts';
import { listSessions } from '../actions/session-record.ts';
import { setting } from '../actions/settings.ts';
import { heldBeads } from '../actions/trust.ts';
import { replicaOf } from '../ledger/ledger.ts';
import { liveBeads } from '../ledger/projection.ts';
import { signatureOf, type Rig, type Town } from '../town.ts';
import { guarded } from './guarded.ts';

/** What the scheduler of a rig knows. */
export interface SchedulerSight {
  readonly paused: boolean;
  /** How many workers may have work at once; undefined where nothing is rationed. */
  readonly places: number | undefined;
  /** How many have work or a session now. */
  readonly taken: number;
  /** Beads that were slung and wait. */
  readonly waiting: readonly Waiting[];
}

interface Waiting {
  readonly bead: Bead;
  /** What it still needs. */
  readonly unmet: readonly string[];
  /** Why its command may not run here. */
  readonly held?: string | undefined;
}

/** The beads to dispatch now: those that need nothing more and may run here, most urgent first, then in the order in which they were slung, as far as places are free. */
export function decide({ paused, places: limit, taken, waiting }: SchedulerSight): Bead[] {
  if (paused) return [];
  const free = limit === undefined ? waiting.length : Math.max(0, limit - taken);
  return waiting.filter((entry) => entry.unmet.length === 0 && entry.held === undefined).map(({ bead }) => bead).sort(dispatchOrder).slice(0, free);
}

function dispatchOrder(a: Bead, b: Bead): number {
  if (a.priority !== b.priority) return a.priority - b.priority;
  const [first, second] = [queuedAt(a), queuedAt(b)];
  return first === second ? readyOrder(b, a) : first < second ? -1 : 1;
}

function queuedAt(bead: Bead): string {
  const queued = bead.metadata?.['queued'];
  return isObject(queued) && typeof queued['at'] === 'string' ? queued['at'] : '';
}

/** Looks at what waits for a worker of a rig, and at how many places are taken. */
export async function observe(town: Town, rig: Rig): Promise<SchedulerSight> {
  const beads: Beads = await liveBeads(rig.ledger);
  const all = [...beads.all()];
  const workers = `${rig.name}/polecats/`;
  const own = replicaOf(rig.repository);
  // Places are this machine's.
  const holders = new Set(all.filter((bead) => workingStatuses.includes(bead.status) && bead.assignee?.startsWith(workers) && (claimOf(bead)?.replica ?? own) === own).map((bead) => bead.assignee));
  for (const session of listSessions(rig)) holders.add(session.agent);
  const queued = all.filter((bead) => bead.status === 'open' && isObject(bead.metadata?.['queued']));
  const held = await heldBeads(rig.ledger, queued.filter((bead) => bead.metadata?.['start_by'] !== 'hand'));
  const waiting = queued.map((bead) => ({ bead, unmet: unmet(beads, bead), held: held.get(bead.id) }));
  return { paused: (await setting(town, undefined, 'scheduler.paused')) === true, places: await places(town, rig), taken: holders.size, waiting };
}

/** One round of dispatching. A bead that cannot be dispatched is told in the event log and holds up no other. Returns how many were dispatched. */
export async function schedulerTick(town: Town, rig: Rig, env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const sight = await observe(town, rig);
  const tried = new Set<string>();
  let dispatched = 0;
  for (;;) {
    const [bead] = decide({ ...sight, taken: sight.taken + dispatched, waiting: sight.waiting.filter((entry) => !tried.has(entry.bead.id)) });
    if (bead === undefined) return dispatched;
    tried.add(bead.id);
    dispatched += await guarded(town, rig, 'scheduler', () => dispatchWaiting(town, rig, bead, env), bead.id);
  }
}

async function dispatchWaiting(town: Town, rig: Rig, bead: Bead, env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const convoy = bead.metadata?.['convoy'];
  const start = bead.metadata?.['start_by'] !== 'hand';
  await dispatch(town, rig, signatureOf(town, 'deacon'), bead.id, undefined, { runtime: undefined, start, convoy: false, now: true, env }, typeof convoy === 'string' ? convoy : undefined);
  return 1;
}
