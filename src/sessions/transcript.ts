import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

const peekBytes = 256 * 1024;

/** Reads the end of a file, at most `bytes` of it and nothing before `from`; empty when there is no such file. */
function readEnd(path: string, bytes: number, from = 0): Buffer {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
  try {
    const size = fstatSync(descriptor).size;
    const start = Math.max(from, size - bytes, 0);
    const end = Buffer.alloc(Math.max(0, size - start));
    return end.subarray(0, readSync(descriptor, end, 0, end.length, start));
  } finally {
    closeSync(descriptor);
  }
}

/** Reads the end of a file as text: valid UTF-8, at most `bytes` long, beginning with a whole character. */
export function textEnd(path: string, bytes: number, from = 0): string {
  const raw = readEnd(path, bytes, from);
  let start = 0;
  while (start < Math.min(4, raw.length) && (raw[start]! & 0xc0) === 0x80) start++;
  const text = raw.subarray(start).toString('utf8');
  // What is no UTF-8 grows when it is replaced.
  const encoded = Buffer.from(text, 'utf8');
  if (encoded.length <= bytes) return text;
  start = encoded.length - bytes;
  while ((encoded[start]! & 0xc0) === 0x80) start++;
  return encoded.subarray(start).toString('utf8');
}

/** The last lines of a transcript as a person would have read them, without what steers terminals. */
export function lastLines(path: string, lines: number): string {
  return lastOf(stripVTControlCharacters(textEnd(path, peekBytes)).replace(/\r+\n/g, '\n').replace(/[^\n]*\r(?!\n)/g, ''), lines);
}

/** The last lines of a text, empty ones at its end aside. */
export function lastOf(text: string, lines: number): string {
  return lines <= 0 ? '' : text.trimEnd().split('\n').slice(-lines).join('\n');
}
