import { parseTime } from '../base/time.ts';
import { contains, hasKey, hasNoLabel, hasNoParent, inSpan, isEmpty, isOverdue, isPutOff, keySays, likePattern, not, saysExactly, someLabel, specBegins } from '../domain/condition.ts';
import type { Span, Test } from '../domain/query.ts';
import { typesNamed, type TypedQuery } from './bead-query.ts';
import { BadOption, parsePriority } from './beads.ts';

/** The conditions that were typed beside those that every query has. Throws BadOption and BadTime. */
export async function testsOf(typed: Partial<TypedQuery>, now: number): Promise<Test[]> {
  const tests: Test[] = [];
  const add = <Value>(value: Value | undefined | false, test: (value: Value) => Test): void => {
    if (value !== undefined && value !== false) tests.push(test(value));
  };
  const [least, most] = ([['--priority-min', typed.priorityMin], ['--priority-max', typed.priorityMax]] as const).map(([option, text]) => (text === undefined ? undefined : parsePriority(text, `${option} 2`)));
  const excluded = await typesNamed(typed.excludeType);
  const unwanted = typed.excludeLabel ?? [];
  if (excluded.length > 0) tests.push((bead) => !excluded.includes(bead.issue_type));
  if (unwanted.length > 0) tests.push(not(someLabel((label) => unwanted.includes(label))));
  add(least, (number) => ({ priority }) => priority >= number);
  add(most, (number) => ({ priority }) => priority <= number);
  add(typed.labelPattern, (pattern) => someLabel(likePattern(pattern, true)));
  add(typed.labelRegex, (text) => someLabel(expression(text)));
  add(typed.noLabels, () => hasNoLabel);
  add(typed.noParent, () => hasNoParent);
  add(typed.descContains, (text) => contains('description', text));
  add(typed.notesContains, (text) => contains('notes', text));
  add(typed.emptyDescription, () => isEmpty('description'));
  add(spanOf(typed.dueAfter, typed.dueBefore, now), (span) => inSpan('due_at', span));
  add(spanOf(typed.deferAfter, typed.deferBefore, now), (span) => inSpan('defer_until', span));
  add(typed.overdue, () => isOverdue(now));
  add(typed.deferred, () => isPutOff);
  for (const [key, value] of (typed.metadataField ?? []).map(pair)) tests.push(keySays(key, value));
  add(typed.hasMetadataKey, hasKey);
  add(typed.spec, specBegins);
  add(typed.molType, (word) => saysExactly('mol_type', word));
  add(typed.wispType, (word) => saysExactly('wisp_type', word));
  return tests;
}

function spanOf(after: string | undefined, before: string | undefined, now: number): Span | undefined {
  const time = (text: string | undefined): number | undefined => (text === undefined ? undefined : parseTime(text, now));
  return after === undefined && before === undefined ? undefined : { after: time(after), before: time(before) };
}

function expression(text: string): (label: string) => boolean {
  let regex: RegExp;
  try {
    regex = new RegExp(text, 'u');
  } catch (error) {
    throw new BadOption(`--label-regex ${JSON.stringify(text)} is no regular expression: ${error instanceof Error ? error.message : ''}`, "--label-regex '^area:'");
  }
  return (label) => regex.test(label);
}

function pair(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new BadOption(`--metadata-field ${JSON.stringify(text)} asks for no key`, '--metadata-field key=value');
  return [text.slice(0, at), text.slice(at + 1)];
}
