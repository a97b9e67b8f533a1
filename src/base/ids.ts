import { base36 } from './clock.ts';
import { sha1, sha256 } from './hash.ts';

/** The longest random part of an id. */
const longest = 8;
const shortest = 5;
const acceptedCollision = 0.25;
const bytesForLength: Record<number, number> = { 5: 4, 6: 4, 7: 5, 8: 5 };

/** The part of an id that decides its shard: up to its first `.` or `+`. */
export function rootOf(id: string): string {
  const dot = id.indexOf('.');
  const plus = id.indexOf('+');
  const end = dot < 0 || (plus >= 0 && plus < dot) ? plus : dot;
  return end < 0 ? id : id.slice(0, end);
}

/** The prefix of an id: what stands before its last `-` that is followed by the random part, so `my-app-x1y2z` belongs to `my-app`. */
export function prefixOf(id: string, known: readonly string[]): string | undefined {
  let found: string | undefined;
  for (const prefix of known) {
    if (id.startsWith(`${prefix}-`) && (found === undefined || prefix.length > found.length)) found = prefix;
  }
  return found;
}

/** How many random characters ids need when a ledger holds `count` beads: 5, and more as the chance of a collision passes one in four. */
export function idLength(count: number): number {
  for (let length = shortest; length < longest; length += 1) {
    if (1 - Math.exp(-(count * count) / (2 * 36 ** length)) <= acceptedCollision) return length;
  }
  return longest;
}

/** Ids to try for a new bead, best first: from what it says and when it was said, with nonces, growing longer. */
export function* candidateIds(prefix: string, seed: string, count: number): Generator<string> {
  for (let length = idLength(count); length <= longest; length += 1) {
    for (let nonce = 0; nonce < 10; nonce += 1) yield `${prefix}-${hashText(`${seed}|${nonce}`, length)}`;
  }
}

/** `length` base-36 characters of a text's SHA-256. */
export function hashText(text: string, length: number): string {
  const bytes = bytesForLength[length] ?? Math.ceil((length * 5.17) / 8);
  const digits = sha256(text).slice(0, bytes * 2);
  // Six bytes are what a number holds for sure.
  return base36(bytes > 6 ? BigInt(`0x${digits}`) : parseInt(digits, 16), length);
}

/** Shards by root id: whoever imports asks for each of them many times. */
const shards = new Map<string, string>();
const remembered = 1 << 14;
/** Shards by the first twelve bits of a hash. */
const names: string[] = [];

/** The shard that holds a bead: the first twelve bits of the SHA-1 of its root id, as `<aa>/<bb>` in octal digits. */
export function shardOf(id: string): string {
  const root = rootOf(id);
  const known = shards.get(root);
  if (known !== undefined) return known;
  const shard = shardOnce(root);
  if (shards.size < remembered) shards.set(root, shard);
  return shard;
}

/** The same for who asks for each of very many ids once: to remember them takes longer than to hash them. */
export function shardOnce(id: string): string {
  const hash = sha1(rootOf(id));
  return shardName((hexDigit(hash, 0) << 8) | (hexDigit(hash, 1) << 4) | hexDigit(hash, 2));
}

function hexDigit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 0x3a ? code - 0x30 : code - 0x57;
}

function shardName(bits: number): string {
  const known = names[bits];
  if (known !== undefined) return known;
  const octal = bits.toString(8).padStart(4, '0');
  return (names[bits] = `${octal.slice(0, 2)}/${octal.slice(2)}`);
}
