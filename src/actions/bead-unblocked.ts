import { blockingTypes, edgesOf, type Bead } from '../domain/bead.ts';
import type { Counted } from '../domain/detail.ts';
import { ledgersOf, type Town } from '../town.ts';
import { claimReady } from './bead-claim.ts';
import { readyInTown } from './bead-judging.ts';
import { readyWork } from './bead-ready.ts';
import type { Writer } from './bead-write.ts';
import { ledgersAt } from './scope.ts';

/** The beads that can be started now and waited for one of these, most urgent first. */
export async function unblockedBy(town: Town, ids: readonly string[]): Promise<Counted[]> {
  return (await readyInTown(town, ledgersOf(town), undefined)).filter((bead) => edgesOf(bead, blockingTypes).some((id) => ids.includes(id)));
}

/** Claims the most urgent bead of the place that nobody has; undefined where there is none. */
export async function claimNext(writer: Writer, program: 'gt' | 'bd'): Promise<Bead | undefined> {
  const ledgers = ledgersAt(writer.town, writer.cwd, program, undefined);
  return (await claimReady(writer, (asked) => readyWork(writer.town, ledgers, asked, undefined), 100)).claimed;
}
