import { timeOf } from '../base/time.ts';
import { isDone, type Bead, type Beads } from '../domain/bead.ts';
import { counted, type Counted } from '../domain/detail.ts';
import { isReady, perhapsActive, readyOrder } from '../domain/ready.ts';
import { readCache, readCacheStart } from './cache-file.ts';
import { countCustom } from './custom-counts.ts';
import type { Difference } from './kept-difference.ts';
import type { Ledger } from './ledger.ts';
import { affecting, targetsOf, waitsAbroad, type ReadyHeader } from './live.ts';
import { referrersAt, type Referrer } from './projection.ts';
import { Loader } from './read.ts';
import { ask, PartialView } from './shards.ts';

/** More than so many beads to judge again are dearer than all of them. */
const few = 512;

/** The ready list at a commit from an older one and what has changed since: only beads that the change can concern are judged again. Undefined where that is too much. */
export async function patchReady(ledger: Ledger, header: ReadyHeader, commit: string, difference: Difference, limit: number): Promise<{ readonly header: ReadyHeader; readonly lines: readonly Counted[] } | undefined> {
  const ids = readCache(ledger, 'ready-ids');
  if (ids?.header.commit !== header.commit) return undefined;
  const referrers = await referrersAt(ledger, commit);
  const concerned = concernedBy(difference, referrers);
  if (concerned === undefined) return undefined;
  const view = new PartialView();
  const loader = new Loader(ledger, commit);
  try {
    const now = ledger.now();
    const unchanged = [...concerned].filter((id) => !isIn(difference, id));
    const judged = await ask(view, (wanted) => loader.load(view, wanted), (loaded) => {
      loaded.load(unchanged);
      const beads = since(loaded, difference, referrers);
      return [...concerned].flatMap((id) => beads.get(id) ?? []).filter((bead) => isReady(beads, bead, now, perhapsActive));
    });
    const fresh = judged.map((bead) => counted(bead, referrers(bead.id).length));
    const lost = [...concerned].filter((id) => ids.body.includes(`\n${id}\n`));
    const abroad = (header.foreign && header.custom === undefined) || [...difference.after.values()].some((bead) => !isDone(bead) && waitsAbroad(ledger, bead));
    const custom = abroad ? undefined : countCustom(header.custom, lost.flatMap((id) => difference.before.get(id) ?? view.get(id) ?? []), judged);
    const kept = (readCacheStart<ReadyHeader, Counted>(ledger, 'ready', limit + concerned.size)?.lines ?? []).filter(({ id }) => !concerned.has(id));
    const lines = [...kept, ...fresh].sort(readyOrder).slice(0, limit);
    return {
      header: {
        ...header,
        commit,
        ready: header.ready - lost.length + fresh.length,
        until: earliest([header.until, ...[...difference.after.values()].map((bead) => timeOf(bead.defer_until) ?? null)], now),
        foreign: abroad || custom !== undefined,
        custom,
      },
      lines: recounted(lines, difference, referrers),
    };
  } finally {
    await loader.close();
  }
}

function isIn({ before, after }: Difference, id: string): boolean {
  return before.has(id) || after.has(id);
}

/** A view in which what has changed is known already, and only what has not is asked for. */
function since(view: PartialView, difference: Difference, referrers: (id: string) => readonly Referrer[]): Beads {
  const get = (id: string): Bead | undefined => (isIn(difference, id) ? difference.after.get(id) : view.get(id));
  return {
    get,
    family: (root) => view.family(root),
    all: () => view.all(),
    referrers: (id) => {
      const found = referrers(id).map((referrer) => referrer.id);
      view.load(found.filter((each) => !isIn(difference, each)));
      return found.flatMap((each) => get(each) ?? []);
    },
  };
}

/** The beads whose readiness may differ: those that changed, those that have an affecting edge to one of these, those that wait for a parent of one, and all below any of them. */
function concernedBy({ before, after }: Difference, referrers: (id: string) => readonly Referrer[]): Set<string> | undefined {
  const concerned = new Set([...before.keys(), ...after.keys()]);
  for (const id of [...concerned]) {
    for (const referrer of referrers(id)) if (affecting.includes(referrer.type)) concerned.add(referrer.id);
    for (const parent of [...parentsOf(before.get(id)), ...parentsOf(after.get(id))]) {
      for (const referrer of referrers(parent)) if (referrer.type === 'waits-for') concerned.add(referrer.id);
    }
  }
  for (const id of concerned) {
    if (concerned.size > few) return undefined;
    for (const referrer of referrers(id)) if (referrer.type === 'parent-child') concerned.add(referrer.id);
  }
  return concerned;
}

function earliest(times: readonly (number | null)[], now: number): number | null {
  const later = times.filter((time) => time !== null).filter((time) => time > now);
  return later.length === 0 ? null : later.reduce((a, b) => Math.min(a, b));
}

function parentsOf(bead: Bead | undefined): string[] {
  return (bead?.dependencies ?? []).filter(({ type }) => type === 'parent-child').map(({ depends_on_id: id }) => id);
}

/** Beads that others have begun or ceased to point at are counted anew. */
function recounted(beads: readonly Counted[], { before, after }: Difference, referrers: (id: string) => readonly Referrer[]): Counted[] {
  const touched = new Set([...before.values(), ...after.values()].flatMap(targetsOf));
  return beads.map((bead) => (touched.has(bead.id) ? { ...bead, dependent_count: referrers(bead.id).length } : bead));
}
