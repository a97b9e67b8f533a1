import { workingStatuses, type Bead } from '../domain/bead.ts';
import { openRequests } from '../domain/merge-request.ts';
import { isReady } from '../domain/ready.ts';
import { isObject } from '../base/jsonl.ts';
import { liveBeads } from '../ledger/projection.ts';
import type { Town } from '../town.ts';
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
  readonly work: readonly { readonly id: string; readonly title: string; readonly agent: string }[];
}

/** Counts what goes on in a town. */
export async function overview(town: Town): Promise<Overview> {
  const rigs: RigOverview[] = [];
  const work: Overview['work'][number][] = [];
  const agents = runningAgents(town);
  for (const rig of town.rigs) {
    const beads = await liveBeads(rig.ledger);
    const all = [...beads.all()];
    const now = town.now();
    const submitted = all.filter((bead) => bead.status === 'hooked' && bead.assignee === `${rig.name}/refinery`);
    const working = all.filter((bead) => workingStatuses.includes(bead.status) && !submitted.includes(bead));
    work.push(...[...working, ...submitted].map((bead: Bead) => ({ id: bead.id, title: bead.title, agent: bead.assignee ?? '' })));
    rigs.push({
      name: rig.name,
      target: rig.target,
      ready: all.filter((bead) => isReady(beads, bead, now)).length,
      waiting: all.filter((bead) => bead.status === 'open' && isObject(bead.metadata?.['queued'])).length,
      working: working.length,
      submitted: submitted.length,
      requests: openRequests(beads).length,
      workers: (await everyWorker(town, rig.name)).length,
      sessions: agents.filter(({ agent, alive }) => alive === true && agent.startsWith(`${rig.name}/`)).length,
    });
  }
  return { town: town.name, kind: town.kind, root: town.hq.repository.worktree ?? town.root, rigs, work };
}
