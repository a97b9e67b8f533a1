/** Writes a text so that sh reads it as one word and finds nothing in it to expand. A NUL cannot be written. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Begins a text with a sign of ours where its own first sign would make it a command to a client, such as `/exit` or `!rm`. */
export function asWords(text: string): string {
  return /^\s*[!/#@$&%:?\\]/.test(text) ? `» ${text}` : text;
}
