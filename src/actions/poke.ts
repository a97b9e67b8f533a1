import { rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import type { Repository } from '../git/repository.ts';
import { createFile, readState, statePath, writeState } from '../ledger/ledger.ts';
import { isAlive, ownProcess, processStart, type ProcessIdentity } from '../sessions/processes.ts';
import { selfCommand, startDetached } from '../sessions/self.ts';
import type { Town } from '../town.ts';

const tickSlot = 'tick.json';
const logLimit = 1 << 20;

/**
 * Wakes whoever moves the town on: its engine, or where none is alive one tick of all patrols in a process of its own. Pokes that come while a tick still waits are one; the
 * place of the one that waits is the poker's until the tick is started, then the tick's: that of a dead process is free.
 */
export function poke(town: Town, inherited: Readonly<Record<string, string | undefined>>): void {
  const { repository } = town.hq;
  touch(statePath(repository, 'poke'), town.now());
  const engine = readState<ProcessIdentity>(repository, 'engine.json');
  if (engine !== undefined && isAlive(engine) !== false) return;
  if (!takeSlot(repository)) return;
  try {
    const pid = startDetached(selfCommand(['tick']), { cwd: repository.worktree ?? repository.gitDir, inherited, log: logOf(town) });
    if (hasSlot(repository)) writeState(repository, { pid, started: processStart(pid) ?? '' } satisfies ProcessIdentity, tickSlot);
  } catch (error) {
    freeTick(town);
    throw error;
  }
}

/** What ticks say is for looking into troubles: it begins anew when it has grown. */
function logOf(town: Town): string {
  const path = statePath(town.hq.repository, 'tick.log');
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > logLimit) rmSync(path, { force: true });
  return path;
}

function touch(path: string, now: number): void {
  writeFileSync(path, '', { flag: 'a' });
  utimesSync(path, now / 1000, now / 1000);
}

/** Takes the one place of a tick that waits; false when another one has it. */
function takeSlot(repository: Repository): boolean {
  const path = statePath(repository, tickSlot);
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    if (createFile(path, JSON.stringify(ownProcess()))) return true;
    const owner = readState<ProcessIdentity>(repository, tickSlot);
    if (owner !== undefined && isAlive(owner) !== false) return false;
    rmSync(path, { force: true });
  }
  return false;
}

function hasSlot(repository: Repository): boolean {
  const owner = readState<ProcessIdentity>(repository, tickSlot);
  return owner?.pid === process.pid && owner.started === processStart(process.pid);
}

/** A tick that begins to look at the town gives the waiting place back: what happens from now on is the next one's to see. */
export function freeTick(town: Town): void {
  rmSync(statePath(town.hq.repository, tickSlot), { force: true });
}

/** Whether a tick that has looked must look again: its poker was so slow to hand the place over that the tick had given it back before. */
export function mustTickAgain({ hq: { repository } }: Town): boolean {
  return hasSlot(repository);
}
