import { Refused } from '../base/errors.ts';
import { find, isBuiltIn, workingStatuses, type Act, type Bead, type BeadChange, type Beads } from './bead.ts';
import { unmet } from './dependency.ts';

/** Gives an open bead to whoever claims it. Claiming your own bead again changes nothing. */
export function claim(beads: Beads, id: string, act: Act): BeadChange[] {
  const bead = find(beads, id);
  if (workingStatuses.includes(bead.status) && bead.assignee === act.by) return [];
  if (bead.status !== 'open' || (bead.assignee !== undefined && bead.assignee !== '' && bead.assignee !== act.by)) throw new BeadTaken(bead);
  refuseBlocked(beads, bead);
  return [{ op: 'bead.claimed', id, at: act.at, by: act.by }];
}

/** Hangs an open bead on the hook of an agent. Hooking it to the same agent again changes nothing. */
export function hook(beads: Beads, id: string, to: string, act: Act): BeadChange[] {
  const bead = find(beads, id);
  if (bead.status === 'hooked' && bead.assignee === to) return [];
  if (bead.status !== 'open') throw new BeadTaken(bead);
  refuseBlocked(beads, bead);
  return [{ op: 'bead.hooked', id, at: act.at, to }];
}

/** Hands a bead that hangs on one agent's hook over to another hook, whatever it waits for by now. */
export function handOver(beads: Beads, id: string, from: string, to: string, act: Act): BeadChange[] {
  const bead = find(beads, id);
  if (bead.status === 'hooked' && bead.assignee === to) return [];
  if (!workingStatuses.includes(bead.status) || bead.assignee !== from) throw new NotOnHook(id, from, bead);
  return [{ op: 'bead.hooked', id, at: act.at, to }];
}

/** Takes a bead off the hook or out of the hands of whoever has it; an open bead stays as it is. */
export function release(beads: Beads, id: string, act: Act): BeadChange[] {
  const bead = find(beads, id);
  return workingStatuses.includes(bead.status) ? [{ op: 'bead.released', id, at: act.at }] : [];
}

function refuseBlocked(beads: Beads, bead: Bead): void {
  const waiting = unmet(beads, bead);
  if (waiting.length > 0) throw new BeadBlocked(bead, waiting);
}

/** Somebody has the bead, or it is not open. */
export class BeadTaken extends Refused {
  readonly code = 'bead.taken';
  constructor({ id, status, assignee }: Bead) {
    super(assignee ? `${id} is ${status}, by ${assignee}` : `${id} is ${status}, not open`, { id, status, assignee }, isBuiltIn(status) ? `gt show ${id}` : `gt update ${id} --status open`);
  }
}

/** The bead is not on the hook that it was said to be on. */
export class NotOnHook extends Refused {
  readonly code = 'bead.not-on-hook';
  constructor(id: string, agent: string, bead: Bead) {
    super(`${id} is not on the hook of ${agent}: it is ${bead.status}${bead.assignee ? `, by ${bead.assignee}` : ''}`, { id, agent, status: bead.status, assignee: bead.assignee }, `gt show ${id}`);
  }
}

/** The bead waits on other beads, so no one may claim it yet. */
export class BeadBlocked extends Refused {
  readonly code = 'bead.blocked';
  constructor({ id }: Bead, waiting: readonly string[]) {
    super(`${id} still needs ${waiting.join(', ')}`, { id, waiting }, `gt show ${waiting[0]}`);
  }
}
