import { Usage } from './errors.ts';

const unitMilliseconds: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3, w: 7 * 86400e3 };

/** Milliseconds since 1970 as RFC 3339 in UTC, without fractions where there are none. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z');
}

/** Milliseconds since 1970 of an RFC 3339 text (any offset, any fraction); undefined when it is none. */
export function timeOf(text: string | undefined | null): number | undefined {
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\d/.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** Orders two RFC 3339 texts by the moments that they name, however each is written; a text that names none comes first. */
export function compareTimes(a: string, b: string): number {
  const [first, second] = [timeOf(a) ?? -Infinity, timeOf(b) ?? -Infinity];
  return first < second ? -1 : first > second ? 1 : 0;
}

/**
 * Reads a point in time as people type it: `+6h`, `-2w`, `3d` (d days, w weeks, m months, y years from now), `today`, `tomorrow`, `yesterday`,
 * `3 days ago`, `in 2 weeks`, `last month`, `next friday`, a date, or RFC 3339. Throws BadTime.
 */
export function parseTime(text: string, now: number): number {
  const time = shiftedTime(text.trim(), now) ?? phraseTime(text.trim().toLowerCase(), now) ?? timeOf(text.trim());
  if (time === undefined || Number.isNaN(time)) throw new BadTime(text);
  return time;
}

function shiftedTime(text: string, now: number): number | undefined {
  const [, sign, amount, unit] = /^([+-]?)(\d{1,6})([hdwmy])$/.exec(text) ?? [];
  return amount === undefined || unit === undefined ? undefined : shiftTime(now, (sign === '-' ? -1 : 1) * Number(amount), unit);
}

/** The same where the past is meant: a time without a direction lies behind (`2h` ago). Throws BadTime. */
export function parsePast(text: string, now: number): number {
  return parseTime(/^\d+[hdwmy]$/.test(text.trim()) ? `-${text.trim()}` : text, now);
}

const days: readonly string[] = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

function phraseTime(text: string, now: number): number | undefined {
  if (text === 'now') return now;
  const named = { today: 0, tomorrow: 1, yesterday: -1 }[text];
  if (named !== undefined) return Math.floor(now / 86400e3 + named) * 86400e3;
  const [, amount, unit, ago] = /^(?:in )?(an? |\d{1,6} ?)([hdwmy]|hours?|days?|weeks?|months?|years?)( ago)?$/.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) return shiftTime(now, (ago === undefined ? 1 : -1) * (amount.startsWith('a') ? 1 : Number(amount)), unit.charAt(0));
  const [, direction, span] = /^(?:(next|last) )?([a-z]+)$/.exec(text) ?? [];
  if (span === undefined) return undefined;
  if (/^(week|month|year)$/.test(span)) return direction === undefined ? undefined : shiftTime(now, direction === 'next' ? 1 : -1, span.charAt(0));
  const wanted = days.indexOf(span);
  if (wanted === -1) return undefined;
  const distance = (wanted - new Date(now).getUTCDay() + 7) % 7 || 7;
  return (Math.floor(now / 86400e3) + (direction === 'last' ? distance - (distance === 7 ? 14 : 7) : distance)) * 86400e3;
}

function shiftTime(now: number, amount: number, unit: string): number {
  if (unit !== 'm' && unit !== 'y') return now + amount * (unitMilliseconds[unit] ?? 0);
  const date = new Date(now);
  date.setUTCMonth(date.getUTCMonth() + amount * (unit === 'y' ? 12 : 1));
  return date.getTime();
}

/** Reads a duration such as `90s`, `5m`, `1h30m`, `2d`, or plain seconds, as milliseconds. Throws BadTime. */
export function parseDuration(text: string): number {
  if (/^\d+$/.test(text)) return Number(text) * 1e3;
  if (!/^(\d+(ms|[smhdw]))+$/.test(text)) throw new BadTime(text);
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|[smhdw])/g)) total += Number(amount) * (unit === 'ms' ? 1 : (unitMilliseconds[unit ?? ''] ?? 0));
  return total;
}

/** A duration in words of one unit: `12s`, `5m`, `3h`, `2d`. */
export function shortDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1e3));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86400)}d`;
}

/** A text that is no time and no duration. */
export class BadTime extends Usage {
  readonly code = 'time.bad';
  constructor(text: string) {
    super(`${JSON.stringify(text)} is not a time`, { text }, 'use 5m, 2h, +3d, tomorrow, 2030-01-31 or 2030-01-31T12:00:00Z');
  }
}
