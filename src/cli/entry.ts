import { whoAmI } from '../actions/identity.ts';
import { openTown, signatureOf, type Town } from '../town.ts';
import type { Context } from './command.ts';

/** Opens the town that the person stands in, and finds out who they are there. */
export async function enter(context: Context): Promise<{ town: Town; me: Awaited<ReturnType<typeof whoAmI>>; who: ReturnType<typeof signatureOf> }> {
  const town = openTown(context.cwd, context.now);
  const me = await whoAmI(town, context);
  return { town, me, who: signatureOf(town, me.actor, me.session) };
}
