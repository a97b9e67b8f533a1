/** Writes a text so that sh reads it as one word and finds nothing in it to expand. A NUL cannot be written. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
