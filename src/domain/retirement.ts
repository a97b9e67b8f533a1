/** Another clone, as a fetch from a hub shows it. */
export interface Sight {
  readonly replica: string;
  /** What moves while the clone lives. */
  readonly sign: string;
  /** Whether the common ledger holds what the clone's does not: who lives and shares takes that in. */
  readonly behind: boolean;
}

/** What this clone has seen of another one. */
export interface Seen {
  readonly sign: string;
  /** Milliseconds that it has lagged behind without a sign, counted while this clone looked. */
  readonly silent: number;
  /** When it was first seen so, in milliseconds since 1970 by this clone's clock. */
  readonly since: number;
}

/** What this clone has seen of all the others on a hub. */
export interface Watch {
  /** When it looked last, in milliseconds since 1970 by this clone's clock. */
  readonly at: number;
  readonly seen: Readonly<Record<string, Seen>>;
}

const day = 86_400_000;

/** How long a clone has to be silent before its ref is retired. */
export const retiredAfter = 30 * day;

/**
 * What is known after another look (milliseconds since 1970). Nobody's clock is believed, this clone's own neither: what it says to have gone by between two looks counts as a day at most, back as well
 * as forth, so a clock that jumps for years retires nobody, nor one that jumps to and fro, and what others write of their time says nothing. A clone that has all that the common ledger holds may be
 * waiting for news, so its silence counts for nothing.
 */
export function watched(before: Watch | undefined, sights: readonly Sight[], now: number): Watch {
  const step = before === undefined ? 0 : Math.max(-day, Math.min(day, now - before.at));
  const seen = sights.map(({ replica, sign, behind }): [string, Seen] => {
    const known = before?.seen[replica];
    return [replica, behind && known?.sign === sign ? { ...known, silent: Math.max(0, known.silent + step) } : { sign, silent: 0, since: now }];
  });
  return { at: now, seen: Object.fromEntries(seen) };
}

/** The clones that have been silent for so long that nobody waits for them. */
export function overdue({ seen }: Watch): string[] {
  return Object.entries(seen).flatMap(([replica, { silent }]) => (silent > retiredAfter ? [replica] : []));
}
