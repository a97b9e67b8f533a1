import { existsSync } from 'node:fs';
import { Refused } from '../base/errors.ts';
import { parseAddress } from '../domain/address.ts';
import { onHook } from '../domain/agent.ts';
import { appendEvent } from '../ledger/events.ts';
import { liveBeads } from '../ledger/projection.ts';
import { consult } from '../ledger/read.ts';
import { phaseOf } from '../ledger/stored.ts';
import { openRepository } from '../git/repository.ts';
import { commitWorktree } from '../git/snapshot.ts';
import { gitText } from '../git/run.ts';
import { unlockWorktree } from '../git/worktrees.ts';
import { signatureOf, workerFolder, type Rig, type Town } from '../town.ts';
import { targetTip } from './dispatch.ts';
import { submitRequest } from './submit.ts';
import { startOfWork } from './worker.ts';
import { poke } from './poke.ts';

/** Who is done, with what. */
export interface Doing {
  readonly agent: string;
  /** The bead on the agent's hook; found by itself where it is not said. */
  readonly bead: string | undefined;
  /** The message of the commit that takes in left-overs. */
  readonly message: string | undefined;
  /** What a process that is woken by this inherits. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Done {
  readonly bead: string;
  readonly request: string;
  readonly head: string;
  /** The commit that took in what was not committed yet. */
  readonly leftovers: string | undefined;
  /** Why the hub does not know of the request yet; the queue brings it there. Undefined when it does, or there is none. */
  readonly unpublished: string | undefined;
}

/**
 * Finishes the work on a worker's hook: commits what is left over on its branch, submits the merge request, and only then frees the hook.
 * Done twice, it is done once. Throws NothingOnHook and NothingDone.
 */
export async function done(town: Town, rig: Rig, doing: Doing): Promise<Done> {
  const address = parseAddress(doing.agent);
  if (address.role !== 'polecat') throw new NothingOnHook(doing.agent);
  const folder = workerFolder(rig, address.name);
  const id = doing.bead ?? onHook(await liveBeads(rig.ledger), doing.agent)?.id;
  if (id === undefined || !existsSync(folder)) throw new NothingOnHook(doing.agent);
  const stored = await consult(rig.ledger, (view) => view.stored(id));
  if (stored === undefined || stored.bead.status !== 'hooked' || stored.bead.assignee !== doing.agent) throw new NothingOnHook(doing.agent);
  const worktree = openRepository(folder);
  const branch = await gitText(worktree, ['symbolic-ref', '--short', 'HEAD'], { worktree: true });
  const leftovers = await commitWorktree(worktree, {
    message: `${doing.message ?? stored.bead.title}\n\nBead: ${id}\nAgent: ${doing.agent}\n`,
    author: { name: doing.agent, email: town.owner.email, epochSeconds: Math.floor(town.now() / 1000), zone: '+0000' },
  });
  const head = await gitText(worktree, ['rev-parse', '--verify', 'HEAD'], { worktree: true });
  const ahead = await gitText(rig.repository, ['rev-list', '--count', head, `^${startOfWork(rig, address.name) ?? (await targetTip(rig))}`]);
  if (ahead === '0') throw new NothingDone(id, branch);
  const request = await submitRequest(town, rig, { head, branch, target: rig.target, source: id, token: phaseOf(stored)[0], worker: doing.agent, priority: stored.bead.priority }, signatureOf(town, doing.agent));
  unlockWorktree(folder);
  appendEvent(town.hq, { kind: 'work.done', agent: doing.agent, subject: id, data: { request: request.id, head } });
  poke(town, doing.env);
  return { bead: id, request: request.id, head, leftovers, unpublished: request.unpublished };
}

/** Nothing hangs on the agent's hook. */
export class NothingOnHook extends Refused {
  readonly code = 'hook.empty';
  constructor(agent: string) {
    super(`nothing hangs on the hook of ${agent}`, { agent }, 'gt hook');
  }
}

/** The branch has nothing that the target has not. */
export class NothingDone extends Refused {
  readonly code = 'work.nothing-done';
  constructor(bead: string, branch: string) {
    super(`${branch} has no commits and no changes of its own, so there is nothing to submit for ${bead}`, { bead, branch }, `commit the work and run gt done again, or give the bead back: gt unsling ${bead}`);
  }
}
