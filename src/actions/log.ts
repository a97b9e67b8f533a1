import { readEvents, type TownEvent } from '../ledger/events.ts';
import { timeOf } from '../base/time.ts';
import type { Town } from '../town.ts';

const searched = 100_000;

/** The newest events that fit, oldest first. `since` is in milliseconds since 1970. */
export async function eventLog(town: Town, { agent, subject, kind, since, limit }: { readonly agent?: string | undefined; readonly subject?: string | undefined; readonly kind?: string | undefined; readonly since?: number | undefined; readonly limit: number }): Promise<TownEvent[]> {
  const events = await readEvents(town.hq, agent === undefined && subject === undefined && kind === undefined && since === undefined ? limit : searched);
  const fits = (event: TownEvent): boolean =>
    (agent === undefined || event.agent === agent) && (subject === undefined || event.subject === subject) && (kind === undefined || event.kind.startsWith(kind)) && (since === undefined || (timeOf(event.at) ?? 0) >= since);
  return events.filter(fits).slice(-limit);
}
