import { parsePast } from '../base/time.ts';
import { openWork, type Query } from '../domain/query.ts';
import { parsePriority } from './beads.ts';
import type { Arguments, Context, Option } from './command.ts';
import { isTyped, workOptions } from './work-options.ts';

/** Which beads are meant, as options of the commands that find some. */
export const queryOptions = {
  status: { type: 'array', alias: 's', describe: 'of these statuses; all for every one' },
  ...workOptions,
  id: { type: 'array', describe: 'with these ids' },
  'closed-after': { type: 'string', describe: 'closed since then', placeholder: '<time>' },
  'closed-before': { type: 'string', describe: 'closed before then', placeholder: '<time>' },
  'defer-after': { type: 'string', describe: 'put off until then or longer; 3d is in three days here', placeholder: '<time>' },
  'defer-before': { type: 'string', describe: 'put off until before then', placeholder: '<time>' },
  deferred: { type: 'boolean', describe: 'that were put off' },
  pinned: { type: 'boolean', describe: 'that are pinned' },
  'no-pinned': { type: 'boolean', describe: 'that are not pinned, whatever else is asked' },
  'wisp-type': { type: 'string', describe: 'ephemeral ones of this kind', placeholder: '<kind>' },
  'include-gates': { type: 'boolean', describe: 'gates, too' },
  'include-infra': { type: 'boolean', describe: 'what the town keeps books with, too: agents, roles, rigs and messages' },
  'include-templates': { type: 'boolean', describe: 'templates, too' },
  all: { type: 'boolean', describe: 'closed ones and those that the town keeps books with, too' },
} as const satisfies Record<string, Option>;

/** What was typed for `queryOptions`. */
export type TypedQuery = Omit<Arguments<readonly [], typeof queryOptions>, 'rig'>;

/** The query that was typed; `parent` is an id already. */
export async function readQuery(typed: Partial<TypedQuery>, parent: string | undefined, context: Context): Promise<Query> {
  const past = (text: string | undefined): number | undefined => (text === undefined ? undefined : parsePast(text, context.now()));
  return {
    ...openWork,
    statuses: typed.status ?? [],
    types: await typesNamed(typed.type),
    priorities: (typed.priority ?? []).map((text) => parsePriority(text)),
    assignee: typed.assignee,
    unassigned: typed.noAssignee ?? false,
    labels: typed.label ?? [],
    anyLabel: typed.labelAny ?? [],
    ids: typed.id ?? [],
    parent,
    title: typed.titleContains,
    created: { after: past(typed.createdAfter), before: past(typed.createdBefore) },
    updated: { after: past(typed.updatedAfter), before: past(typed.updatedBefore) },
    closed: { after: past(typed.closedAfter), before: past(typed.closedBefore) },
    all: typed.all ?? false,
    books: [...(typed.includeGates ? ['gate'] : []), ...(typed.includeInfra ? ['agent', 'role', 'rig', 'message'] : [])],
    templates: typed.includeTemplates ?? false,
    pinned: typed.pinned ? true : typed.noPinned ? false : undefined,
    tests: isPlain(typed) ? [] : await (await import('./bead-tests.ts')).testsOf(typed, context.now()),
  };
}

/** What is asked with one of these needs the conditions, which everyday questions do without. */
const further = [
  'excludeType', 'priorityMin', 'priorityMax', 'labelPattern', 'labelRegex', 'excludeLabel', 'noLabels', 'noParent', 'descContains', 'notesContains', 'emptyDescription', 'dueAfter', 'dueBefore', 'overdue',
  'metadataField', 'hasMetadataKey', 'spec', 'molType', 'deferAfter', 'deferBefore', 'deferred', 'wispType',
] as const satisfies readonly (keyof TypedQuery)[];

function isPlain(typed: Partial<TypedQuery>): boolean {
  for (const name of further) if (isTyped(typed[name])) return false;
  return true;
}

/** Types by their own names, where other words for them were typed. */
export async function typesNamed(words: readonly string[] | undefined): Promise<string[]> {
  if (words === undefined || words.length === 0) return [];
  const { typeNamed } = await import('../domain/kind.ts');
  return words.map(typeNamed);
}
