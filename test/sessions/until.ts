import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something holds; throws when it does not come true in time. */
export async function until(holds: () => boolean | Promise<boolean>, milliseconds = 5_000): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${milliseconds} ms: ${String(holds)}`);
    await sleep(10);
  }
}
