import { CheckoutInUse, isClean, mayMove, moveCheckout, shows } from '../git/checkout.ts';
import { RefMoved, updateRefs } from '../git/refs.ts';
import { openRepository, type Repository } from '../git/repository.ts';
import { listWorktrees } from '../git/worktrees.ts';
import type { Rig } from '../town.ts';

/** The worktrees on this machine that have a branch checked out. */
async function checkoutsOf({ repository }: Rig, branch: string): Promise<Repository[]> {
  const worktrees = await listWorktrees(repository);
  return worktrees.filter((worktree) => worktree.branch === `refs/heads/${branch}` && !worktree.bare && !worktree.missing).map(({ path }) => openRepository(path));
}

/** Why a branch cannot be moved together with its checkouts, in words; undefined when it can, or nobody has it checked out. */
export async function whyStuck(rig: Rig, branch: string, from: string, to: string): Promise<string | undefined> {
  for (const checkout of await checkoutsOf(rig, branch)) {
    if (await shows(checkout, to)) continue;
    // What is not tracked stays where it is, and matters only where it is in the way.
    if (!(await isClean(checkout, { untracked: false }))) return `${checkout.worktree} has changes that are not committed`;
    if (!(await mayMove(checkout, from, to))) return `${checkout.worktree} has files that are not tracked where others would be written`;
  }
  return undefined;
}

/**
 * Moves a local branch forward, with every checkout of it, so that none is left behind a moved branch, where its owner's next commit would undo what came in. The
 * checkouts go first: killed in between, they show what the branch is about to have, and the next call goes on from there. Returns why it could not move. Throws RefMoved.
 */
export async function advanceBranch(rig: Rig, branch: string, from: string, to: string): Promise<string | undefined> {
  const stuck = await whyStuck(rig, branch, from, to);
  if (stuck !== undefined) return stuck;
  const checkouts = await checkoutsOf(rig, branch);
  const moved: Repository[] = [];
  try {
    for (const checkout of checkouts) {
      if (await shows(checkout, to)) continue;
      await moveCheckout(checkout, from, to);
      moved.push(checkout);
    }
    await updateRefs(rig.repository, [{ ref: `refs/heads/${branch}`, from, to }], { reflog: 'gt: land' });
    return undefined;
  } catch (error) {
    if (!(error instanceof RefMoved || error instanceof CheckoutInUse)) throw error;
    for (const checkout of moved) await moveCheckout(checkout, to, from);
    if (error instanceof RefMoved) throw error;
    return error.message;
  }
}
