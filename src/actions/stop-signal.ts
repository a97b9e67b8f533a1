import { formatAddress } from '../domain/address.ts';
import { rigNamed, type Town } from '../town.ts';
import type { Identity } from './identity.ts';
import { hookOf } from './prime.ts';
import { noteResting } from './session-record.ts';

/** What Claude Code's Stop hook reads as "not yet". */
export interface GoOn {
  readonly decision: 'block';
  readonly reason: string;
}

/** Answers a client that wants to stop: with work on its hook it is asked once (`asked`: it was) to finish it; without, its session may end, and nothing is said. */
export async function mayStop(town: Town, { agent, session }: Identity, asked: boolean): Promise<GoOn | undefined> {
  if (agent?.role !== 'polecat') return undefined;
  const name = formatAddress(agent);
  const bead = await hookOf(town, name);
  if (bead === undefined && session !== undefined) noteResting(rigNamed(town, agent.rig), { id: session, agent: name });
  if (bead === undefined || asked) return undefined;
  return { decision: 'block', reason: `${bead.id} still hangs on your hook. When it is finished run: gt done. If it cannot be finished run: gt unsling ${bead.id}, after a comment that says why.` };
}
