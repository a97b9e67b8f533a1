import { prefixOf } from '../base/ids.ts';
import type { Bead } from '../domain/bead.ts';
import { categoriesBy, customStatuses, type Category, type CategoryOf, type CustomStatus } from '../domain/status.ts';
import { countCustom, customReady, type CustomCounts } from '../ledger/custom-counts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openPage, type OpenPage } from '../ledger/open-page.ts';
import { readyBeads } from '../ledger/projection.ts';
import type { Town } from '../town.ts';
import type { Page } from './bead-list.ts';
import { settings } from './settings.ts';

/** What is set for a ledger's rig, or for the town itself. */
export function settingsOf(town: Town, { repository }: Ledger): Promise<Readonly<Record<string, unknown>>> {
  return settings(town, town.rigs.find((rig) => rig.repository.commonDir === repository.commonDir));
}

/** The statuses that the settings of a ledger's rig, or of the town itself, add. */
export async function customStatusesOf(town: Town, ledger: Ledger): Promise<CustomStatus[]> {
  return customStatuses(await settingsOf(town, ledger));
}

/** Answers the categories of some ledgers' beads; the settings are read only where one of the beads has a status that not everybody has. */
export async function categoriesIn(town: Town, ledgers: readonly Ledger[], beads: Iterable<Bead>): Promise<CategoryOf | undefined> {
  if (countCustom(undefined, [], beads) === undefined) return undefined;
  const known = await Promise.all(ledgers.map(async (ledger) => ({ prefixes: ledger.prefixes, categoryOf: categoriesBy(await customStatusesOf(town, ledger)) })));
  return (bead) => known.find(({ prefixes }) => prefixOf(bead.id, prefixes) !== undefined)?.categoryOf(bead);
}

/** Whether lists of what there is to do leave out beads of a category. */
export function isHidden(category: Category | undefined): boolean {
  return category === 'done' || category === 'frozen';
}

/** By ledger the first ready beads, of those with a status that the settings add the active ones; undefined for a ledger of which more has to be judged. */
export function readyPages(town: Town, ledgers: readonly Ledger[], limit: number): Promise<(Page | undefined)[]> {
  return Promise.all(ledgers.map(async (ledger) => {
    // What is kept is brought up to date first.
    await readyBeads(ledger, 0);
    const custom = await customReady(ledger);
    return custom === 'unknown' ? undefined : belonging(town, ledger, custom, (category) => category === 'active', limit, (count) => readyBeads(ledger, count));
  }));
}

/** By ledger the first of all open work, without what the settings keep out of it; undefined for a ledger of which not enough is kept. */
export function shownPages(town: Town, ledgers: readonly Ledger[], pages: readonly (OpenPage | undefined)[], limit: number): Promise<(Page | undefined)[]> {
  return Promise.all(ledgers.map(async (ledger, index) => {
    const page = pages[index];
    return page && belonging(town, ledger, page.custom, (category) => !isHidden(category), limit, (count) => openPage(ledger, count));
  }));
}

/** The first `limit` beads of a list that belong there: as many more are read as do not. */
async function belonging(town: Town, ledger: Ledger, custom: CustomCounts, belongs: (category: Category | undefined) => boolean, limit: number, read: (count: number) => Promise<Page | undefined>): Promise<Page | undefined> {
  const categoryOf = categoriesBy(custom === undefined ? [] : await customStatusesOf(town, ledger));
  const others = Object.entries(custom ?? {}).filter(([status]) => !belongs(categoryOf({ status })));
  const count = others.reduce((sum, [, each]) => sum + each, 0);
  const list = await read(limit + count);
  return list && { total: list.total - count, beads: list.beads.filter(({ status }) => !others.some(([other]) => other === status)).slice(0, limit) };
}
