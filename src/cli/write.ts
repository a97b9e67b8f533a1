import { writeSync } from 'node:fs';
import { pause } from '../base/pause.ts';

/** Writes all of a text before it returns; a reader that has left ends the program quietly, as the end of a pipe should. */
export function write(descriptor: 1 | 2, text: string): void {
  // Not a Buffer: where nothing else asks for one, setting them up takes longer than encoding the text.
  const bytes = new TextEncoder().encode(text);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') pause(2);
      else if (code === 'EPIPE') process.exit(0);
      else throw error;
    }
  }
}
