import { rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { readState, statePath, writeState } from '../ledger/ledger.ts';
import { isAlive, ownProcess, type ProcessIdentity } from '../sessions/processes.ts';
import { selfCommand, startDetached } from '../sessions/self.ts';
import type { Town } from '../town.ts';

const tickSlot = 'tick.json';
/** How long a tick may take to say that it runs, in milliseconds. */
const startPatience = 3_000;
const logLimit = 1 << 20;

/** Wakes whoever moves the town on: its engine, or where none is alive one tick of all patrols in a process of its own. Pokes that come while a tick still waits are one. */
export function poke(town: Town, inherited: Readonly<Record<string, string | undefined>>): void {
  const { repository } = town.hq;
  touch(statePath(repository, 'poke'), town.now());
  const engine = readState<ProcessIdentity>(repository, 'engine.json');
  if (engine !== undefined && isAlive(engine) !== false) return;
  if (!takeSlot(town)) return;
  try {
    startDetached(selfCommand(['tick']), { cwd: repository.worktree ?? repository.gitDir, inherited, log: logOf(town) });
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
function takeSlot(town: Town): boolean {
  const path = statePath(town.hq.repository, tickSlot);
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    try {
      writeFileSync(path, JSON.stringify(ownProcess()), { flag: 'wx' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = readState<ProcessIdentity>(town.hq.repository, tickSlot);
    const age = town.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age < startPatience || (owner !== undefined && isAlive(owner) !== false)) return false;
    rmSync(path, { force: true });
  }
  return false;
}

/** A tick that starts says that the waiting place is its own. */
export function holdTick(town: Town): void {
  writeState(town.hq.repository, ownProcess(), tickSlot);
}

/** A tick that begins to look at the town gives the waiting place back: what happens from now on is the next one's to see. */
export function freeTick(town: Town): void {
  rmSync(statePath(town.hq.repository, tickSlot), { force: true });
}
