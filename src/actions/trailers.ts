import { onHook } from '../domain/agent.ts';
import type { Trailer } from '../domain/trailer.ts';
import { rigAt, type Town } from '../town.ts';
import { whoAmI, type Asker } from './identity.ts';

const idPattern = /^[A-Za-z0-9][A-Za-z0-9_.+-]{0,80}$/;

/** The trailers of a commit that an agent makes: the bead that it works on, and itself. A person's commits carry none. */
export async function commitTrailers(town: Town, asker: Asker): Promise<Trailer[]> {
  const { actor, agent, bead } = await whoAmI(town, asker);
  if (agent === undefined) return [];
  const hooked = bead !== undefined && idPattern.test(bead) ? bead : await hookedBead(town, asker.cwd, actor);
  return [...(hooked === undefined ? [] : [{ key: 'Bead', value: hooked }]), { key: 'Agent', value: actor }];
}

async function hookedBead(town: Town, cwd: string, agent: string): Promise<string | undefined> {
  const rig = rigAt(town, cwd);
  if (rig === undefined) return undefined;
  // A session says what it works on; only a commit outside of one has to look.
  const { liveBeads } = await import('../ledger/projection.ts');
  return onHook(await liveBeads(rig.ledger), agent)?.id;
}
