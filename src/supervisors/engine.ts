import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openTown, type Rig, type Town } from '../town.ts';
import { queueRefs } from '../actions/queue-refs.ts';
import { Busy } from '../base/errors.ts';
import { timestamp } from '../base/time.ts';
import { openRequests } from '../domain/merge-request.ts';
import { appendEvent } from '../ledger/events.ts';
import { readState, stateFolder, statePath, writeState } from '../ledger/ledger.ts';
import { acquire, LockBusy, type LockOwner } from '../ledger/lock.ts';
import { liveBeads } from '../ledger/projection.ts';
import { watchRefs } from '../ledger/watch.ts';
import { guarded } from './guarded.ts';
import { patrol } from './patrol.ts';
import { refineryTick } from './refinery.ts';
import { keepSharing } from './sharing.ts';

/** What the engine of a town says of itself. */
export interface EngineState extends LockOwner {
  readonly since: string;
}

const tickMilliseconds = 30_000;
const settleMilliseconds = 15;
const farewellMilliseconds = 2_000;
export const engineFile = 'engine.json';

/** The engine of a town that is alive; undefined where none is. */
export function engineOf(town: Town): EngineState | undefined {
  const state = readState<EngineState>(town.hq.repository, engineFile);
  return state !== undefined && town.hq.liveness.isAlive(state) !== false ? state : undefined;
}

/**
 * Runs all patrols of a town until `signal` aborts: at once, whenever a ref moves or somebody pokes, and every half minute. Nothing depends on its memory: killed at any moment and started again, it goes on where the facts are.
 * Throws EngineRuns where the town has one already.
 */
export async function runEngine(root: string, now: () => number, env: Readonly<Record<string, string | undefined>>, signal: AbortSignal, report: (line: string) => void): Promise<void> {
  const first = openTown(root, now);
  const release = await takeLease(first);
  writeState(first.hq.repository, { ...first.hq.liveness.self, since: timestamp(now()) }, engineFile);
  appendEvent(first.hq, { kind: 'engine.started' });
  const bell = new Bell(signal);
  const queues = new Map<string, Promise<void>>();
  let failure: Error | undefined;
  const sharing = keepSharing(root, now, signal).catch((error: unknown) => {
    failure = error instanceof Error ? error : new Error(String(error));
    bell.ring();
  });
  let watched = '';
  let unwatch = async (): Promise<void> => undefined;
  try {
    while (!signal.aborted) {
      if (failure !== undefined) throw failure;
      const town = openTown(root, now);
      const repositories = [...new Map([town.hq, ...town.rigs.map((rig) => rig.ledger)].map(({ repository }) => [repository.commonDir, repository])).values()];
      const key = repositories.map(({ commonDir }) => commonDir).join('\n');
      if (key !== watched) {
        await unwatch();
        unwatch = watchRefs(repositories, () => bell.ring());
        watched = key;
      }
      await patrol(town, env);
      for (const rig of town.rigs) {
        if (queues.has(rig.name)) continue;
        const work = guarded(town, rig, 'refinery', () => landWaiting(town, rig, env, signal, report))
          .then((steps) => (steps > 0 ? bell.ring() : undefined))
          .finally(() => queues.delete(rig.name));
        queues.set(rig.name, work);
      }
      await bell.wait(tickMilliseconds);
    }
  } finally {
    await unwatch();
    await Promise.allSettled(queues.values());
    // A remote that does not answer keeps nobody from going down.
    await Promise.race([sharing, sleep(farewellMilliseconds, undefined, { ref: false })]);
    appendEvent(first.hq, { kind: 'engine.stopped' });
    rmSync(`${stateFolder(first.hq.repository)}/${engineFile}`, { force: true });
    await release();
  }
}

/** Works on the queue of a rig where anything waits in it; otherwise nothing is asked, least of all the hub. */
async function landWaiting(town: Town, rig: Rig, env: Readonly<Record<string, string | undefined>>, signal: AbortSignal, progress: (line: string) => void): Promise<number> {
  if (openRequests(await liveBeads(rig.ledger)).length === 0 && (await queueRefs(rig)).length === 0) return 0;
  return (await refineryTick(town, rig, { env, signal, progress })).steps;
}

async function takeLease(town: Town): Promise<() => Promise<void>> {
  try {
    return await acquire(statePath(town.hq.repository, 'leases', 'engine'), town.hq.liveness, 1_000);
  } catch (error) {
    if (error instanceof LockBusy) throw new EngineRuns(engineOf(town));
    throw error;
  }
}

/** Wakes one sleeper; rings that come together are one. */
class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.ring());
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  async wait(milliseconds: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resume) => {
        const timer = setTimeout(resume, milliseconds);
        this.#wake = () => {
          clearTimeout(timer);
          setTimeout(resume, settleMilliseconds);
        };
      });
    }
    this.#wake = undefined;
    this.#rung = false;
  }
}

/** The town has an engine already. */
export class EngineRuns extends Busy {
  readonly code = 'engine.runs';
  constructor(engine: EngineState | undefined) {
    super(engine === undefined ? 'another engine runs this town' : `the engine runs already, as process ${engine.pid}`, { engine }, 'gt status, or gt down');
  }
}
