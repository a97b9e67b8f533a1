import { prefixOf } from '../base/ids.ts';
import type { Beads } from '../domain/bead.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { ledgersOf, rigAt, rigNamed, type Town } from '../town.ts';

/** The ledgers that a question is about: of the rig that is named; else the whole town for `gt`, and the place where one stands for `bd`. */
export function ledgersAt(town: Town, cwd: string, program: 'gt' | 'bd', rig: string | undefined): Ledger[] {
  if (rig !== undefined) return [rig === 'hq' ? town.hq : rigNamed(town, rig).ledger];
  const standing = program === 'bd' ? rigAt(town, cwd)?.ledger : undefined;
  return standing === undefined ? ledgersOf(town) : [standing];
}

/** Several ledgers' beads as one view. */
export function joined(views: readonly { readonly ledger: Ledger; readonly beads: Beads }[]): Beads {
  const home = (id: string): Beads | undefined => views.find(({ ledger }) => prefixOf(id, ledger.prefixes) !== undefined)?.beads;
  return {
    get: (id) => home(id)?.get(id),
    family: (root) => home(root)?.family(root) ?? [],
    all: () => views.flatMap(({ beads }) => [...beads.all()]),
    referrers: (id) => views.flatMap(({ beads }) => [...(beads.referrers?.(id) ?? [])]),
  };
}
