import { carryOut, observeClaims } from '../actions/claim-orders.ts';
import { claimHub, lookAtHub } from '../actions/claims.ts';
import { forEachLedger, type LedgerFailure, type SyncReport } from '../actions/sync.ts';
import { giveSign } from '../actions/signs-of-life.ts';
import { decide } from '../domain/claim.ts';
import { noteSigns } from '../ledger/claims.ts';
import { replicaOf } from '../ledger/ledger.ts';
import { signatureOf, type Rig, type Town } from '../town.ts';
import { guarded } from './guarded.ts';

/**
 * One round over the claims of a rig, right after a fetch from a remote: signs of life are given and noted, what was lost is yielded, what nobody works on any more is taken over. A ledger may be shared by another remote than
 * the one that keeps the claims: then that one is asked too, since only who has looked knows that somebody is silent. Returns how many orders were carried out.
 */
export async function claimsTick(town: Town, rig: Rig, fetched: string): Promise<number> {
  const hub = fetched === rig.remote ? await claimHub(town, rig) : await lookAtHub(town, rig, signatureOf(town, `${rig.name}/witness`));
  if (hub === undefined) return 0;
  await noteSigns(rig.repository, hub, town.now());
  const { claims, hooked } = await observeClaims(rig, hub);
  const orders = decide(replicaOf(rig.repository), claims, hooked);
  let acted = 0;
  for (const order of orders) {
    const id = 'bead' in order ? order.bead.id : order.claim.bead;
    acted += await guarded(town, rig, 'claims', async () => (await carryOut(town, rig, hub, order), 1), id);
  }
  await giveSign(town, rig, hub, claims.filter((claim) => hooked.some(({ bead }) => bead.id === claim.bead)));
  return acted;
}

/** A round over the claims of every rig whose ledger was just shared. One that fails holds up no other, and is answered. */
export function claimsRound(town: Town, shared: readonly Pick<SyncReport, 'name' | 'remote'>[]): Promise<LedgerFailure[]> {
  return forEachLedger(shared, async ({ name, remote }) => {
    const rig = town.rigs.find((each) => each.name === name);
    if (rig !== undefined) await claimsTick(town, rig, remote);
  });
}
