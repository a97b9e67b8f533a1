import { Refused } from '../base/errors.ts';
import { isClean } from '../git/checkout.ts';
import { readRef, readSymbolicRef } from '../git/refs.ts';
import { discover } from '../git/repository.ts';
import { consult } from '../ledger/read.ts';
import { rigAt, rigNamed, UnknownRig, type Rig, type Town } from '../town.ts';
import { find } from '../domain/bead.ts';
import { resolveId } from './resolve.ts';
import { UnknownCommit, type Offer } from './submit.ts';

/** What a person typed. */
export interface Asked {
  readonly rig: string | undefined;
  readonly branch: string | undefined;
  readonly bead: string | undefined;
  readonly target: string | undefined;
  readonly priority: number | undefined;
  readonly retry: boolean;
}

const ordinary = 2;

/** Works out what a person wants to land: the branch that they stand on, unless another one is named, on the rig's own target. */
export async function offerOf(town: Town, cwd: string, worker: string, asked: Asked): Promise<{ readonly rig: Rig; readonly offer: Offer; readonly uncommitted: boolean }> {
  const rig = asked.rig === undefined ? rigAt(town, cwd) : rigNamed(town, asked.rig);
  if (rig === undefined) throw new UnknownRig('', town);
  const here = discover(cwd);
  const standing = here?.worktree !== undefined && here.commonDir === rig.repository.commonDir ? here : undefined;
  const current = standing === undefined ? undefined : (await readSymbolicRef(standing, 'HEAD'))?.replace(/^refs\/heads\//, '');
  const branch = asked.branch ?? current;
  if (branch === undefined) throw new NoBranchNamed(cwd);
  const head = await readRef(rig.repository, `refs/heads/${branch}`);
  if (head === undefined) throw new UnknownCommit(branch);
  const source = asked.bead === undefined ? undefined : await resolveId(town, asked.bead, cwd);
  const priority = asked.priority ?? (source === undefined ? ordinary : await consult(rig.ledger, (view) => find(view, source).priority));
  const uncommitted = branch === current && standing !== undefined && !(await isClean(standing));
  return { rig, offer: { head, branch, target: asked.target ?? rig.target, source, worker, priority, retry: asked.retry }, uncommitted };
}

/** No branch was named, and the folder stands on none. */
export class NoBranchNamed extends Refused {
  readonly code = 'branch.none';
  constructor(cwd: string) {
    super(`${cwd} stands on no branch of a rig`, { cwd }, 'gt mq submit --branch <branch>');
  }
}
