/*
 * SHA-1 and SHA-256 of a few short texts in plain arithmetic: loading the runtime's own takes 4 ms natively, as long as an empty program, and an id is hashed in a
 * microsecond. Nothing here is secret.
 */

const encoder = new TextEncoder();
const words = new Uint32Array(80);

/** Calls `mix` for each block of a text's UTF-8, padded as both functions want it, with the block in the first sixteen words. */
function eachBlock(text: string, mix: () => void): void {
  const bytes = encoder.encode(text);
  const blocks = new DataView(new ArrayBuffer(Math.ceil((bytes.length + 9) / 64) * 64));
  new Uint8Array(blocks.buffer).set(bytes);
  blocks.setUint8(bytes.length, 0x80);
  blocks.setUint32(blocks.byteLength - 8, Math.floor(bytes.length / 2 ** 29));
  blocks.setUint32(blocks.byteLength - 4, bytes.length << 3);
  for (let start = 0; start < blocks.byteLength; start += 64) {
    for (let word = 0; word < 16; word += 1) words[word] = blocks.getUint32(start + word * 4);
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

/** The first 32 bits of the fractions of the cube roots of the first 64 primes, and of the square roots of the first eight. */
const constants = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
  0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];
const start = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/** Rotations are written out: most of the time goes into calls else. */
function sha256Here(text: string): string {
  const state = new Uint32Array(start);
  eachBlock(text, () => {
    let [a, b, c, d] = [state[0]! | 0, state[1]! | 0, state[2]! | 0, state[3]! | 0];
    let [e, f, g, h] = [state[4]! | 0, state[5]! | 0, state[6]! | 0, state[7]! | 0];
    for (let at = 0; at < 64; at += 1) {
      if (at >= 16) {
        const early = words[at - 15]! | 0;
        const late = words[at - 2]! | 0;
        const mixed = ((early >>> 7) | (early << 25)) ^ ((early >>> 18) | (early << 14)) ^ (early >>> 3);
        words[at] = words[at - 16]! + mixed + words[at - 7]! + (((late >>> 17) | (late << 15)) ^ ((late >>> 19) | (late << 13)) ^ (late >>> 10));
      }
      const first = h + (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))) + ((e & f) ^ (~e & g)) + constants[at]! + words[at]!;
      const second = (((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) + ((a & b) ^ (a & c) ^ (b & c));
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
