import { Refused } from '../base/errors.ts';
import { find, isDone, type Act, type Bead, type BeadChange, type Beads } from './bead.ts';
import { children, dependents, unmet } from './dependency.ts';

/** Closes a bead. Guards (skipped by `force`): pinned, template, epic with open children, open blockers. Closing twice changes nothing. */
export function close(beads: Beads, id: string, how: { readonly reason: string; readonly force?: boolean }, act: Act): BeadChange[] {
  const bead = find(beads, id);
  if (bead.status === 'closed') return [];
  if (!how.force) {
    if (bead.status === 'pinned' || bead['pinned'] === true) throw new CloseRefused(bead, 'it is pinned');
    if (bead['is_template'] === true) throw new CloseRefused(bead, 'it is a template');
    const waiting = unmet(beads, bead);
    if (waiting.length > 0) throw new CloseRefused(bead, `it still waits for ${waiting.join(', ')}`);
    const open = bead.issue_type === 'epic' ? children(beads, id).filter((child) => !isDone(child)) : [];
    if (open.length > 0) throw new CloseRefused(bead, `it has open children: ${open.map((child) => child.id).join(', ')}`);
  }
  const session = act.session === undefined ? {} : { session: act.session };
  return [{ op: 'bead.closed', id, at: act.at, reason: how.reason, ...session }];
}

/** Opens a closed bead again; an open one stays as it is. */
export function reopen(beads: Beads, id: string, act: Act): BeadChange[] {
  return find(beads, id).status === 'closed' ? [{ op: 'bead.reopened', id, at: act.at }] : [];
}

/** Deletes a bead for ever, leaving a tombstone. Refuses while other live beads refer to it, unless forced. */
export function remove(beads: Beads, id: string, how: { readonly reason: string; readonly force?: boolean; readonly with?: readonly string[] }, act: Act): BeadChange[] {
  find(beads, id);
  if (!how.force) {
    const referring = dependents(beads, id).filter((bead) => !(how.with ?? []).includes(bead.id) && !isDone(bead));
    if (referring.length > 0) throw new StillReferred(id, referring.map((bead) => bead.id));
  }
  return [{ op: 'bead.deleted', id, at: act.at, by: act.by, reason: how.reason }];
}

/** A guard forbids closing the bead. */
export class CloseRefused extends Refused {
  readonly code = 'bead.close-refused';
  constructor({ id }: Bead, why: string) {
    super(`${id} was not closed: ${why}`, { id, why }, `gt close ${id} --force`);
  }
}

/** Live beads refer to the one that should be deleted. */
export class StillReferred extends Refused {
  readonly code = 'bead.referred';
  constructor(id: string, by: readonly string[]) {
    super(`${id} is referred to by ${by.join(', ')}`, { id, by }, `gt delete ${id} --force`);
  }
}
