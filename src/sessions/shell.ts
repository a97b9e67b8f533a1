/** Begins a text with a sign of ours where its own first sign would make it a command to a client, such as `/exit` or `!rm`. */
export function asWords(text: string): string {
  return /^\s*[!/#@$&%:?\\]/.test(text) ? `» ${text}` : text;
}
