import { displayWidth, isPlain, oneLine, pad, truncate } from '../base/text.ts';

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
  /** Of the widest cell of each column. */
  readonly widths: readonly number[];
  readonly right: readonly boolean[];
  readonly shrink: number;
}

function cellOf(text: string, tone: Tone | undefined): Cell {
  if (isPlain(text)) return { text, width: text.length, tone };
  const line = oneLine(text);
  return { text: line, width: displayWidth(line), tone };
}

/** Lays rows out in columns; `titles: false` leaves the heading out. */
export function table<Row>(rows: Iterable<Row>, columns: readonly Column<Row>[], { titles = true } = {}): Table {
  const heading = titles ? columns.map(({ title }) => cellOf(title, 'faint')) : undefined;
  const widths = columns.map((_, column) => heading?.[column]?.width ?? 0);
  const laid: Cell[][] = [];
  for (const row of rows) {
    const cells: Cell[] = [];
    for (let column = 0; column < columns.length; column += 1) {
      const { cell, tone } = columns[column]!;
      const made = cellOf(String(cell(row) ?? ''), tone?.(row));
      if (made.width > widths[column]!) widths[column] = made.width;
      cells.push(made);
    }
    laid.push(cells);
  }
  const marked = columns.findIndex(({ shrink }) => shrink === true);
  return { titles: heading, rows: laid, widths, right: columns.map(({ align }) => align === 'right'), shrink: marked === -1 ? columns.length - 1 : marked };
}

const leastShrunk = 10;

/** The widths of the columns, of which one gives way where all of them together are too wide. */
function fitted(widths: readonly number[], shrink: number, columns: number | undefined): readonly number[] {
  const total = widths.reduce((sum, width) => sum + width, 2 * (widths.length - 1));
  if (columns === undefined || total <= columns) return widths;
  return widths.map((width, column) => (column === shrink ? Math.min(width, Math.max(leastShrunk, width - (total - columns))) : width));
}

/** Turns a table into aligned lines no wider than `columns`, or as wide as they are where that is undefined. */
export function* tableLines({ titles, rows, widths: natural, right, shrink }: Table, columns: number | undefined, paint: (text: string, tone: Tone | undefined) => string): Iterable<string> {
  if (rows.length === 0) return;
  const widths = fitted(natural, shrink, columns);
  const fill = ({ text, width }: Cell, column: number, isLast: boolean): string => {
    const room = widths[column]!;
    const side = right[column] === true ? 'left' : 'right';
    if (width > room) return pad(truncate(text, room), isLast ? 0 : room, side);
    if (side === 'left') return ' '.repeat(room - width) + text;
    return isLast ? text : text + ' '.repeat(room - width);
  };
  const line = (cells: readonly Cell[]): string => {
    let last = cells.length - 1;
    while (last >= 0 && cells[last]!.text === '') last -= 1;
    let filled = '';
    for (let column = 0; column <= last; column += 1) {
      const cell = cells[column]!;
      filled += (column === 0 ? '' : '  ') + paint(fill(cell, column, column === last), cell.tone);
    }
    return filled;
  };
  if (titles !== undefined) yield line(titles);
  for (const row of rows) yield line(row);
}
