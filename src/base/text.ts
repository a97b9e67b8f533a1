const plain = /^[\x20-\x7e]*$/;
/** Whether a text is printable ASCII on one line, each character one column wide. */
export function isPlain(text: string): boolean {
  return plain.test(text);
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/**
 * Spells out what a terminal would obey or hide (control characters, ANSI sequences, changes of direction) as `\u001b`; line breaks and tabs stay.
 * JSON stays the same JSON.
 */
export function clean(text: string): string {
  return plain.test(text) ? text : spelledOut(text);
}

// Patterns that most programs never ask stand where they are asked: a program would set up those of a module when it loads that.
function spelledOut(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, escape);
}

/** Puts a text on one line, cleaned: line breaks and tabs become single spaces. */
export function oneLine(text: string): string {
  return plain.test(text) ? text : clean(text.replace(/\s*[\r\n\t]+\s*/g, ' '));
}

// Made on first use: setting up a segmenter costs more than printing a whole table of plain text.
let segmenter: Intl.Segmenter | undefined;

function* graphemes(text: string): Iterable<string> {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  for (const { segment } of segmenter.segment(text)) yield segment;
}

function graphemeWidth(grapheme: string): number {
  const first = String.fromCodePoint(grapheme.codePointAt(0) ?? 0);
  const picture = /^(?:\p{Emoji_Presentation}|\p{RI}\p{RI})|\ufe0f/u;
  const wide =
    /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18fff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;
  if (picture.test(grapheme) || wide.test(first)) return 2;
  return /^[\p{Mn}\p{Me}\p{Cf}]$/u.test(first) ? 0 : 1;
}

/** Counts the columns that a cleaned text takes on a terminal. */
export function displayWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let columns = 0;
  for (const grapheme of graphemes(text)) columns += graphemeWidth(grapheme);
  return columns;
}

/** Cuts a text to a number of columns, its last one an ellipsis where something was left out. */
export function truncate(text: string, columns: number): string {
  if (text.length <= columns && plain.test(text)) return text;
  let used = 0;
  let kept = '';
  let room = '';
  for (const grapheme of graphemes(text)) {
    used += graphemeWidth(grapheme);
    if (used > columns) return columns > 0 ? `${room}…` : '';
    kept += grapheme;
    if (used < columns) room = kept;
  }
  return text;
}

/** Writes a text so that sh reads it as one word and finds nothing in it to expand. A NUL cannot be written. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A count and what is counted: `1 bead`, `3 beads`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Names the first of many words, and how many there are besides: `a, b and 3 more`. */
export function fewOf(words: readonly string[], most: number): string {
  return words.slice(0, most).join(', ') + (words.length > most ? ` and ${words.length - most} more` : '');
}

const fewAdded = 5;

/** Names all words that everybody has, and a few of those that somebody has added to them. */
export function fewBesides(known: readonly string[], added: readonly string[]): string {
  return fewOf([...known, ...added], known.length + fewAdded);
}

/** Counts the insertions, deletions, replacements and swaps of neighbours that turn one word into another. */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length]!;
}

/** Finds the word that was most likely meant, or undefined when none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > 64) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = candidate.startsWith(word) && word.length > 1 ? 1 : editDistance(word, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}
