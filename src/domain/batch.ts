import { Failure, Refused, Usage } from '../base/errors.ts';
import { nearest } from '../base/text.ts';
import { BadTime, parseTime, timestamp } from '../base/time.ts';
import { evolving, type Act, type BeadChange, type Beads, type EvolvingBeads } from './bead.ts';
import { close, reopen } from './closing.ts';
import { addLabel, comment, edit, removeLabel } from './content.ts';
import { depend, undepend } from './dependency.ts';
import { checkStatus } from './field.ts';
import { fileBeads, type Numbering } from './filing.ts';
import { checkType } from './kind.ts';

/** One line of a batch. Beads are named as people type them; `@2` is the second bead that the batch creates. */
export type Step = { readonly line: number } & (
  | { readonly verb: 'create'; readonly type: string; readonly priority: number; readonly title: string }
  | { readonly verb: 'update'; readonly bead: string; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly verb: 'close' | 'comment'; readonly bead: string; readonly text: string }
  | { readonly verb: 'reopen'; readonly bead: string }
  | { readonly verb: 'label add' | 'label remove'; readonly bead: string; readonly label: string }
  | { readonly verb: 'dep add' | 'dep remove'; readonly bead: string; readonly on: string; readonly type: string }
);

const forms: Readonly<Record<Step['verb'], string>> = {
  create: 'create <type> <priority> <title>',
  update: 'update <bead> <field>=<value> …',
  close: 'close <bead> [reason]',
  reopen: 'reopen <bead>',
  comment: 'comment <bead> <text>',
  'label add': 'label add <bead> <label>',
  'label remove': 'label remove <bead> <label>',
  'dep add': 'dep add <bead> <on> [type]',
  'dep remove': 'dep remove <bead> <on>',
};

const fieldNames: Readonly<Record<string, string>> = {
  title: 'title', description: 'description', design: 'design', acceptance: 'acceptance_criteria', notes: 'notes', status: 'status', priority: 'priority', type: 'issue_type', assignee: 'assignee',
  'spec-id': 'spec_id', 'external-ref': 'external_ref', due: 'due_at', defer: 'defer_until',
};

/** Reads a batch: one verb a line, words in quotation marks where they have spaces, `#` before remarks. `now` is in milliseconds. Throws BadBatch. */
export function parseBatch(text: string, now: number): Step[] {
  return text.split('\n').flatMap((source, index): Step[] => {
    const line = index + 1;
    const words = wordsOf(source, line);
    return words.length === 0 ? [] : [stepOf(words, line, now)];
  });
}

function wordsOf(source: string, line: number): string[] {
  if (/^\s*(#|$)/.test(source)) return [];
  const words: string[] = [];
  const pattern = /\s+|((?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+)/suy;
  while (pattern.lastIndex < source.length) {
    const at = pattern.lastIndex;
    const found = pattern.exec(source);
    if (found === null) throw new BadBatch(line, source.slice(at) === '\\' ? 'nothing follows the backslash at its end' : 'a quotation mark is not closed');
    if (found[1] !== undefined) words.push(found[1].replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/gsu, (_, double?: string, single?: string, escaped?: string) => double?.replace(/\\(.)/gsu, '$1') ?? single ?? escaped ?? ''));
  }
  return words;
}

function stepOf(words: readonly string[], line: number, now: number): Step {
  const [first = '', second = ''] = words;
  const pair = `${first} ${second}`;
  const verb = Object.hasOwn(forms, pair) ? pair : first === 'done' ? 'close' : first;
  if (!Object.hasOwn(forms, verb)) throw new BadBatch(line, `there is no verb ${JSON.stringify(first.slice(0, 40))}`, formNear(pair));
  const [one, two, ...rest] = words.slice(verb.split(' ').length);
  const need = (word: string | undefined): string => {
    if (word === undefined || word === '') throw new BadBatch(line, `${verb} needs more words`, forms[verb as Step['verb']]);
    return word;
  };
  const end = (...more: readonly (string | undefined)[]): void => {
    const extra = more.find((word) => word !== undefined);
    if (extra !== undefined) throw new BadBatch(line, `${verb} does not expect ${JSON.stringify(extra.slice(0, 40))}`, forms[verb as Step['verb']]);
  };
  switch (verb as Step['verb']) {
    case 'create': return { line, verb: 'create', type: need(one), priority: priorityIn(need(two), line), title: need(rest.join(' ')) };
    case 'update': return { line, verb: 'update', bead: need(one), fields: fieldsIn([need(two), ...rest], line, now) };
    case 'close': return { line, verb: 'close', bead: need(one), text: [two ?? 'Closed', ...rest].join(' ') };
    case 'comment': return { line, verb: 'comment', bead: need(one), text: [need(two), ...rest].join(' ') };
    case 'reopen': return end(two, ...rest), { line, verb: 'reopen', bead: need(one) };
    case 'label add': case 'label remove': return end(...rest), { line, verb: verb as 'label add', bead: need(one), label: need(two) };
    case 'dep add': return end(...rest.slice(1)), { line, verb: 'dep add', bead: need(one), on: need(two), type: rest[0] ?? 'blocks' };
    case 'dep remove': return end(...rest), { line, verb: 'dep remove', bead: need(one), on: need(two), type: '' };
  }
}

function formNear(typed: string): string | undefined {
  const near = nearest(typed.split(' ')[0] ?? '', Object.keys(forms)) ?? nearest(typed, Object.keys(forms));
  return near === undefined ? undefined : forms[near as Step['verb']];
}

function priorityIn(text: string, line: number): number {
  const digit = /^p?([0-4])$/i.exec(text)?.[1];
  if (digit === undefined) throw new BadBatch(line, `a priority is 0 (most urgent) to 4, or P0 to P4, not ${JSON.stringify(text.slice(0, 40))}`);
  return Number(digit);
}

function fieldsIn(words: readonly string[], line: number, now: number): Record<string, unknown> {
  return Object.fromEntries(words.map((word): [string, unknown] => {
    const at = word.indexOf('=');
    const name = word.slice(0, Math.max(at, 0));
    if (at < 1 || !Object.hasOwn(fieldNames, name)) {
      const near = nearest(at < 1 ? word : name, Object.keys(fieldNames));
      throw new BadBatch(line, `${JSON.stringify(word.slice(0, 40))} sets no field`, `${near ?? 'priority'}=<value>; the fields are ${Object.keys(fieldNames).join(', ')}`);
    }
    return [fieldNames[name] ?? name, valueIn(name, word.slice(at + 1), line, now)];
  }));
}

function valueIn(name: string, text: string, line: number, now: number): unknown {
  if (name === 'priority') return priorityIn(text, line);
  // What no bead is without cannot be taken away: the empty text is refused by its own rule.
  if (text === '') return ['title', 'status', 'type'].includes(name) ? '' : null;
  if (name !== 'due' && name !== 'defer') return text;
  try {
    return timestamp(parseTime(text, now));
  } catch (error) {
    if (error instanceof BadTime) throw new BadBatch(line, error.message, error.hint);
    throw error;
  }
}

/** The names of beads in a batch that it does not create itself. */
export function namesIn(steps: readonly Step[]): string[] {
  const named = steps.flatMap((step) => (step.verb === 'create' ? [] : 'on' in step ? [step.bead, step.on] : [step.bead]));
  return [...new Set(named.filter((name) => !/^@\d+$/.test(name) && !name.startsWith('external:')))];
}

/** What a batch decides about: each line sees what those above it change. Answers the ids of what it creates, too. Throws BatchRefused, which names the line. */
export function runBatch(beads: Beads, steps: readonly Step[], ids: ReadonlyMap<string, string>, numbering: Numbering, act: Act): { readonly changes: BeadChange[]; readonly created: readonly string[] } {
  const known = evolving(beads);
  const created: string[] = [];
  const changes: BeadChange[] = [];
  for (const step of steps) {
    changes.push(...onLine(step, () => known.take(decide(known, step, (name) => idOf(name, ids, created), created, { ...numbering, seed: `${numbering.seed}${step.line}` }, act))));
  }
  return { changes, created };
}

/** Holds the types that a batch names against those that there are. Throws BatchRefused, which names the line. */
export function checkTypes(steps: readonly Step[], settings: () => Readonly<Record<string, unknown>>): void {
  for (const step of steps) {
    const type = step.verb === 'create' ? step.type : step.verb === 'update' ? step.fields['issue_type'] : undefined;
    if (typeof type === 'string') onLine(step, () => checkType(type, settings));
  }
}

function onLine<Answer>({ line }: Step, decide: () => Answer): Answer {
  try {
    return decide();
  } catch (error) {
    throw error instanceof Failure ? new BatchRefused(line, error) : error;
  }
}

function idOf(name: string, ids: ReadonlyMap<string, string>, created: readonly string[]): string {
  return ids.get(name) ?? created[Number(name.slice(1)) - 1] ?? name;
}

function decide(known: EvolvingBeads, step: Step, id: (name: string) => string, created: string[], numbering: Numbering, act: Act): readonly BeadChange[] {
  switch (step.verb) {
    case 'create': {
      const filed = fileBeads(known, [{ id: undefined, parent: undefined, links: [], inheritLabels: false, fields: { title: step.title, issue_type: step.type, priority: step.priority } }], numbering, act);
      created.push(...filed.ids);
      return filed.changes;
    }
    case 'update': {
      const { status } = step.fields;
      if (typeof status === 'string') checkStatus(status, act.statuses, (near) => `status=${near}`);
      return edit(known, id(step.bead), step.fields, act);
    }
    case 'close': return close(known, id(step.bead), { reason: step.text }, act);
    case 'reopen': return reopen(known, id(step.bead), act);
    case 'comment': return comment(known, id(step.bead), numbering.seed, step.text, act);
    case 'label add': return addLabel(known, id(step.bead), step.label, act);
    case 'label remove': return removeLabel(known, id(step.bead), step.label, act);
    case 'dep add': return depend(known, id(step.bead), id(step.on), step.type, act);
    case 'dep remove': return undepend(known, id(step.bead), id(step.on), act);
  }
}

/** A line of a batch that cannot be understood. */
export class BadBatch extends Usage {
  readonly code = 'batch.bad';
  constructor(line: number, why: string, hint = 'gt batch --help') {
    super(`line ${line} of the batch: ${why}`, { line, why }, hint);
  }
}

/** A line of a batch that a rule refuses, so that none of it was done. */
export class BatchRefused extends Refused {
  readonly code = 'batch.refused';
  constructor(line: number, cause: Failure) {
    super(`line ${line} of the batch: ${cause.message}; nothing was changed`, { ...cause.data, line, cause: 'code' in cause ? cause.code : undefined }, cause.hint);
  }
}
