import { closeSync, openSync, rmSync, statSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import type { Repository } from '../git/repository.ts';
import { readState, statePath } from '../ledger/ledger.ts';
import { isAlive, ownProcess, processStart, type ProcessIdentity } from '../sessions/processes.ts';
import { selfCommand, startDetached } from '../sessions/self.ts';
import type { Town } from '../town.ts';

const tickSlot = 'tick.json';
/** Bytes of who has the place: whoever comes next is written over it in one step. */
const ownerBytes = 128;
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
  const slot = takeSlot(repository);
  if (slot === undefined) return;
  try {
    const pid = startDetached(selfCommand(['tick']), { cwd: repository.worktree ?? repository.gitDir, inherited, log: logOf(town) });
    // Into the file that was taken: where the tick has given the place back already, this is read by nobody.
    writeOwner(slot, { pid, started: processStart(pid) ?? '' });
  } catch (error) {
    freeTick(town);
    throw error;
  } finally {
    closeSync(slot);
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

/** Takes the one place of a tick that waits, and answers its open file; undefined when another one has it. */
function takeSlot(repository: Repository): number | undefined {
  const path = statePath(repository, tickSlot);
  const self = ownProcess();
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    const slot = created(path);
    if (slot !== undefined) {
      writeOwner(slot, self);
      return slot;
    }
    const owner = readState<ProcessIdentity>(repository, tickSlot);
    if (owner !== undefined && isAlive(owner) !== false) return undefined;
    rmSync(path, { force: true });
  }
  return undefined;
}

function created(path: string): number | undefined {
  try {
    return openSync(path, 'wx');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined;
    throw error;
  }
}

function writeOwner(slot: number, owner: ProcessIdentity): void {
  writeSync(slot, JSON.stringify(owner).padEnd(ownerBytes), 0);
}

/** A tick that begins to look at the town gives the waiting place back: what happens from now on is the next one's to see. */
export function freeTick(town: Town): void {
  rmSync(statePath(town.hq.repository, tickSlot), { force: true });
}
