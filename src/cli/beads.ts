import { Usage } from '../base/errors.ts';
import { parseDuration, parseTime, timestamp } from '../base/time.ts';
import type { Outcome } from '../actions/bead-change.ts';
import type { Bead } from '../domain/bead.ts';
import type { Context } from './command.ts';

/** One line for what a verb did to a bead. */
export function told(verb: string, { id, title }: Bead): string {
  return `${verb} ${id}: ${title}`;
}

/** Tells what could not be done of several beads, and answers those that were. */
export function warned<Done>({ beads, failures }: Outcome<Done>, context: Context): readonly Done[] {
  for (const { bead, failure } of failures) context.warn(`gt: ${bead}: ${failure.message}`);
  return beads;
}

/** Reads a priority: 0 to 4, or P0 to P4; `hint` is how one is typed. */
export function parsePriority(text: string, hint = '--priority 2'): number {
  const word = text.trim().toLowerCase();
  const digit = word.startsWith('p') ? word.slice(1) : word;
  if (!['0', '1', '2', '3', '4'].includes(digit)) throw new BadOption(`the priority is 0 (most urgent) to 4, or P0 to P4, not ${JSON.stringify(text)}`, hint);
  return Number(digit);
}

/** Reads an estimate: whole minutes, or a duration such as 90m or 2h. */
export function parseEstimate(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Math.round(parseDuration(text) / 60_000);
}

/** Reads a point in time as beads keep it; an empty text removes one. */
export function parseWhen(text: string | undefined, now: number): string | null | undefined {
  return text === undefined ? undefined : text === '' ? null : timestamp(parseTime(text, now));
}

/** An option whose value cannot be what it should be. */
export class BadOption extends Usage {
  readonly code = 'argument.invalid';
  constructor(message: string, hint: string) {
    super(message, {}, hint);
  }
}
