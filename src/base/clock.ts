import { Refused } from './errors.ts';

/**
 * A hybrid logical timestamp: base-36 milliseconds since 1970 (9 digits), a counter (3), the replica that wrote it (6).
 * Comparing two stamps as strings compares their times.
 */
export type Stamp = string;

const millisecondDigits = 9;
const counterDigits = 3;
export const replicaDigits = 6;
const counterEnd = 36 ** counterDigits;
const pattern = /^[0-9a-z]{18}$/;

/** Whether a text has the shape of a stamp. */
export function isStamp(text: unknown): text is Stamp {
  return typeof text === 'string' && pattern.test(text);
}

/** Builds a stamp from its three parts; a counter past its digits moves the milliseconds on. */
export function makeStamp(milliseconds: number, counter: number, replica: string): Stamp {
  if (replica.length !== replicaDigits) throw new BadReplica(replica);
  const time = Math.max(0, Math.trunc(milliseconds)) + Math.floor(counter / counterEnd);
  return base36(time, millisecondDigits) + base36(counter % counterEnd, counterDigits) + replica;
}

/** Milliseconds since 1970 of a stamp. */
export function stampTime(stamp: Stamp): number {
  return parseInt(stamp.slice(0, millisecondDigits), 36);
}

/** The replica that wrote a stamp. */
export function stampReplica(stamp: Stamp): string {
  return stamp.slice(millisecondDigits + counterDigits);
}

/** The smallest stamp of `replica` that lies after `stamp`. */
export function stampAfter(stamp: Stamp, replica: string): Stamp {
  const counter = parseInt(stamp.slice(millisecondDigits, millisecondDigits + counterDigits), 36);
  return makeStamp(stampTime(stamp), counter + 1, replica);
}

/** The next stamp of a replica: after the clock, and after its own last one where the clock has not moved on or went back. */
export function nextStamp(now: number, last: Stamp | undefined, replica: string): Stamp {
  const fresh = makeStamp(now, 0, replica);
  return last !== undefined && last >= fresh ? stampAfter(last, replica) : fresh;
}

/** A number in base 36, padded with zeros on the left to `digits`, its last digits where it is longer. */
export function base36(value: number | bigint, digits: number): string {
  return value.toString(36).padStart(digits, '0').slice(-digits);
}

/** A replica id has six base-36 characters. */
export class BadReplica extends Refused {
  readonly code = 'replica.bad';
  constructor(replica: string) {
    super(`${JSON.stringify(replica)} is not a replica id of six base-36 characters`, { replica });
  }
}
