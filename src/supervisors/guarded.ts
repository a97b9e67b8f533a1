import { Busy, Failure } from '../base/errors.ts';
import { appendEvent } from '../ledger/events.ts';
import type { Rig, Town } from '../town.ts';

/** What each patrol last failed with in this process, so that one failure is told once. */
const told = new Map<string, string>();

/** Runs a patrol, or the part of it that is about one bead; when it fails, that is told in the event log, once until it changes, and the others go on. */
export async function guarded(town: Town, rig: Rig | undefined, name: string, round: () => Promise<number>, bead?: string): Promise<number> {
  const key = `${town.root} ${rig?.name ?? ''} ${name} ${bead ?? ''}`;
  try {
    const acted = await round();
    told.delete(key);
    return acted;
  } catch (error) {
    if (error instanceof Busy) return 0;
    const [code, message] = error instanceof Failure ? [error.code, error.message] : ['bug', error instanceof Error ? (error.stack ?? error.message) : String(error)];
    if (told.get(key) === message) return 0;
    told.set(key, message);
    appendEvent(town.hq, { kind: 'patrol.failed', agent: name, ...(rig === undefined ? {} : { subject: bead ?? rig.name }), data: { code, message } });
    return 0;
  }
}
