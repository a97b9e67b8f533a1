import type { Bead } from '../domain/bead.ts';
import { children } from '../domain/dependency.ts';
import { counted, type Counted } from '../domain/detail.ts';
import { epicsAmong } from '../domain/epic.ts';
import { orderBy } from '../domain/matching.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { consult } from '../ledger/read.ts';
import { ledgersOf, type Town } from '../town.ts';
import { closeBead, eachBead, type Outcome } from './bead-change.ts';
import { isIn, liveTown } from './bead-judging.ts';
import type { Writer } from './bead-write.ts';
import { resolveId } from './resolve.ts';

/** The parts of a bead, done ones too, in any ledger of the town, by id. Throws UnknownBead and AmbiguousId. */
export async function listParts(town: Town, cwd: string, text: string): Promise<Counted[]> {
  const id = await resolveId(town, text, cwd);
  const parts = await Promise.all(ledgersOf(town).map((ledger) => consult(ledger, (view) => children(view, id).map((part) => counted(part, view.referrerIds(part.id).length)))));
  return parts.flat().sort(orderBy('id'));
}

/** How far an epic has come, by the field names that bd's readers expect. */
export interface EpicProgress {
  readonly epic: Bead;
  readonly total_children: number;
  readonly closed_children: number;
  readonly eligible_for_close: boolean;
}

/** How far the epics of some ledgers have come that are not done, most urgent first. */
export async function epicProgress(town: Town, ledgers: readonly Ledger[]): Promise<EpicProgress[]> {
  const beads = await liveTown(town);
  const own = [...beads.all()].filter(({ id }) => isIn(ledgers, id));
  return epicsAmong(beads, own).map(({ epic, total, closed, closeable }) => ({ epic, total_children: total, closed_children: closed, eligible_for_close: closeable }));
}

/** Closes the epics of which every part is closed. */
export async function closeDoneEpics(writer: Writer, ledgers: readonly Ledger[]): Promise<Outcome> {
  const done = (await epicProgress(writer.town, ledgers)).filter((each) => each.eligible_for_close);
  return eachBead(done.map(({ epic }) => epic.id), (id) => closeBead(writer, id, { reason: 'All of its parts are closed', force: false }));
}
