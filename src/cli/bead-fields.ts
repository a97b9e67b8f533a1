import { isObject } from '../base/jsonl.ts';
import type { Context, Option } from './command.ts';
import { BadOption, parseEstimate, parsePriority, parseWhen } from './beads.ts';
import { readText } from './files.ts';

/** The fields of a bead as options, for the commands that write them. */
export const fieldOptions = {
  title: { type: 'string', describe: 'what is to be done, in one line', placeholder: '<text>' },
  description: { type: 'string', alias: 'd', describe: 'more about it', placeholder: '<text>' },
  'body-file': { type: 'string', describe: 'a file that holds the description, - for standard input', placeholder: '<path>' },
  stdin: { type: 'boolean', describe: 'read the description from standard input' },
  design: { type: 'string', describe: 'how it is to be done', placeholder: '<text>' },
  'design-file': { type: 'string', describe: 'a file that holds the design, - for standard input', placeholder: '<path>' },
  acceptance: { type: 'string', describe: 'how one sees that it is done', placeholder: '<text>' },
  notes: { type: 'string', describe: 'notes', placeholder: '<text>' },
  type: { type: 'string', alias: 't', describe: 'task, bug, feature, epic, chore, decision, spike, story or milestone', placeholder: '<type>' },
  priority: { type: 'string', alias: 'p', describe: '0 or P0 (most urgent) to 4', placeholder: '<n>' },
  assignee: { type: 'string', alias: 'a', describe: 'who does it', placeholder: '<name>' },
  estimate: { type: 'string', alias: 'e', describe: 'how long it takes: minutes, or 90m, 2h', placeholder: '<time>' },
  'external-ref': { type: 'string', describe: 'what it is called elsewhere, such as gh-9', placeholder: '<ref>' },
  'spec-id': { type: 'string', describe: 'the document that specifies it', placeholder: '<id>' },
  due: { type: 'string', describe: 'when it is due: 2030-01-31, +3d, tomorrow', placeholder: '<time>' },
  defer: { type: 'string', describe: 'from when on it is ready', placeholder: '<time>' },
  metadata: { type: 'string', describe: 'a JSON object, or @file', placeholder: '<json>' },
  run: { type: 'string', describe: 'the command that does it (metadata.run), for workers of runtime exec', placeholder: '<command>' },
  script: { type: 'string', describe: 'a file with the script that does it (kept in metadata.script)', placeholder: '<path>' },
} as const satisfies Record<string, Option>;

/** What was typed for `fieldOptions`. */
export interface TypedFields {
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly bodyFile: string | undefined;
  readonly stdin: boolean;
  readonly design: string | undefined;
  readonly designFile: string | undefined;
  readonly acceptance: string | undefined;
  readonly notes: string | undefined;
  readonly type: string | undefined;
  readonly priority: string | undefined;
  readonly assignee: string | undefined;
  readonly estimate: string | undefined;
  readonly externalRef: string | undefined;
  readonly specId: string | undefined;
  readonly due: string | undefined;
  readonly defer: string | undefined;
  readonly metadata: string | undefined;
  readonly run: string | undefined;
  readonly script: string | undefined;
}

/** The fields that were typed, by the names that beads have; an empty text removes one (null). What was not typed is left out. */
export async function readFields(typed: TypedFields, context: Context): Promise<Record<string, unknown>> {
  const metadata = await readMetadata(typed, context);
  const fields: Record<string, unknown> = {
    title: typed.title,
    description: await readDescription(typed, context),
    design: await readDesign(typed, context),
    acceptance_criteria: removable(typed.acceptance),
    notes: removable(typed.notes),
    issue_type: typed.type,
    priority: typed.priority === undefined ? undefined : parsePriority(typed.priority),
    assignee: removable(typed.assignee),
    estimated_minutes: typed.estimate === undefined ? undefined : typed.estimate === '' ? null : parseEstimate(typed.estimate),
    external_ref: removable(typed.externalRef),
    spec_id: removable(typed.specId),
    due_at: parseWhen(typed.due, context.now()),
    defer_until: parseWhen(typed.defer, context.now()),
    metadata,
  };
  for (const name in fields) if (fields[name] === undefined) delete fields[name];
  return fields;
}

function removable(text: string | undefined): string | null | undefined {
  return text === '' ? null : text;
}

async function readDescription({ description, bodyFile, stdin }: TypedFields, context: Context): Promise<string | null | undefined> {
  const sources = [description, bodyFile, stdin ? '-' : undefined].filter((source) => source !== undefined);
  if (sources.length > 1) throw new BadOption('the description is given by one of --description, --body-file and --stdin', '--body-file <path>');
  if (description !== undefined) return removable(description);
  return bodyFile === undefined && !stdin ? undefined : readText(bodyFile ?? '-', context);
}

async function readDesign({ design, designFile }: TypedFields, context: Context): Promise<string | null | undefined> {
  if (designFile === undefined) return removable(design);
  if (design !== undefined) throw new BadOption('the design is given by one of --design and --design-file', '--design-file <path>');
  return readText(designFile, context);
}

async function readMetadata({ metadata, run, script }: TypedFields, context: Context): Promise<Record<string, unknown> | undefined> {
  const text = metadata?.startsWith('@') === true ? await readText(metadata.slice(1), context) : metadata;
  const typed = text === undefined ? {} : parseObject(text, '--metadata');
  const commands = { ...(run === undefined ? {} : { run }), ...(script === undefined ? {} : { script: await readText(script, context) }) };
  const all = { ...typed, ...commands };
  return Object.keys(all).length > 0 || metadata !== undefined ? all : undefined;
}

function parseObject(text: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BadOption(`${where} is not JSON: ${error instanceof Error ? error.message : ''}`, `--metadata '{"key": "value"}'`);
  }
  if (!isObject(value)) throw new BadOption(`${where} is not a JSON object`, `--metadata '{"key": "value"}'`);
  return value;
}
