import type { Counted } from '../domain/detail.ts';
import { explain } from '../domain/explaining.ts';
import { matches } from '../domain/matching.ts';
import type { Query } from '../domain/query.ts';
import { dependencyCycles } from '../domain/tree.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Town } from '../town.ts';
import { countedOf, isIn, liveTown } from './bead-judging.ts';
import { categoriesIn } from './custom-statuses.ts';

/** Why work is ready or not, by the field names that bd's readers expect. */
export interface Explanation {
  readonly ready: readonly (Counted & { readonly reason: string; readonly resolved_blockers: readonly string[] })[];
  readonly blocked: readonly (Counted & { readonly blocked_by: readonly { readonly id: string; readonly title: string; readonly status: string; readonly priority: number }[]; readonly blocked_by_count: number })[];
  /** The groups of beads that wait for one another. */
  readonly cycles: readonly (readonly string[])[];
  readonly summary: { readonly total_ready: number; readonly total_blocked: number; readonly cycle_count: number };
}

/** Says of the beads of some ledgers why each is ready or what it waits for, which wait for one another, and how many there are of each. */
export async function explainReadiness(town: Town, ledgers: readonly Ledger[], query: Query | undefined): Promise<Explanation> {
  const beads = await liveTown(town);
  const own = [...beads.all()].filter((bead) => isIn(ledgers, bead.id) && (query === undefined || matches(query, bead)));
  const { ready, blocked } = explain(beads, own, town.now(), await categoriesIn(town, ledgers, own));
  const cycles = dependencyCycles(beads).filter((ids) => ids.some((id) => isIn(ledgers, id)));
  const [free, waiting] = await Promise.all([ready, blocked].map((judged) => countedOf(ledgers, judged.map(({ bead }) => bead))));
  return {
    ready: ready.map(({ reason, resolved }, index) => ({ ...free![index]!, reason, resolved_blockers: resolved })),
    blocked: blocked.map(({ waiting: others }, index) => ({ ...waiting![index]!, blocked_by: others.map(({ id, title, status, priority }) => ({ id, title, status, priority })), blocked_by_count: others.length })),
    cycles,
    summary: { total_ready: ready.length, total_blocked: blocked.length, cycle_count: cycles.length },
  };
}
