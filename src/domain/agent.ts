import { compareTimes } from '../base/time.ts';
import type { Act, BeadChange, Beads, find } from './bead.ts';
import { formatAddress, parseAddress, type Address } from './address.ts';

/** The id of an agent's bead: the same in every town. */
export function agentId(prefix: string, address: Address): string {
  switch (address.role) {
    case 'mayor': case 'deacon': case 'overseer': return `hq-${address.role}`;
    case 'dog': return `hq-dog-${address.name}`;
    case 'witness': case 'refinery': return `${prefix}-${address.rig}-${address.role}`;
    case 'crew': case 'polecat': return `${prefix}-${address.rig}-${address.role}-${address.name}`;
  }
}

/** Enters an agent into the books; an agent that is there already stays as it is. */
export function enroll(beads: Beads, prefix: string, agent: string, runtime: string | undefined, act: Act): BeadChange[] {
  const address = parseAddress(agent);
  const id = agentId(prefix, address);
  const known = beads.get(id);
  if (known !== undefined && known.status !== 'tombstone') return [];
  const metadata = { address: formatAddress(address), role: address.role, ...(runtime === undefined ? {} : { runtime }) };
  return [{ op: 'bead.created', id, bead: { id, title: agent, status: 'open', priority: 2, issue_type: 'agent', labels: ['gt:agent'], metadata, created_at: act.at, updated_at: act.at, created_by: act.by, constant_birth: true } }];
}

/** The work on an agent's hook: at most one bead, the oldest if a merge left two. */
export function onHook(beads: Beads, agent: string): ReturnType<typeof find> | undefined {
  return [...beads.all()].filter((bead) => bead.status === 'hooked' && bead.assignee === agent).sort((a, b) => compareTimes(a.updated_at, b.updated_at))[0];
}

export const workerNames: readonly string[] = [
  'furiosa', 'nux', 'slit', 'rictus', 'capable', 'toast', 'cheedo', 'dag', 'angharad', 'valkyrie', 'max', 'goose', 'toecutter', 'bubba', 'cundalini', 'fifi', 'humungus', 'wez', 'pappagallo', 'zetta',
  'lusty', 'mechanic', 'feral', 'gyro', 'savannah', 'scrooloose', 'anna', 'jedediah', 'ironbar', 'pigkiller', 'blaster', 'morsov', 'ace', 'keeper', 'corpus', 'prime', 'doof', 'organic', 'miss', 'giddy',
  'dementus', 'scrotus', 'chumbucket', 'griffa', 'jeet', 'gutgash', 'stank', 'hope', 'glory', 'outcrier',
];

/** The first name of the pool that nobody has; numbers follow when all are taken. */
export function freeName(taken: ReadonlySet<string>, pool: readonly string[] = workerNames): string {
  const free = pool.find((name) => !taken.has(name));
  if (free !== undefined) return free;
  for (let number = pool.length + 1; ; number += 1) if (!taken.has(`w${number}`)) return `w${number}`;
}
