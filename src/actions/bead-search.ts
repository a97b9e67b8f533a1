import type { Bead } from '../domain/bead.ts';
import { isNamed, orderBy, says } from '../domain/matching.ts';
import type { Query } from '../domain/query.ts';
import { attempt } from '../ledger/cache-file.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openSearch, type Search } from '../ledger/search.ts';
import { forgetTexts } from '../ledger/texts.ts';
import type { Town } from '../town.ts';
import type { Order, Page } from './bead-list.ts';

/** A page of what was found; where not all was looked at (`whole`), there are at least `total`. */
export type FoundPage = Page & { readonly whole: boolean };

/** The beads whose id a text is; else, where that can be nothing but an id, those whose id it begins; else those, and those that say it in title or description. Throws UnknownStatus. */
export async function searchBeads(town: Town, ledgers: readonly Ledger[], text: string, query: Query, order: Order): Promise<FoundPage> {
  return (await searchKept(town, ledgers, text, query, order)) ?? searchAll(town, ledgers, text, query, order);
}

/** Answers from what is kept for searches; undefined where that cannot be. */
async function searchKept(town: Town, ledgers: readonly Ledger[], text: string, query: Query, order: Order): Promise<FoundPage | undefined> {
  const searches: Search[] = [];
  try {
    for (const ledger of ledgers) {
      const search = await openSearch(ledger, text, query);
      if (search === undefined) return undefined;
      searches.push(search);
      if (query.statuses.length === 0 && search.custom) search.leaveOut(await hiddenStatuses(town, ledger));
    }
    const found = attempt(() => findIn(searches, text, order));
    if (found === undefined) for (const { ledger } of searches) forgetTexts(ledger);
    return found && { ...found, beads: await Promise.all(found.beads.map(({ bead, search }) => search.counted(bead))) };
  } finally {
    for (const search of searches) search.close();
  }
}

/** The statuses of a ledger whose beads lists leave out where none is named. */
async function hiddenStatuses(town: Town, ledger: Ledger): Promise<string[]> {
  const { customStatusesOf, isHidden } = await import('./custom-statuses.ts');
  return (await customStatusesOf(town, ledger)).filter(({ category }) => isHidden(category)).map(({ name }) => name);
}

function findIn(searches: readonly Search[], text: string, { sort, reverse, limit }: Order): Omit<FoundPage, 'beads'> & { readonly beads: readonly { readonly bead: Bead; readonly search: Search }[] } {
  const manner = searches.some((search) => search.has('called')) ? 'called' : isLikeId(text) && searches.some((search) => search.has('named')) ? 'named' : 'saying';
  const found = searches.map((search) => ({ search, ...search.find(manner, sort === 'priority' && !reverse ? limit : Infinity) }));
  const compare = orderBy(sort);
  const beads = found.flatMap((each) => each.beads.map((bead) => ({ bead, search: each.search }))).sort((a, b) => compare(a.bead, b.bead));
  if (reverse) beads.reverse();
  return { total: found.reduce((sum, { total }) => sum + total, 0), whole: found.every(({ whole }) => whole), beads: beads.slice(0, limit) };
}

/** Answers from all beads that a query asks for. */
async function searchAll(town: Town, ledgers: readonly Ledger[], text: string, query: Query, order: Order): Promise<FoundPage> {
  const [{ beadsLike }, { countedOf }] = await Promise.all([import('./bead-list.ts'), import('./bead-judging.ts')]);
  const found = meant(await beadsLike(town, ledgers, query, order), text);
  return { total: found.length, whole: true, beads: await countedOf(ledgers, found.slice(0, order.limit)) };
}

function meant(beads: readonly Bead[], text: string): readonly Bead[] {
  const named = beads.filter((bead) => isNamed(bead, text));
  const called = named.filter(({ id }) => id === text);
  if (called.length > 0) return called;
  return isLikeId(text) && named.length > 0 ? named : beads.filter((bead) => isNamed(bead, text) || says(bead, text));
}

/** Whether a text is written as ids are. */
function isLikeId(text: string): boolean {
  return text.includes('-') && /^[a-z0-9-]+$/.test(text);
}
