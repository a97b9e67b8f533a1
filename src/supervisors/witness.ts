import { addressOf } from '../domain/address.ts';
import type { Bead } from '../domain/bead.ts';
import { isHere } from '../actions/claims.ts';
import { completeSling } from '../actions/dispatch.ts';
import { conclude } from '../actions/run.ts';
import { endProcesses, sessionAlive, startSession } from '../actions/session.ts';
import { freeSession, listSessions, type SessionRecord } from '../actions/session-record.ts';
import { startOfWork } from '../actions/worker.ts';
import { liveBeads } from '../ledger/projection.ts';
import { consult } from '../ledger/read.ts';
import { phaseOf } from '../ledger/stored.ts';
import { signatureOf, type Rig, type Town } from '../town.ts';
import { guarded } from './guarded.ts';

/** What the witness of a rig can see. */
export interface Sight {
  readonly sessions: readonly { readonly record: SessionRecord; readonly alive: boolean | 'unknown' }[];
  /** Beads on the hooks of workers that have a worktree here. */
  readonly hooked: readonly Bead[];
}

export type Order =
  | { readonly do: 'conclude'; readonly record: SessionRecord }
  | { readonly do: 'restart'; readonly record: SessionRecord }
  | { readonly do: 'start'; readonly bead: Bead };

const restartLimit = 10;

/** What has to be done: a session that is proven dead is concluded or begun again; work on a hook without a session gets one. Unknown is left alone. */
export function decide({ sessions, hooked }: Sight): Order[] {
  const orders: Order[] = [];
  const busy = new Set<string>();
  for (const { record, alive } of sessions) {
    busy.add(record.agent);
    if (alive !== false) continue;
    const stillHooked = hooked.some((bead) => bead.id === record.bead && bead.assignee === record.agent);
    if (record.runtime === 'adopted' || record.exit !== undefined || !stillHooked || record.restarts >= restartLimit) orders.push({ do: 'conclude', record });
    else orders.push({ do: 'restart', record });
  }
  for (const bead of hooked) {
    if (!busy.has(bead.assignee ?? '') && bead.metadata?.['start_by'] !== 'hand') orders.push({ do: 'start', bead });
  }
  return orders;
}

/** Looks at a rig. */
export async function observe(rig: Rig, isLocal: (agent: string) => boolean): Promise<Sight> {
  const sessions = listSessions(rig).map((record) => ({ record, alive: sessionAlive(record) }));
  const beads = await liveBeads(rig.ledger);
  const hooked = [...beads.all()].filter((bead) => bead.status === 'hooked' && bead.assignee !== undefined && isLocal(bead.assignee));
  return { sessions, hooked: rig.remote === undefined ? hooked : await hungHere(rig, hooked) };
}

/** Workers of two machines may have one name: what counts is who has hung the bead there. */
async function hungHere(rig: Rig, hooked: readonly Bead[]): Promise<Bead[]> {
  if (hooked.length === 0) return [];
  return consult(rig.ledger, (view) => {
    view.load(hooked.map(({ id }) => id));
    return hooked.filter(({ id }) => {
      const stored = view.stored(id);
      return stored !== undefined && isHere(rig, stored);
    });
  });
}

/** One round: observes, decides, acts. An order that fails holds up no other. Returns how many orders were carried out. */
export async function witnessTick(town: Town, rig: Rig, env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const orders = decide(await observe(rig, (agent) => isWorkerOf(rig, agent)));
  let acted = 0;
  for (const order of orders) {
    const one = async (): Promise<number> => {
      await act(town, rig, order, env);
      return 1;
    };
    acted += await guarded(town, rig, 'witness', one, 'bead' in order ? order.bead.id : order.record.bead);
  }
  return acted;
}

function isWorkerOf(rig: Rig, agent: string): boolean {
  const address = addressOf(agent);
  return address?.role === 'polecat' && address.rig === rig.name && startOfWork(rig, address.name) !== undefined;
}

async function act(town: Town, rig: Rig, order: Order, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  if (order.do === 'conclude') {
    await endProcesses(order.record);
    await conclude(town, rig, order.record, env);
    return;
  }
  const [id, agent, restarts] = order.do === 'restart' ? [order.record.bead, order.record.agent, order.record.restarts + 1] : [order.bead.id, order.bead.assignee ?? '', 0];
  if (order.do === 'restart') {
    await endProcesses(order.record);
    freeSession(rig, order.record);
  }
  const stored = await consult(rig.ledger, (view) => view.stored(id));
  const start = startOfWork(rig, agent.slice(agent.lastIndexOf('/') + 1));
  if (stored === undefined || stored.bead.status !== 'hooked' || stored.bead.assignee !== agent || start === undefined) return;
  await completeSling(town, rig, signatureOf(town, `${rig.name}/witness`), stored.bead, agent);
  await startSession(town, rig, { agent, bead: stored.bead, token: phaseOf(stored)[0], start }, env, restarts);
}
