import type { Bead } from '../domain/bead.ts';
import { standIn, type Standing } from '../domain/superseding.ts';
import { changeBead } from './bead-change.ts';
import type { Writer } from './bead-write.ts';
import { resolveId } from './resolve.ts';

/** Closes a bead that another one stands for; answers it, and the id of the other. Throws UnknownBead, AmbiguousId and BadDependency. */
export async function replaceBead(writer: Writer, text: string, by: string, standing: Standing): Promise<{ readonly bead: Bead; readonly by: string }> {
  const other = await resolveId(writer.town, by, writer.cwd);
  const subject = (id: string): string => `Close ${id}: ${standing === 'duplicates' ? 'duplicate of' : 'superseded by'} ${other}`;
  return { bead: await changeBead(writer, text, subject, (view, id, act) => standIn(view, id, other, standing, act)), by: other };
}
