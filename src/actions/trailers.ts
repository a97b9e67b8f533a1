import { onHook } from '../domain/agent.ts';
import type { Trailer } from '../domain/trailer.ts';
import { liveBeads } from '../ledger/projection.ts';
import { rigAt, type Town } from '../town.ts';
import { whoAmI, type Asker } from './identity.ts';

const idPattern = /^[A-Za-z0-9][A-Za-z0-9_.+-]{0,80}$/;

/** The trailers of a commit that an agent makes: the bead that it works on, and itself. A person's commits carry none. */
export async function commitTrailers(town: Town, asker: Asker): Promise<Trailer[]> {
  const { actor, agent, bead } = await whoAmI(town, asker);
  if (agent === undefined) return [];
  const rig = rigAt(town, asker.cwd);
  const hooked = bead !== undefined && idPattern.test(bead) ? bead : rig && onHook(await liveBeads(rig.ledger), actor)?.id;
  return [...(hooked === undefined ? [] : [{ key: 'Bead', value: hooked }]), { key: 'Agent', value: actor }];
}
