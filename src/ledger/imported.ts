import { makeStamp, type Stamp } from '../base/clock.ts';
import { hashText } from '../base/ids.ts';
import { timeOf } from '../base/time.ts';
import type { Bead } from '../domain/bead.ts';
import { born, restamp } from './stamps.ts';
import { stampFor, type Stored } from './stored.ts';

/**
 * The record of an imported bead, the same in every clone: its birth is made from (id, created_at), its fields' stamps from updated_at,
 * its close from closed_at.
 */
export function imported(bead: Bead, births: (id: string) => Stamp | undefined): Stored {
  const birth = importedBirth(bead);
  const edited = importStamp(bead.updated_at, bead);
  return born(bead, birth, births, edited > birth ? edited : birth, closeStamp(bead));
}

/** The record of a bead that was imported over one that is here: it stays the same bead, and what differs is as new as the import says, or newer than what it replaces. */
export function importedOver(before: Stored, bead: Bead, births: (id: string) => Stamp | undefined): Stored {
  return restamp(before, bead, stampFor(importStamp(bead.updated_at, bead), before), births, closeStamp(bead));
}

/** The birth that every clone gives to a bead it imports. */
export function importedBirth(bead: Bead): Stamp {
  return importStamp(bead.created_at, bead);
}

/** The same close, imported in two clones, is one. */
function closeStamp(bead: Bead): Stamp {
  return importStamp(bead.closed_at ?? bead.updated_at, bead);
}

/** What the stamps of an imported bead end with: made once, since a bead takes several. */
const marks = new WeakMap<Bead, string>();

function importStamp(time: string, bead: Bead): Stamp {
  const mark = marks.get(bead) ?? hashText(`${bead.id}|${bead.created_at}`, 8);
  marks.set(bead, mark);
  return makeStamp(timeOf(time) ?? 0, parseInt(mark.slice(6), 36), mark.slice(0, 6));
}
