import { displayWidth, isPlain, oneLine, truncate } from '../base/text.ts';

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

/** One column laid out: its texts, one for each row, cleaned. */
interface Laid {
  readonly title: string;
  readonly texts: readonly string[];
  readonly tone: ((row: number) => Tone | undefined) | undefined;
  /** Of its widest text. */
  readonly width: number;
  /** Whether each character is one column wide. */
  readonly isPlain: boolean;
  readonly isRight: boolean;
}

/** A table waiting for the width it is shown at. */
export interface Table {
  readonly columns: readonly Laid[];
  readonly count: number;
  readonly titles: boolean;
  readonly shrink: number;
}

/** Lays out a column. Texts are looked at all at once where they are plain: one by one, a long table would cost more than what it shows. */
function laid<Row>(rows: readonly Row[], { title, cell, tone, align }: Column<Row>): Laid {
  const written = rows.map((row) => String(cell(row) ?? ''));
  const arePlain = isPlain(written.join(''));
  const texts = arePlain ? written : written.map(oneLine);
  let width = title.length;
  for (const text of texts) {
    const own = arePlain ? text.length : displayWidth(text);
    if (own > width) width = own;
  }
  return { title, texts, tone: tone && ((row) => tone(rows[row]!)), width, isPlain: arePlain, isRight: align === 'right' };
}

/** Which column gives way; a plain loop, since every list asks this. */
function shrinkingOf<Row>(columns: readonly Column<Row>[]): number {
  for (let index = 0; index < columns.length; index += 1) if (columns[index]!.shrink === true) return index;
  return columns.length - 1;
}

/** Lays rows out in columns; `titles: false` leaves the heading out. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], { titles = true } = {}): Table {
  const shown = titles ? columns : columns.map((column) => ({ ...column, title: '' }));
  return { columns: shown.map((column) => laid(rows, column)), count: rows.length, titles, shrink: shrinkingOf(columns) };
}

const leastShrunk = 10;

/** The widths of the columns, of which one gives way where all of them together are too wide. */
function fitted(widths: readonly number[], shrink: number, columns: number | undefined): readonly number[] {
  if (columns === undefined) return widths;
  const total = widths.reduce((sum, width) => sum + width, 2 * (widths.length - 1));
  if (total <= columns) return widths;
  return widths.map((width, column) => (column === shrink ? Math.min(width, Math.max(leastShrunk, width - (total - columns))) : width));
}

function textOf({ title, texts }: Laid, row: number): string {
  return row < 0 ? title : texts[row]!;
}

/** Turns a table into aligned lines no wider than `room` columns, or as wide as they are where that is undefined. */
export function tableLines({ columns, count, titles, shrink }: Table, room: number | undefined, paint?: (text: string, tone: Tone | undefined) => string): string[] {
  const lines: string[] = [];
  if (count === 0) return lines;
  const widths = fitted(columns.map(({ width }) => width), shrink, room);
  const blanks: string[] = [];
  // Joined once for each line: put together piece by piece, a page of them would be thousands of strings.
  const pieces: string[] = [];
  // The titles are row -1.
  for (let row = titles ? -1 : 0; row < count; row += 1) {
    let last = columns.length - 1;
    while (last >= 0 && textOf(columns[last]!, row) === '') last -= 1;
    pieces.length = 0;
    for (let index = 0; index <= last; index += 1) {
      const column = columns[index]!;
      const width = widths[index]!;
      const text = textOf(column, row);
      const isWhole = column.isPlain && text.length <= width;
      const cut = isWhole ? text : truncate(text, width);
      const left = width - (isWhole ? text.length : displayWidth(cut));
      const blank = (blanks[left] ??= ' '.repeat(left));
      if (index > 0) pieces.push('  ');
      if (column.isRight) pieces.push(blank);
      pieces.push(paint === undefined ? cut : paint(cut, row < 0 ? 'faint' : column.tone?.(row)));
      if (!column.isRight && index < last) pieces.push(blank);
    }
    lines.push(pieces.join(''));
  }
  return lines;
}
