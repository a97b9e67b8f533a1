import type { Brief } from '../domain/detail.ts';
import { shownStatus } from '../domain/submission.ts';
import { table, type Column, type Table } from './table.ts';

/** Beads as people see them; the column of assignees is left out where nobody has one. */
export function beadTable<Row extends Brief>(beads: readonly Row[], more: readonly Column<Row>[] = []): Table {
  const columns: Column<Row>[] = [
    { title: 'ID', cell: (bead) => bead.id },
    { title: 'P', cell: (bead) => bead.priority },
    { title: 'STATUS', cell: shownStatus, tone: ({ status }) => (status === 'closed' ? 'faint' : status === 'open' ? undefined : 'busy') },
    { title: 'TYPE', cell: (bead) => bead.issue_type },
    ...(isAnyAssigned(beads) ? [{ title: 'ASSIGNEE', cell: (bead: Row) => bead.assignee ?? '' }] : []),
    ...more,
    { title: 'TITLE', cell: (bead) => bead.title, shrink: true },
  ];
  return table(beads, columns);
}

function isAnyAssigned(beads: readonly Brief[]): boolean {
  for (const { assignee } of beads) if (assignee) return true;
  return false;
}
