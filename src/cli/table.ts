import { displayWidth, oneLine, pad, truncate } from '../base/text.ts';

/** How a cell is coloured on a terminal. */
export type Tone = 'good' | 'bad' | 'busy' | 'faint' | 'strong';

/** One column of a table over rows of type Row. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string | number | undefined;
  readonly align?: 'left' | 'right';
  /** The column that gives way when the terminal is too narrow; the last one does when no column says so. */
  readonly shrink?: boolean;
  readonly tone?: (row: Row) => Tone | undefined;
}

interface Cell {
  readonly text: string;
  readonly width: number;
  readonly tone: Tone | undefined;
}

/** A table waiting for the width it is shown at. */
export interface Table {
  readonly titles: readonly Cell[] | undefined;
  readonly rows: readonly (readonly Cell[])[];
  readonly right: readonly boolean[];
  readonly shrink: number;
}

function cellOf(text: string, tone: Tone | undefined): Cell {
  const line = oneLine(text);
  return { text: line, width: displayWidth(line), tone };
}

/** Lays rows out in columns; `titles: false` leaves the heading out. */
export function table<Row>(rows: Iterable<Row>, columns: readonly Column<Row>[], { titles = true } = {}): Table {
  const marked = columns.findIndex(({ shrink }) => shrink === true);
  return {
    titles: titles ? columns.map(({ title }) => cellOf(title, 'faint')) : undefined,
    rows: Array.from(rows, (row) => columns.map(({ cell, tone }) => cellOf(String(cell(row) ?? ''), tone?.(row)))),
    right: columns.map(({ align }) => align === 'right'),
    shrink: marked === -1 ? columns.length - 1 : marked,
  };
}

const leastShrunk = 10;

/** Turns a table into aligned lines no wider than `columns`, or as wide as they are where that is undefined. */
export function* tableLines({ titles, rows, right, shrink }: Table, columns: number | undefined, paint: (text: string, tone: Tone | undefined) => string): Iterable<string> {
  if (rows.length === 0) return;
  const widths = right.map((_, column) => rows.reduce((widest, row) => Math.max(widest, row[column]?.width ?? 0), titles?.[column]?.width ?? 0));
  if (columns !== undefined) {
    const total = widths.reduce((sum, width) => sum + width, 2 * (widths.length - 1));
    const own = widths[shrink] ?? 0;
    if (total > columns) widths[shrink] = Math.min(own, Math.max(leastShrunk, own - (total - columns)));
  }
  const fill = ({ text, width }: Cell, room: number, toRight: boolean, isLast: boolean): string => {
    if (width > room) return pad(truncate(text, room), isLast ? 0 : room, toRight ? 'left' : 'right');
    if (toRight) return ' '.repeat(room - width) + text;
    return isLast ? text : text + ' '.repeat(room - width);
  };
  const line = (cells: readonly Cell[]): string => {
    const last = cells.findLastIndex(({ text }) => text !== '');
    let filled = '';
    for (let column = 0; column <= last; column += 1) {
      const cell = cells[column]!;
      filled += (column === 0 ? '' : '  ') + paint(fill(cell, widths[column] ?? 0, right[column] === true, column === last), cell.tone);
    }
    return filled;
  };
  if (titles !== undefined) yield line(titles);
  for (const row of rows) yield line(row);
}
