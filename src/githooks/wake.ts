import { poke } from '../actions/poke.ts';
import { findTown } from '../town.ts';
import type { GitHookCall, Verdict } from './verdict.ts';

/** Wakes the town after a commit, a merge, a checkout, or a ref of its own that moved. */
export async function wake({ cwd, env, now }: GitHookCall): Promise<Verdict> {
  const town = findTown(cwd, now);
  if (town !== undefined) poke(town, env);
  return undefined;
}
