import { bugExit, Failure } from '../base/errors.ts';
import { clean } from '../base/text.ts';
import { painted, toJson } from './output.ts';
import { mayColour } from './terminal.ts';
import { write } from './write.ts';

/** Tells a person, or a program that asked for JSON, why a command stopped; returns what to exit with. */
export function tell(error: unknown, json: boolean): number {
  if (error instanceof Failure) {
    const { message, code, hint, data } = error;
    write(2, json ? `${toJson({ schema_version: 1, error: message, code, hint, data }, 0)}\n` : sentence(message, hint));
    return error.exit;
  }
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? message) : message;
  const report = 'this is a bug in gastown: please report it with the lines below';
  write(2, json ? `${toJson({ schema_version: 1, error: message, code: 'gastown.bug', hint: report, data: { stack } }, 0)}\n` : `${sentence(report)}${clean(stack)}\n`);
  return bugExit;
}

/** What somebody typed may stand in a message, however long it was. */
const longest = 1_000;

function short(text: string): string {
  return clean(text.length > longest ? `${text.slice(0, longest)}…` : text);
}

function sentence(message: string, hint?: string): string {
  const paint = mayColour(2) ? painted : (text: string) => text;
  const lead = paint('gt:', 'bad');
  const next = hint === undefined ? '' : `  ${paint('try:', 'faint')} ${short(hint)}\n`;
  return `${lead} ${short(message)}\n${next}`;
}
