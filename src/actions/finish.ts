import { Usage } from '../base/errors.ts';
import { formatAddress, type Address } from '../domain/address.ts';
import { rigNamed, type Town } from '../town.ts';
import { done, type Done } from './done.ts';

/** `gt done` as a worker types it. Throws NoWorker for anybody else. */
export async function finish(town: Town, agent: Address | undefined, message: string | undefined, env: Readonly<Record<string, string | undefined>>): Promise<Done> {
  if (agent?.role !== 'polecat') throw new NoWorker(agent);
  return done(town, rigNamed(town, agent.rig), { agent: formatAddress(agent), bead: undefined, message, env });
}

/** Only workers have a hook to free. */
export class NoWorker extends Usage {
  readonly code = 'done.no-worker';
  constructor(agent: Address | undefined) {
    super(agent === undefined ? 'gt done is for workers, in their own worktree' : `gt done is for workers, and you are ${formatAddress(agent)}`, {}, 'gt mq submit --branch <branch> [--bead <bead>]');
  }
}
