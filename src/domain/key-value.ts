import { Refused, Usage } from '../base/errors.ts';
import { isObject } from '../base/jsonl.ts';
import { nearest } from '../base/text.ts';
import { setSetting, type SettingChange } from './setting.ts';

/** The settings files that hold what people and agents keep beside beads: values of their own, and what is to be remembered. */
export type Store = 'kv' | 'memory';

/** One thing that is kept. */
export interface Entry {
  readonly key: string;
  readonly value: string;
}

type Settings = Readonly<Record<string, unknown>>;

const keyLimit = 60;
/** The longest name of a setting. */
const spellingLimit = 200;
const valueLimit = 100_000;

/** Keeps a value under a key; what was there goes. Throws BadEntry. */
export function keep(settings: Settings, store: Store, { key, value }: Entry): SettingChange[] {
  const fault = faultOf({ key, value });
  if (fault !== undefined) throw new BadEntry(store, key, fault);
  return setSetting(settings, store, encoded(key), value);
}

function faultOf({ key, value }: Entry): string | undefined {
  if (key === '' || [...key].length > keyLimit || /[\u0000-\u001f\ud800-\udfff]/u.test(key)) return `a key has 1 to ${keyLimit} characters on one line`;
  if (encoded(key).length > spellingLimit) return 'so many letters beyond a to z make the key too long';
  return value.includes('\0') || !value.isWellFormed() || value.length > valueLimit ? 'its value is no text, or longer than a hundred thousand characters' : undefined;
}

/** Reads what a line of an exchange file keeps; undefined where it is about something else. Answers what is wrong with it as a text. */
export function readMemory({ _type: type, key, value }: Readonly<Record<string, unknown>>): Entry | string | undefined {
  if (type !== 'memory') return undefined;
  if (typeof key !== 'string' || typeof value !== 'string') return 'a memory has a key and a value, both texts';
  return faultOf({ key, value }) ?? { key, value };
}

/** The line of an exchange file for what is kept. */
export function memoryLine({ key, value }: Entry): Readonly<Record<string, unknown>> {
  return { _type: 'memory', key, value };
}

/** Takes away what is kept under a key. Throws NoEntry. */
export function drop(settings: Settings, store: Store, key: string): SettingChange[] {
  return setSetting(settings, store, encoded(findEntry(settings, store, key).key), undefined);
}

/** All that is kept, by key. */
export function entriesIn(settings: Settings): Entry[] {
  return Object.entries(settings).flatMap(([key, value]) => (typeof value === 'string' ? [{ key: decoded(key), value }] : [])).sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** All that is kept, what was written last first. */
export function newestEntries(settings: Settings): Entry[] {
  const clock = isObject(settings['clock']) ? settings['clock'] : {};
  const at = ({ key }: Entry): string => String(clock[encoded(key)] ?? '');
  return entriesIn(settings).sort((a, b) => (at(a) > at(b) ? -1 : at(a) < at(b) ? 1 : 0));
}

/** What is kept under a key. Throws NoEntry. */
export function findEntry(settings: Settings, store: Store, key: string): Entry {
  const entries = entriesIn(settings);
  const found = entries.find((entry) => entry.key === key);
  if (found === undefined) throw new NoEntry(store, key, entries.map((entry) => entry.key));
  return found;
}

/** The key that a text is remembered under: its first eight words in lower case between hyphens, at most sixty characters. */
export function slugOf(text: string): string {
  const words = text.toLowerCase().split(/[^a-z0-9]+/).filter((word) => word !== '').slice(0, 8);
  return words.join('-').slice(0, keyLimit).replace(/-+$/, '');
}

/** Spells any key so that it can name a setting of the first level, and reads back as itself. */
function encoded(key: string): string {
  const plain = [...new TextEncoder().encode(key)].map((byte) => {
    const character = String.fromCharCode(byte);
    return character === '_' ? '__' : /[A-Za-z0-9-]/.test(character) ? character : `_x${byte.toString(16).padStart(2, '0')}`;
  }).join('');
  return plain === 'clock' ? '_x63lock' : plain;
}

function decoded(name: string): string {
  const bytes = [...name.matchAll(/__|_x([0-9a-f]{2})|[^]/g)].map(([whole, hex]) => (hex === undefined ? whole.charCodeAt(0) : Number.parseInt(hex, 16)));
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
}

/** Nothing is kept under the key. */
export class NoEntry extends Refused {
  readonly code = 'entry.unknown';
  constructor(store: Store, key: string, known: readonly string[]) {
    const near = nearest(key, known);
    const [all, one] = store === 'memory' ? ['gt memories', 'gt recall'] : ['gt kv list', 'gt kv get'];
    super(`nothing is kept under ${JSON.stringify(key.slice(0, 80))}`, { key: key.slice(0, 80) }, near === undefined ? all : `${one} ${near}`);
  }
}

/** A key or a value that cannot be kept. */
export class BadEntry extends Usage {
  readonly code = 'entry.bad';
  constructor(store: Store, key: string, why: string) {
    super(`${JSON.stringify(key.slice(0, 80))} cannot be kept: ${why}`, { key: key.slice(0, 80), why }, store === 'memory' ? 'gt remember --key tests "npm test needs the forge running"' : 'gt kv set deploy.last_run 7');
  }
}
