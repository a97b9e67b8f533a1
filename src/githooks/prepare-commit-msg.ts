import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { commitTrailers } from '../actions/trailers.ts';
import { addTrailers } from '../domain/trailer.ts';
import { findTown } from '../town.ts';
import type { GitHookCall, Verdict } from './verdict.ts';

/** Git makes these messages out of others, which carry their own trailers. */
const composed: readonly (string | undefined)[] = ['merge', 'squash'];

/** Adds the bead and the agent to the message of an agent's commit. */
export async function prepareCommitMessage({ args: [file, source], cwd, env, now }: GitHookCall): Promise<Verdict> {
  const town = file === undefined || composed.includes(source) ? undefined : findTown(cwd, now);
  if (town === undefined || file === undefined) return undefined;
  const path = resolve(cwd, file);
  const before = readFileSync(path, 'utf8');
  const after = addTrailers(before, await commitTrailers(town, { cwd, env }));
  if (after !== before) writeFileSync(path, after);
  return undefined;
}
