import { closeSync, fstatSync, openSync, readSync, rmSync } from 'node:fs';
import type { Bead } from '../domain/bead.ts';
import { attempt, cachePath, version, type Header } from './cache-file.ts';
import type { Ledger } from './ledger.ts';

/*
 * The file `texts`: what a search looks at of every bead that is not done, in the order of ready work. It is made at the first search after `live` was written anew, and
 * for the same commit. Behind the header stand the entries and behind them the texts, a line for each bead:
 *
 *   tab, what follows the last `-` of the id, \x01, tab, the id, \x02, Place as JSON without its brackets    (ids as JSON has them, without quotes)
 *   title, \x01, description, \x01, where the entry begins, whether it is open work by a status that everybody has
 *
 * Texts are in small letters, with \x01 for every control character, and numbers among them are spelled in capitals: so no text that is looked for is found in anything but a title or a
 * description, and bytes can be compared for it. There is no zero byte, which a disk leaves where a write was lost.
 */
export const textsName = 'texts';

/** The first line, and how many bytes follow it. */
export interface TextsHeader extends Header {
  readonly entries: number;
  readonly texts: number;
  /** Whether a bead has a status that the settings add: they alone say what it means. */
  readonly custom: boolean;
}

/** What an entry says of its bead: where its text ends, where its line of `live` begins and how many bytes that has, how many beads have an edge to it, and whether it is open work by a status that everybody has (1). */
export type Place = readonly [end: number, begin: number, length: number, dependents: number, open: 0 | 1];

/** What is asked of a bead: that a text is its id; that it is that or begins it; or that, or that title or description say it. */
export type Manner = 'called' | 'named' | 'saying';

/** How many letters spell a number, and of how many there are. */
const letters = 6;
const alphabet = 26;
const capitalA = 65;
/** The last letter of the text of such a bead. */
export const openMark = 'W';
const lineBreak = 10;
/** A header is shorter. */
const little = 1 << 9;
const pieceLength = 1 << 18;

/** A number in capitals, all of one length. */
export function spelled(number: number): string {
  let word = '';
  for (let rest = number; word.length < letters; rest = Math.floor(rest / alphabet)) word = String.fromCharCode(capitalA + (rest % alphabet)) + word;
  return word;
}

/** A text as the file has it. */
export function plainText(text: unknown): string {
  return typeof text === 'string' ? text.toLowerCase().replace(/[\u0000-\u001f]/g, '\u0001') : '';
}

/** An id as the file has it, or how one begins. */
export function plainId(id: string): string {
  return JSON.stringify(id).slice(1, -1);
}

/** Opens the file for reading, together with `live`; undefined where either is missing, damaged, or for another commit than the other. */
export function openTexts(ledger: Ledger): Texts | undefined {
  const live = attempt(() => openSync(cachePath(ledger, 'live'), 'r'));
  const file = attempt(() => openSync(cachePath(ledger, textsName), 'r'));
  const texts = live === undefined || file === undefined ? undefined : attempt(() => new Texts(file, live));
  if (texts === undefined) for (const each of [live, file]) if (each !== undefined) closeSync(each);
  return texts;
}

/** Removes the file where it is damaged: the next search makes it again. */
export function forgetTexts(ledger: Ledger): void {
  attempt(() => rmSync(cachePath(ledger, textsName), { force: true }));
}

/** The open file. Whatever reads it throws where it is damaged. */
export class Texts {
  readonly header: TextsHeader;
  /** The lines that tell of the beads. */
  readonly entries: Buffer;
  readonly #file: number;
  readonly #live: number;
  readonly #start: number;
  readonly #length: number;

  constructor(file: number, live: number) {
    const { header, end } = headerOf<TextsHeader>(file);
    if (headerOf(live).header.commit !== header.commit) throw new Error('the files are for other commits');
    if (fstatSync(file).size !== end + header.entries + header.texts) throw new Error('the file has another length');
    this.header = header;
    this.#file = file;
    this.#live = live;
    this.#start = end + header.entries;
    this.#length = header.texts;
    this.entries = whole(piece(file, end, header.entries));
  }

  /** The beads whose id is a text (`called`), or begins with it with or without what stands before its last `-` (`named`), or that also say it (`saying`); one without control characters. */
  hits(manner: Manner, text: string): Hits {
    const read = (from: number, into: Buffer): Buffer => filled(this.#file, this.#start + from, into.subarray(0, this.#length - from));
    return new Hits(this, `\t${plainId(text)}${manner === 'called' ? '\u0002' : ''}`, manner === 'saying' ? new Saying(read, text.toLowerCase()) : undefined);
  }

  /** The id, as the file has it, of the entry that begins at a place. */
  id(entry: number): string {
    return this.entries.toString('utf8', this.entries.indexOf(1, entry) + 2, this.entries.indexOf(2, entry));
  }

  place(entry: number): Place {
    const place = JSON.parse(`[${this.entries.toString('latin1', this.entries.indexOf(2, entry) + 1, this.entries.indexOf(lineBreak, entry))}]`) as Place;
    if (place.length !== 5) throw new Error('the entry is damaged');
    return place;
  }

  bead(entry: number): Bead {
    const [, begin, length] = this.place(entry);
    const [, , bead] = JSON.parse(piece(this.#live, begin, length).toString('utf8')) as [shard: string, id: string, bead: Bead];
    if (plainId(bead.id) !== this.id(entry)) throw new Error('another bead stands there');
    return bead;
  }

  close(): void {
    closeSync(this.#file);
    closeSync(this.#live);
  }
}

/** Goes through the beads that a search finds, in the order of the file. */
class Hits {
  /** Where the text of the bead ends that was found last; Infinity where there is none any more. */
  end = 0;
  readonly #texts: Texts;
  readonly #name: Buffer;
  readonly #saying: Saying | undefined;
  /** Where the search for names goes on, and where the last entry begins that it found, and the text of that ends. */
  #at = 0;
  #entry = 0;
  #named = 0;

  constructor(texts: Texts, name: string, saying: Saying | undefined) {
    this.#texts = texts;
    this.#name = Buffer.from(name);
    this.#saying = saying;
    this.#nextNamed();
    this.#meet();
  }

  next(): void {
    if (this.#saying?.end === this.end) this.#saying.next();
    if (this.#named === this.end) this.#nextNamed();
    this.#meet();
  }

  #meet(): void {
    this.end = Math.min(this.#named, this.#saying?.end ?? Infinity);
  }

  #nextNamed(): void {
    const { entries } = this.#texts;
    const found = entries.indexOf(this.#name, this.#at);
    this.#named = Infinity;
    if (found < 0) return;
    this.#at = entries.indexOf(lineBreak, found);
    this.#entry = entries.lastIndexOf(lineBreak, found) + 1;
    [this.#named] = this.#texts.place(this.#entry);
  }

  /** Whether the bead is open work by a status that everybody has. */
  get open(): boolean {
    return this.#saying?.end === this.end ? this.#saying.open : this.#texts.place(this.#entry)[4] === 1;
  }

  /** Where its entry begins. */
  get entry(): number {
    return this.#saying?.end === this.end ? this.#saying.entry : this.#entry;
  }
}

/** Goes through the texts in which something is found, reading them piece by piece. */
class Saying {
  /** Where the text ends that was found last; Infinity where there is none any more. */
  end = 0;
  readonly #read: (from: number, into: Buffer) => Buffer;
  readonly #wanted: Buffer;
  #room = Buffer.allocUnsafeSlow(pieceLength);
  #piece: Buffer = this.#room.subarray(0, 0);
  /** Where the piece begins, and where in it the search goes on. */
  #from = 0;
  #at = 0;

  constructor(read: (from: number, into: Buffer) => Buffer, wanted: string) {
    this.#read = read;
    this.#wanted = Buffer.from(wanted);
    this.next();
  }

  next(): void {
    for (;;) {
      const found = this.#piece.indexOf(this.#wanted, this.#at);
      if (found >= 0) {
        this.#at = this.#piece.indexOf(lineBreak, found);
        this.end = this.#from + this.#at;
        return;
      }
      this.#from += this.#piece.length;
      this.#at = 0;
      this.#piece = this.#lines();
      if (this.#piece.length > 0) continue;
      this.end = Infinity;
      return;
    }
  }

  /** Whole lines, as many as fit, at least one; none at the end. */
  #lines(): Buffer {
    const read = this.#read(this.#from, this.#room);
    const end = read.lastIndexOf(lineBreak) + 1;
    if (end > 0 || read.length === 0) return whole(read.subarray(0, end));
    if (read.length < this.#room.length) throw new Error('the last line has no end');
    this.#room = Buffer.allocUnsafeSlow(this.#room.length * 2);
    return this.#lines();
  }

  /** Whether the bead whose text was found is open work by a status that everybody has. */
  get open(): boolean {
    return this.#piece[this.#at - 1] === openMark.charCodeAt(0);
  }

  /** Where its entry begins. */
  get entry(): number {
    let number = 0;
    for (let at = this.#at - 1 - letters; at < this.#at - 1; at += 1) number = number * alphabet + this.#piece[at]! - capitalA;
    return number;
  }
}

function headerOf<H extends Header>(file: number): { readonly header: H; readonly end: number } {
  const bytes = piece(file, 0, Math.min(little, fstatSync(file).size));
  const end = bytes.indexOf(lineBreak);
  const header = JSON.parse(bytes.toString('utf8', 0, end)) as H;
  if (header.version !== version) throw new Error('the file is of another version');
  return { header, end: end + 1 };
}

function whole(bytes: Buffer): Buffer {
  if (bytes.includes(0)) throw new Error('a part of the file was lost');
  return bytes;
}

function piece(file: number, at: number, length: number): Buffer {
  return filled(file, at, Buffer.allocUnsafe(length));
}

function filled(file: number, at: number, bytes: Buffer): Buffer {
  if (readSync(file, bytes, 0, bytes.length, at) < bytes.length) throw new Error('the file ends too early');
  return bytes;
}
