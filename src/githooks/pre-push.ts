import { whoAmI } from '../actions/identity.ts';
import { carryAlong } from '../actions/sync.ts';
import { findTown, rigAt, type Town } from '../town.ts';
import type { GitHookCall, Verdict } from './verdict.ts';

/** Keeps a worker from pushing to the branch that work lands on, or into the merge queue; what people push is their own affair. The ledger goes along with what may be pushed. */
export async function prePush(call: GitHookCall): Promise<Verdict> {
  const { args: [remote = ''], cwd, now, say } = call;
  const town = findTown(cwd, now);
  if (town === undefined) return undefined;
  const refusal = await refuse(town, call);
  if (refusal !== undefined) return refusal;
  const trouble = await carryAlong(town, cwd, remote);
  if (trouble !== undefined) say(trouble);
  return undefined;
}

async function refuse(town: Town, { cwd, env, input }: GitHookCall): Promise<Verdict> {
  const rig = rigAt(town, cwd);
  if (rig === undefined || !(await isWorker())) return undefined;
  const pushed = input().split('\n').flatMap((line) => line.split(' ')[2] ?? []);
  const target = pushed.find((ref) => ref === `refs/heads/${rig.target}`);
  const queue = pushed.find((ref) => ref.startsWith('refs/heads/mq/'));
  if (target !== undefined) return { reason: `work lands on ${rig.target} through the merge queue, so a worker does not push there`, hint: 'gt done (submits what you have committed)' };
  if (queue !== undefined) return { reason: `${queue} belongs to the merge queue`, hint: 'gt done (submits what you have committed)' };
  return undefined;

  async function isWorker(): Promise<boolean> {
    const { agent } = await whoAmI(town, { cwd, env });
    return agent?.role === 'polecat' || /(^|\/)polecats?(\/|$)/.test(env['GT_ROLE'] ?? '');
  }
}
