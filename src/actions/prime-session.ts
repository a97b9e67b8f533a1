import { Failure } from '../base/errors.ts';
import { parseAddress } from '../domain/address.ts';
import { openTown } from '../town.ts';
import { adopt } from './adopt.ts';
import { whoAmI, type Asker } from './identity.ts';
import { prime, type Primer } from './prime.ts';

/** Why a session could not be told what it should know. */
export interface Unprimed {
  readonly trouble: string;
  readonly hint: string | undefined;
}

/** Tells the session that asks what it should know. A client that a person started by hand in a worker's worktree is that worker's session from now on. */
export async function primeSession(asker: Asker, now: () => number): Promise<Primer> {
  const town = openTown(asker.cwd, now);
  const me = await whoAmI(town, asker);
  const agent = me.agent ?? parseAddress('overseer');
  await adopt(town, agent, me.session);
  return prime(town, agent);
}

/** The same for a runtime's own hook: what it prints reaches the model only when it ends well, so that a failure is an answer too. */
export async function primeHook(asker: Asker, now: () => number): Promise<Primer | Unprimed> {
  try {
    return await primeSession(asker, now);
  } catch (error) {
    return { trouble: error instanceof Error ? error.message : String(error), hint: error instanceof Failure ? error.hint : undefined };
  }
}
