import { Refused } from '../base/errors.ts';
import { find, renamedTo, type Bead, type Beads } from './bead.ts';
import { IdTaken } from './content.ts';
import { checkId } from './field.ts';

/** The setting of a ledger that says what its new ids begin with, once that was changed. */
export const prefixSetting = { name: 'ids', key: 'prefix' } as const;

/** A bead that gets another id. */
export interface Move {
  readonly id: string;
  readonly from: string;
}

/**
 * Gives a bead another id, and its hierarchical children with it. An id that it had before may come back; what is so already changes nothing.
 * Throws UnknownBead, BadId, IdTaken and BeadHandedOut.
 */
export function rename(beads: Beads, id: string, to: string): Move[] {
  find(beads, id);
  checkId(to);
  if (id === to) return [];
  return beads.family(id).filter((bead) => bead.id === id || bead.id.startsWith(`${id}.`)).flatMap((bead) => movedTo(beads, bead, `${to}${bead.id.slice(id.length)}`, `gt rename ${id} ${to}`));
}

/** Gives all beads of these prefixes another one. Throws IdTaken and BeadHandedOut. */
export function renamePrefix(beads: Beads, from: string, to: string): Move[] {
  return [...beads.all()].filter(({ id }) => id.startsWith(`${from}-`)).flatMap((bead) => movedTo(beads, bead, `${to}${bead.id.slice(from.length)}`, `gt rename-prefix ${to} --from ${from}`));
}

/** `again` is the command that asks for it. */
function movedTo(beads: Beads, bead: Bead, to: string, again: string): Move[] {
  if (renamedTo(bead) !== undefined) return [];
  if (bead.status === 'hooked') throw new BeadHandedOut(bead, again);
  const there = beads.get(to);
  if (there !== undefined && renamedTo(there) !== bead.id) throw new IdTaken(to);
  return [{ id: to, from: bead.id }];
}

/** A worker or the queue has the bead, by the id that it had when it was handed out. */
export class BeadHandedOut extends Refused {
  readonly code = 'bead.handed-out';
  constructor({ id, assignee }: Bead, again: string) {
    super(`${id} cannot be renamed while ${assignee ?? 'somebody'} works on it: branch, claim and request are called by its id`, { id, assignee }, `gt wait ${id} && ${again}`);
  }
}
