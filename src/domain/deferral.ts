import { Refused } from '../base/errors.ts';
import { find, type Act, type Bead, type BeadChange, type Beads } from './bead.ts';

/** Puts a bead off: until a time (RFC 3339), after which it is ready again by itself, or with the status `deferred` until somebody brings it back. What is so already changes nothing. */
export function putOff(beads: Beads, id: string, until: string | undefined, act: Act): BeadChange[] {
  const bead = find(beads, id);
  if (bead.status === 'closed') throw new NotToDefer(bead, 'it is closed', `gt reopen ${id}`);
  if (bead.status === 'hooked') throw new NotToDefer(bead, `it hangs on the hook of ${bead.assignee ?? 'somebody'}`, `gt unsling ${id}`);
  const set = until === undefined ? { status: 'deferred' } : { defer_until: until };
  return Object.entries(set).every(([key, value]) => bead[key] === value) ? [] : [{ op: 'bead.edited', id, at: act.at, set }];
}

/** Brings back what was put off; what was not stays as it is. */
export function bringBack(beads: Beads, id: string, act: Act): BeadChange[] {
  const bead = find(beads, id);
  const set = { ...(bead.status === 'deferred' ? { status: 'open' } : {}), ...(bead.defer_until === undefined ? {} : { defer_until: undefined }) };
  return Object.keys(set).length === 0 ? [] : [{ op: 'bead.edited', id, at: act.at, set }];
}

/** The bead is in a state that it cannot be put off from. */
export class NotToDefer extends Refused {
  readonly code = 'bead.not-to-defer';
  constructor({ id }: Bead, why: string, hint: string) {
    super(`${id} was not put off: ${why}`, { id, why }, hint);
  }
}
