import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { mainRef } from '../../../src/ledger/ledger.ts';
import { MemoryGit, memoryRepository } from './memory-git.ts';
import { drawing, Random } from '../../helpers/random.ts';
import { everything, git } from './room.ts';
import { Steps, stepwise } from './steps.ts';
import { perform } from './turn.ts';
import type { Stage } from './world.ts';

/** From now on nothing waits: in a process where all is decided by a seed, time is no matter. */
export function neverWait(): void {
  const later = setTimeout;
  const soon = (run: () => void): NodeJS.Timeout => later(run, 0);
  Object.assign(globalThis, { setTimeout: soon, setInterval: () => ({ unref: () => undefined }) });
}

/** Clones in this process: git is maps, a process is a call, and to kill it is never to go on with it. */
export function inMemory(folder: string): Stage {
  const place = (clone: number | string): string => join(folder, `${clone}`);
  const memory = new MemoryGit(place('hub'));
  /** By git directory: who runs there; the last one while the others wait. */
  const running = new Map<string, Steps[]>();
  const living = new Set<number>();
  const own = new Steps(undefined, true, () => Promise.reject(new Error('nobody kills who looks on')), async () => undefined);
  const steps = stepwise(memory, ({ commonDir }) => running.get(commonDir)?.at(-1) ?? own);
  for (const name of everything) Object.assign(git, { [name]: memory[name] });
  Object.assign(git, steps);
  return {
    hub: memoryRepository(place('hub')),
    make: async (clone) => {
      mkdirSync(place(clone), { recursive: true });
      return memoryRepository(place(clone));
    },
    copy: async (from, to) => {
      cpSync(place(from), place(to), { recursive: true });
      memory.copy(place(from), place(to));
      return memoryRepository(place(to));
    },
    run: async (turn, overtake) => {
      const repository = memoryRepository(place(turn.clone));
      let kill: (outcome: undefined) => void;
      const killed = new Promise<undefined>((resume) => (kill = resume));
      const process = new Steps(turn.fault, turn.online, () => (kill(undefined), new Promise(() => undefined)), overtake);
      const stack = running.get(repository.commonDir) ?? [];
      running.set(repository.commonDir, stack);
      stack.push(process);
      living.add(turn.number);
      const foretold = crypto.getRandomValues;
      crypto.getRandomValues = drawing(new Random(turn.number));
      try {
        return { outcome: await Promise.race([perform(turn, { repository, ref: mainRef, prefixes: ['gt'], liveness: { self: { pid: turn.number, started: '' }, isAlive: ({ pid }) => living.has(pid) }, now: () => turn.now }), killed]), struck: process.struck };
      } finally {
        stack.pop();
        living.delete(turn.number);
        crypto.getRandomValues = foretold;
      }
    },
    check: async () => [],
  };
}
