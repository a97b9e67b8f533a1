import { canonical, isObject } from '../base/jsonl.ts';
import type { Format } from './init.ts';

type Settings = Readonly<Record<string, unknown>>;

/** A value that is no object, or an empty one, by the keys that lead to it, and the stamp of the write that it comes from. */
interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly stamp: string;
}

/** Merges two states of one settings file key by key: of each, what was written last; what a later write to a key above or below it has replaced or removed is gone. */
export function mergeSettings(a: Settings, b: Settings): Record<string, unknown> {
  const clock = new Map(stampsIn(a));
  for (const [key, entry] of stampsIn(b)) if (entryRank(entry) > entryRank(clock.get(key))) clock.set(key, entry);
  const writes = [...clock].map(([key, entry]) => ({ path: key.split('.'), stamp: entry.replace(/^-/, '') }));
  const chosen = new Map<string, Leaf>();
  for (const leaf of [...leavesIn(a), ...leavesIn(b)]) {
    const key = JSON.stringify(leaf.path);
    const known = chosen.get(key);
    const isLater = known === undefined || leaf.stamp > known.stamp || (leaf.stamp === known.stamp && canonical(leaf.value) > canonical(known.value));
    const stands = writes.every(({ path, stamp }) => stamp <= leaf.stamp || !(isBelow(leaf.path, path) || isBelow(path, leaf.path)));
    if (isLater && stands) chosen.set(key, leaf);
  }
  // Of two that one write cannot have left together, the deeper one stays.
  const paths = [...chosen.values()].map(({ path }) => path);
  const merged: Record<string, unknown> = {};
  for (const { path, value } of chosen.values()) if (!paths.some((other) => other.length > path.length && isBelow(other, path))) setAt(merged, path, value);
  return clock.size === 0 ? merged : { ...merged, clock: Object.fromEntries(clock) };
}

/** A removal gives way to a write of the same stamp. */
function entryRank(entry: string | undefined): string {
  return entry === undefined ? '' : entry.startsWith('-') ? `${entry.slice(1)}-` : `${entry}.`;
}

function isBelow(path: readonly string[], above: readonly string[]): boolean {
  return above.every((key, index) => path[index] === key);
}

function stampsIn({ clock }: Settings): [string, string][] {
  return isObject(clock) ? Object.entries(clock).filter((entry): entry is [string, string] => typeof entry[1] === 'string') : [];
}

function leavesIn(settings: Settings): Leaf[] {
  const stamps = new Map(stampsIn(settings));
  const { clock: _clock, ...values } = settings;
  return leavesBelow(values, [], '', stamps);
}

function leavesBelow(value: unknown, path: readonly string[], above: string, stamps: ReadonlyMap<string, string>): Leaf[] {
  const own = stamps.get(path.join('.'))?.replace(/^-/, '') ?? '';
  const stamp = own > above ? own : above;
  if (!isObject(value) || (path.length > 0 && Object.keys(value).length === 0)) return [{ path, value, stamp }];
  return Object.entries(value).flatMap(([key, inner]) => leavesBelow(inner, [...path, key], stamp, stamps));
}

function setAt(target: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: unknown): void {
  const inner = Object.hasOwn(target, first) ? target[first] : undefined;
  const next = isObject(inner) ? inner : {};
  Object.defineProperty(target, first, { value: rest.length === 0 ? value : next, enumerable: true, configurable: true, writable: true });
  if (rest.length > 0) setAt(next, rest, value);
}

/** Merges what two ledgers say of themselves: all prefixes, one of the two default ones first; the newer cut. */
export function mergeFormat(a: Format, b: Format): Format {
  if (canonical(a) === canonical(b)) return a;
  const [first = ''] = [...a.prefixes.slice(0, 1), ...b.prefixes.slice(0, 1)].sort();
  const others = [...new Set([...a.prefixes, ...b.prefixes])].filter((prefix) => prefix !== first).sort();
  const values = new Map<string, unknown>(Object.entries(a));
  for (const [key, value] of Object.entries(b)) if (!values.has(key) || canonical(value) > canonical(values.get(key))) values.set(key, value);
  return { ...Object.fromEntries(values), format: a.format, prefixes: first === '' ? others : [first, ...others], cut: Math.max(a.cut, b.cut) };
}
