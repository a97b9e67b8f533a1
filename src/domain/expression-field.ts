import { BadTime, parseTime } from '../base/time.ts';

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** How the values of a field are read and compared. */
type Kind = 'word' | 'type' | 'priority' | 'person' | 'label' | 'text' | 'past' | 'future' | 'pattern' | 'parent' | 'flag' | 'key' | 'metadata';

/** A field that can be asked for: how it is compared, and the key of beads that holds it. */
export interface Field {
  readonly kind: Kind;
  readonly key: string;
}

const fields: Readonly<Record<string, Field>> = {
  status: { kind: 'word', key: 'status' },
  priority: { kind: 'priority', key: 'priority' },
  type: { kind: 'type', key: 'issue_type' },
  assignee: { kind: 'person', key: 'assignee' },
  owner: { kind: 'person', key: 'owner' },
  label: { kind: 'label', key: 'labels' },
  title: { kind: 'text', key: 'title' },
  description: { kind: 'text', key: 'description' },
  notes: { kind: 'text', key: 'notes' },
  design: { kind: 'text', key: 'design' },
  acceptance: { kind: 'text', key: 'acceptance_criteria' },
  created: { kind: 'past', key: 'created_at' },
  updated: { kind: 'past', key: 'updated_at' },
  started: { kind: 'past', key: 'started_at' },
  closed: { kind: 'past', key: 'closed_at' },
  due: { kind: 'future', key: 'due_at' },
  defer: { kind: 'future', key: 'defer_until' },
  id: { kind: 'pattern', key: 'id' },
  spec: { kind: 'pattern', key: 'spec_id' },
  parent: { kind: 'parent', key: 'parent' },
  pinned: { kind: 'flag', key: 'pinned' },
  ephemeral: { kind: 'flag', key: 'ephemeral' },
  template: { kind: 'flag', key: 'is_template' },
  mol_type: { kind: 'word', key: 'mol_type' },
  has_metadata_key: { kind: 'key', key: 'metadata' },
};

const others: Readonly<Record<string, string>> = {
  desc: 'description', labels: 'label', issue_type: 'type', created_at: 'created', updated_at: 'updated', started_at: 'started', closed_at: 'closed', due_at: 'due', defer_until: 'defer', spec_id: 'spec', is_template: 'template',
  acceptance_criteria: 'acceptance',
};

const ordered: readonly Kind[] = ['priority', 'past', 'future', 'metadata'];

/** The names of the fields that can be asked for; those of the metadata are `metadata.<key>`. */
export function fieldNames(): string[] {
  return Object.keys(fields);
}

/** The own name of a field, whatever its case and whichever of its names was typed; undefined where there is no such field. */
export function fieldNamed(typed: string): string | undefined {
  const [, key] = /^metadata\.(.+)$/isu.exec(typed) ?? [];
  if (key !== undefined) return `metadata.${key}`;
  const name = typed.toLowerCase();
  const own = Object.hasOwn(others, name) ? others[name]! : name;
  return Object.hasOwn(fields, own) ? own : undefined;
}

/** What a field of that name is. */
export function fieldOf(name: string): Field {
  return fields[name] ?? { kind: 'metadata', key: name.slice('metadata.'.length) };
}

/** What is wrong with a comparison; undefined where nothing is. */
export function faultOf(name: string, operator: Operator, value: string): string | undefined {
  const { kind } = fieldOf(name);
  const equal = operator === '=' || operator === '!=';
  if (!equal && !ordered.includes(kind)) return `${name} is compared by = and != alone`;
  if (kind === 'priority' && !/^p?[0-4]$/i.test(value)) return `a priority is 0 (most urgent) to 4, or P0 to P4, not ${JSON.stringify(value.slice(0, 60))}`;
  if (kind === 'flag' && readFlag(value) === undefined) return `${name} is true or false, not ${JSON.stringify(value.slice(0, 60))}`;
  if (kind !== 'past' && kind !== 'future') return undefined;
  if (isNone(value)) return equal ? undefined : 'none is compared by = and != alone';
  return readTime(kind, value, 0) === undefined ? `${JSON.stringify(value.slice(0, 60))} is not a time, such as 7d, 2030-01-31 or yesterday` : undefined;
}

/** Whether a value asks for nothing being there. */
export function isNone(value: string): boolean {
  return value === '' || value.toLowerCase() === 'none';
}

/** Reads a truth as it is typed; undefined where it is none. */
export function readFlag(value: string): boolean | undefined {
  const word = value.toLowerCase();
  return ['true', 'yes', '1'].includes(word) ? true : ['false', 'no', '0'].includes(word) ? false : undefined;
}

/** Reads a time as it is typed, in milliseconds; one without a direction lies where the field mostly does. Undefined where it is none. */
export function readTime(kind: 'past' | 'future', value: string, now: number): number | undefined {
  const text = value.trim();
  const directed = kind === 'future' ? text : /^\d+ ?[a-z]+$/i.test(text) ? `${text} ago` : /^(sun|mon|tues|wednes|thurs|fri|satur)day$/i.test(text) ? `last ${text}` : text;
  try {
    return parseTime(directed, now);
  } catch (error) {
    if (error instanceof BadTime) return undefined;
    throw error;
  }
}
