import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { timestamp } from '../base/time.ts';
import { isFlaky, verdictOn, type Gate, type GateRun } from '../domain/gate.ts';
import { refineryOf } from '../domain/merge-request.ts';
import { addWorktree, listWorktrees, removeWorktree } from '../git/worktrees.ts';
import { appendEvent } from '../ledger/events.ts';
import { replicaOf, statePath } from '../ledger/ledger.ts';
import { readVerdicts, writeVerdict } from '../ledger/verdicts.ts';
import { runCommand, type GateResult } from '../sessions/gate.ts';
import type { Rig, Town } from '../town.ts';
import { gateEnvironment } from './queue.ts';

/** What is tested, and what with. */
export interface Trial {
  readonly gate: Gate;
  readonly commit: string;
  readonly tree: string;
  /** The request that it is about. */
  readonly request: string;
}

/** What a gate's process gets from ours. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a gate on a clean checkout of a commit, in a worktree that exists for this run only, and notes the verdict on the tree. Undefined when it was stopped, which
 * says nothing about the tree. The gate must be one that may run here.
 */
export async function runGate(town: Town, rig: Rig, trial: Trial, { env, signal }: Surroundings): Promise<(GateRun & { readonly flaky: boolean }) | undefined> {
  const { gate, commit, tree } = trial;
  if (gate.held !== undefined) throw new Error(gate.held);
  const mark = randomBytes(4).toString('hex');
  const folder = join(gateFolder(rig), `gate-${mark}`);
  const log = statePath(rig.repository, 'transcripts', 'gates', `${tree.slice(0, 12)}-${gate.name}-${mark}.log`);
  const started = timestamp(town.now());
  await addWorktree(rig.repository, folder, { startPoint: commit });
  let result: GateResult;
  try {
    result = await runCommand({ command: gate.command, cwd: folder, inherited: env, env: { CI: 'true' }, timeoutMs: gate.timeout, log, ...(signal === undefined ? {} : { abort: signal }) });
  } finally {
    await discard(rig, folder);
  }
  if (result.aborted) return undefined;
  const signer = refineryOf(rig.name);
  const run: GateRun = { verdict: verdictOf(result), started, milliseconds: result.milliseconds, tail: result.tail, signer: `${signer}@${replicaOf(rig.repository)}` };
  await writeVerdict(rig.repository, tree, gate, gateEnvironment, run, { name: signer, email: town.owner.email });
  const flaky = isFlaky(verdictOn(await readVerdicts(rig.repository, tree), gate, gateEnvironment));
  appendEvent(town.hq, { kind: 'gate.ran', agent: signer, subject: trial.request, data: { gate: gate.name, commit, tree, verdict: run.verdict, flaky, milliseconds: run.milliseconds, log } });
  return { ...run, flaky };
}

function verdictOf({ code, timedOut }: GateResult): GateRun['verdict'] {
  if (timedOut) return 'timeout';
  if (code === 0) return 'pass';
  return code === null ? 'unknown' : 'fail';
}

function gateFolder(rig: Rig): string {
  return join(rig.folder, 'refinery');
}

async function discard(rig: Rig, folder: string): Promise<void> {
  if ((await listWorktrees(rig.repository)).some(({ path }) => path === folder)) await removeWorktree(rig.repository, folder, { force: true });
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Removes the worktrees of gate runs that were killed. Only who holds the queue's lease may. */
export async function discardOldRuns(rig: Rig): Promise<void> {
  const folder = gateFolder(rig);
  const known = (await listWorktrees(rig.repository)).map(({ path }) => path).filter((path) => path.startsWith(join(folder, 'gate-')));
  const there = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('gate-')).map((name) => join(folder, name)) : [];
  for (const path of new Set([...known, ...there])) await discard(rig, path);
}
