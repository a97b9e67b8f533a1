/** One line at the end of a commit message: `Bead: gt-x1y2z`. */
export interface Trailer {
  readonly key: string;
  readonly value: string;
}

const line = /^[A-Za-z0-9-]+: /;
const subjectOfFixup = /^(fixup|squash|amend)! /;
const scissors = /^# -+ >8 -+$/m;

/** A commit message with trailers added before what git will cut off; keys that it has already, fixups and messages that say nothing yet stay as they are. */
export function addTrailers(message: string, trailers: readonly Trailer[]): string {
  const { said, rest } = split(message);
  if (said.trim() === '' || subjectOfFixup.test(said)) return message;
  const missing = trailers.filter(({ key }) => !new RegExp(`^${key}: `, 'mi').test(said));
  if (missing.length === 0) return message;
  const paragraphs = said.trimEnd().split(/\n[ \t]*\n/);
  const last = paragraphs.at(-1)!.split('\n');
  const joins = paragraphs.length > 1 && last.every((each) => line.test(each) || /^\s/.test(each));
  return `${said.trimEnd()}${joins ? '\n' : '\n\n'}${missing.map(({ key, value }) => `${key}: ${value}\n`).join('')}${rest === '' ? '' : `\n${rest}`}`;
}

/** What a person said, and the comments that git has put below it. */
function split(message: string): { said: string; rest: string } {
  const cut = scissors.exec(message);
  const above = cut === null ? message : message.slice(0, cut.index);
  const lines = above.split('\n');
  let end = lines.length;
  while (end > 0 && (lines[end - 1]!.startsWith('#') || lines[end - 1]!.trim() === '')) end -= 1;
  // A message of nothing but lines with # was typed so: git's own comments stand below a text, or below an empty line.
  const said = end === 0 && lines[0]!.startsWith('#') ? above : lines.slice(0, end).join('\n');
  return { said, rest: message.slice(said.length).replace(/^\n+/, '') };
}
