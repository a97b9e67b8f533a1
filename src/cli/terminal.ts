import { fstatSync, statSync } from 'node:fs';

/** Tells whether a standard stream is a terminal; node:tty is slow to load, so pipes, files and /dev/null are told apart without it. */
export function isTerminal(descriptor: 0 | 1 | 2): boolean {
  try {
    const stream = fstatSync(descriptor);
    if (!stream.isCharacterDevice() || stream.rdev === statSync('/dev/null', { throwIfNoEntry: false })?.rdev) return false;
  } catch {
    // A stream that was closed before we started.
    return false;
  }
  return process.getBuiltinModule('node:tty').isatty(descriptor);
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
