import { enterTown, type Identity } from '../actions/identity.ts';
import { signatureOf, type Town } from '../town.ts';
import type { Context } from './command.ts';

/** Opens the town that the person stands in, and finds out who they are there. */
export async function enter(context: Context): Promise<{ town: Town; me: Identity; who: ReturnType<typeof signatureOf> }> {
  const { town, me } = await enterTown(context, context.now);
  return { town, me, who: signatureOf(town, me.actor, me.session) };
}
