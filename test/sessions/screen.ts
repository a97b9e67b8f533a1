import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, SessionHandle } from '../../src/sessions/session.ts';

/** What the client's screen shows when it waits for work, and when it waits for an answer that only a person should give. */
const prompt = /^❯[\s\u00a0]*$/m;
const dialog = /trust this folder|Yes, I accept|Choose the text style|Do you want to use this API key/;

/** Waits until an interactive client takes text. `asks`: it stands at a question for a person; `late`: it was neither within the time. */
export async function untilReady(backend: Backend, handle: SessionHandle, withinMs = 20_000): Promise<'ready' | 'asks' | 'dead' | 'late'> {
  const end = performance.now() + withinMs;
  for (;;) {
    if ((await backend.observe(handle)) === 'dead') return 'dead';
    const screen = await backend.peek(handle, 60);
    if (dialog.test(screen)) return 'asks';
    if (prompt.test(screen)) return 'ready';
    if (performance.now() > end) return 'late';
    await sleep(100);
  }
}
