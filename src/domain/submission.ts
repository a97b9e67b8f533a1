import type { Bead } from './bead.ts';

/** Whether a bead's work was handed in and waits in the merge queue: then it hangs on the hook of a refinery. */
export function isSubmitted({ status, assignee }: Pick<Bead, 'status' | 'assignee'>): boolean {
  return status === 'hooked' && assignee?.endsWith('/refinery') === true;
}

/** How a status is shown: work that its worker has handed in is `submitted`. */
export function shownStatus(bead: Pick<Bead, 'status' | 'assignee'>): string {
  return isSubmitted(bead) ? 'submitted' : bead.status;
}
