import { Failure } from '../base/errors.ts';
import { parseAddress, type Address } from '../domain/address.ts';
import { rigNamed, type Town } from '../town.ts';
import { adopt } from './adopt.ts';
import { enterTown, type Asker } from './identity.ts';
import { prime, type Primer } from './prime.ts';
import { handStart, sessionAlive } from './session.ts';
import { readSession } from './session-record.ts';

/** Why a session could not be told what it should know. */
export interface Unprimed {
  readonly trouble: string;
  readonly hint: string | undefined;
}

/** What is told, and to a person also how to start the client that is missing. */
export interface Primed extends Primer {
  readonly start?: string | undefined;
}

/** Tells the session that asks what it should know. A client that a person started by hand in a worker's worktree is that worker's session from now on. */
export async function primeSession(asker: Asker, now: () => number, isPerson: boolean): Promise<Primed> {
  const { town, me } = await enterTown(asker, now);
  const agent = me.agent ?? parseAddress('overseer');
  await adopt(town, agent, me.session);
  const primer = await prime(town, agent);
  return isPerson ? { ...primer, start: missingClient(town, agent, primer) } : primer;
}

function missingClient(town: Town, agent: Address, { agent: name, bead }: Primer): string | undefined {
  if (agent.role !== 'polecat' || bead === undefined) return undefined;
  const rig = rigNamed(town, agent.rig);
  const known = readSession(rig, name);
  if (known !== undefined && sessionAlive(known) !== false) return undefined;
  return handStart(rig, name, String(bead.metadata?.['runtime']));
}

/** The same for a runtime's own hook: what it prints reaches the model only when it ends well, so that a failure is an answer too. */
export async function primeHook(asker: Asker, now: () => number): Promise<Primed | Unprimed> {
  try {
    return await primeSession(asker, now, false);
  } catch (error) {
    return { trouble: error instanceof Error ? error.message : String(error), hint: error instanceof Failure ? error.hint : undefined };
  }
}
