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

/** A table waiting for the width it is shown at. */
export interface Table {
  readonly titles: readonly string[] | undefined;
  readonly rows: readonly (readonly { readonly text: string; readonly tone: Tone | undefined }[])[];
  readonly right: readonly boolean[];
  readonly shrink: number;
}

/** Lays rows out in columns; `titles: false` leaves the heading out. */
export function table<Row>(rows: Iterable<Row>, columns: readonly Column<Row>[], { titles = true } = {}): Table {
  const marked = columns.findIndex(({ shrink }) => shrink === true);
  return {
    titles: titles ? columns.map(({ title }) => title) : undefined,
    rows: Array.from(rows, (row) => columns.map(({ cell, tone }) => ({ text: oneLine(String(cell(row) ?? '')), tone: tone?.(row) }))),
    right: columns.map(({ align }) => align === 'right'),
    shrink: marked === -1 ? columns.length - 1 : marked,
  };
}

const leastShrunk = 10;

/** Turns a table into aligned lines no wider than `columns`, or as wide as they are where that is undefined. */
export function* tableLines(of: Table, columns: number | undefined, paint: (text: string, tone: Tone | undefined) => string): Iterable<string> {
  const { titles, rows, right, shrink } = of;
  if (rows.length === 0) return;
  const widths = right.map((_, column) => {
    let widest = titles === undefined ? 0 : displayWidth(titles[column] ?? '');
    for (const row of rows) widest = Math.max(widest, displayWidth(row[column]?.text ?? ''));
    return widest;
  });
  if (columns !== undefined) {
    const total = widths.reduce((sum, width) => sum + width, 2 * (widths.length - 1));
    const own = widths[shrink] ?? 0;
    if (total > columns) widths[shrink] = Math.min(own, Math.max(leastShrunk, own - (total - columns)));
  }
  const line = (cells: readonly { text: string; tone: Tone | undefined }[]): string => {
    const last = cells.findLastIndex(({ text }) => text !== '');
    return cells
      .slice(0, last + 1)
      .map(({ text, tone }, column) => {
        const cut = columns === undefined ? text : truncate(text, widths[column] ?? 0);
        const filled = column === last && !right[column] ? cut : pad(cut, widths[column] ?? 0, right[column] ? 'left' : 'right');
        return paint(filled, tone);
      })
      .join('  ');
  };
  if (titles !== undefined) yield line(titles.map((text) => ({ text, tone: 'faint' })));
  for (const row of rows) yield line(row);
}
