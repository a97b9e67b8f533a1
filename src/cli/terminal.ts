import { fstatSync } from 'node:fs';

/** Tells whether a standard stream is a terminal, without loading what talks to terminals where there is none. */
export function isTerminal(descriptor: 0 | 1 | 2): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice() && process.getBuiltinModule('node:tty').isatty(descriptor);
  } catch {
    // A stream that was closed before we started.
    return false;
  }
}

/** The columns of the terminal that results go to; undefined in a pipe or file. */
export function terminalColumns(): number | undefined {
  if (!isTerminal(1)) return undefined;
  return process.stdout.columns || 80;
}

/** Tells whether a stream may be coloured: a terminal, and nobody asked for NO_COLOR. */
export function mayColour(descriptor: 1 | 2): boolean {
  return !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb' && isTerminal(descriptor);
}
