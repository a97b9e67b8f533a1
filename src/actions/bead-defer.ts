import type { Bead } from '../domain/bead.ts';
import { bringBack, putOff } from '../domain/deferral.ts';
import { changeBead } from './bead-change.ts';
import type { Writer } from './bead-write.ts';

/** Puts a bead off until a time (RFC 3339), or until somebody brings it back. */
export function deferBead(writer: Writer, text: string, until: string | undefined): Promise<Bead> {
  return changeBead(writer, text, (id) => `Put ${id} off${until === undefined ? '' : ` until ${until}`}`, (view, id, act) => putOff(view, id, until, act));
}

/** Brings back a bead that was put off. */
export function undeferBead(writer: Writer, text: string): Promise<Bead> {
  return changeBead(writer, text, (id) => `Bring ${id} back`, bringBack);
}
