/*
 * SHA-1 and SHA-256 of a few short texts in plain arithmetic: loading the runtime's own takes 4 ms natively, as long as an empty program, and an id is hashed in a
 * microsecond. Nothing here is secret.
 */

const encoder = new TextEncoder();
const words = new Uint32Array(80);

/** Calls `mix` for each block of a text's UTF-8, padded as both functions want it, with the block in the first sixteen words. */
function eachBlock(text: string, mix: () => void): void {
  const bytes = encoder.encode(text);
  const end = Math.ceil((bytes.length + 9) / 64) * 64;
  for (let start = 0; start < end; start += 64) {
    for (let word = 0; word < 16; word += 1) {
      let value = 0;
      for (let at = start + word * 4; at < start + word * 4 + 4; at += 1) value = (value << 8) | (at < bytes.length ? bytes[at]! : at === bytes.length ? 0x80 : 0);
      words[word] = value;
    }
    if (start + 64 === end) {
      words[14] = Math.floor(bytes.length / 2 ** 29);
      words[15] = bytes.length << 3;
    }
    mix();
  }
}

function hex(state: Uint32Array): string {
  let text = '';
  // By its places: the first walk along an array of words takes the runtime as long as hashing a hundred ids.
  for (let at = 0; at < state.length; at += 1) text += state[at]!.toString(16).padStart(8, '0');
  return text;
}

/** Whoever hashes so many texts gains more from the runtime's own than loading it takes. */
const many = 500;
let hashed = 0;
let crypto: ReturnType<typeof process.getBuiltinModule<'node:crypto'>> | undefined;

/** The hash by the runtime's own means, once that pays; a browser has none. */
function byRuntime(name: 'sha1' | 'sha256', text: string): string | undefined {
  if (crypto !== undefined) return crypto.hash(name, text);
  hashed += 1;
  if (hashed < many || typeof process === 'undefined') return undefined;
  crypto = process.getBuiltinModule('node:crypto');
  return crypto.hash(name, text);
}

/** The SHA-1 of a text's UTF-8, in hexadecimal. */
export function sha1(text: string): string {
  return byRuntime('sha1', text) ?? sha1Here(text);
}

/** The SHA-256 of a text's UTF-8, in hexadecimal. */
export function sha256(text: string): string {
  return byRuntime('sha256', text) ?? sha256Here(text);
}

function sha1Here(text: string): string {
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  eachBlock(text, () => {
    let [a, b, c, d, e] = [state[0]!, state[1]!, state[2]!, state[3]!, state[4]!];
    for (let at = 0; at < 80; at += 1) {
      if (at >= 16) {
        const mixed = words[at - 3]! ^ words[at - 8]! ^ words[at - 14]! ^ words[at - 16]!;
        words[at] = (mixed << 1) | (mixed >>> 31);
      }
      let next = ((a << 5) | (a >>> 27)) + e + words[at]!;
      if (at < 20) next += ((b & c) | (~b & d)) + 0x5a827999;
      else if (at < 40) next += (b ^ c ^ d) + 0x6ed9eba1;
      else if (at < 60) next += ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
      else next += (b ^ c ^ d) + 0xca62c1d6;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = next | 0;
    }
    state[0]! += a;
    state[1]! += b;
    state[2]! += c;
    state[3]! += d;
    state[4]! += e;
  });
  return hex(state);
}

/** The first 32 bits of the fraction of a root: SHA-256 takes its constants from those of the primes. */
const fraction = (root: number): number => Math.floor((root - Math.floor(root)) * 2 ** 32);

function firstPrimes(count: number): number[] {
  const found: number[] = [];
  for (let number = 2; found.length < count; number += 1) {
    let divisor = 2;
    while (divisor * divisor <= number && number % divisor !== 0) divisor += 1;
    if (divisor * divisor > number) found.push(number);
  }
  return found;
}

interface Tables {
  readonly constants: Uint32Array;
  readonly start: Uint32Array;
}

let tables: Tables | undefined;

function tablesOf(primes: readonly number[]): Tables {
  const made: Tables = { constants: new Uint32Array(primes.length), start: new Uint32Array(8) };
  for (let at = 0; at < primes.length; at += 1) made.constants[at] = fraction(Math.cbrt(primes[at]!));
  for (let at = 0; at < made.start.length; at += 1) made.start[at] = fraction(Math.sqrt(primes[at]!));
  return made;
}

const right = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

function sha256Here(text: string): string {
  const { constants, start } = (tables ??= tablesOf(firstPrimes(64)));
  const state = new Uint32Array(start);
  eachBlock(text, () => {
    let [a, b, c, d] = [state[0]! | 0, state[1]! | 0, state[2]! | 0, state[3]! | 0];
    let [e, f, g, h] = [state[4]! | 0, state[5]! | 0, state[6]! | 0, state[7]! | 0];
    for (let at = 0; at < 64; at += 1) {
      if (at >= 16) {
        const early = words[at - 15]! | 0;
        const late = words[at - 2]! | 0;
        words[at] = ((words[at - 16]! | 0) + (right(early, 7) ^ right(early, 18) ^ (early >>> 3)) + (words[at - 7]! | 0) + (right(late, 17) ^ right(late, 19) ^ (late >>> 10))) | 0;
      }
      const first = (h + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + ((e & f) ^ (~e & g)) + (constants[at]! | 0) + (words[at]! | 0)) | 0;
      const second = ((right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + second) | 0;
    }
    state[0]! += a;
    state[1]! += b;
    state[2]! += c;
    state[3]! += d;
    state[4]! += e;
    state[5]! += f;
    state[6]! += g;
    state[7]! += h;
  });
  return hex(state);
}
