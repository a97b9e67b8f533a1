import { parseTime } from '../base/time.ts';
import { openWork, type Query } from '../domain/query.ts';
import { parsePriority } from './beads.ts';
import type { Context, Option } from './command.ts';

/** Which beads are meant, as options of the commands that find some. */
export const queryOptions = {
  status: { type: 'array', alias: 's', describe: 'of these statuses; all for every one' },
  type: { type: 'array', alias: 't', describe: 'of these types' },
  priority: { type: 'array', alias: 'p', describe: 'of these priorities, 0 or P0 to 4' },
  assignee: { type: 'string', alias: 'a', describe: 'that this one works on', placeholder: '<name>' },
  'no-assignee': { type: 'boolean', describe: 'that nobody has' },
  label: { type: 'array', alias: 'l', describe: 'with all of these labels' },
  'label-any': { type: 'array', describe: 'with one of these labels' },
  id: { type: 'array', describe: 'with these ids' },
  parent: { type: 'string', describe: 'the parts of this bead', placeholder: '<bead>' },
  'title-contains': { type: 'string', describe: 'whose title says this', placeholder: '<text>' },
  'created-after': { type: 'string', describe: 'created since then', placeholder: '<time>' },
  'created-before': { type: 'string', describe: 'created before then', placeholder: '<time>' },
  'updated-after': { type: 'string', describe: 'changed since then', placeholder: '<time>' },
  'updated-before': { type: 'string', describe: 'not changed since then', placeholder: '<time>' },
  'closed-after': { type: 'string', describe: 'closed since then', placeholder: '<time>' },
  'closed-before': { type: 'string', describe: 'closed before then', placeholder: '<time>' },
  all: { type: 'boolean', describe: 'closed ones and those that the town keeps books with, too' },
  rig: { type: 'string', describe: "of this rig; hq for the town's own", placeholder: '<name>' },
} as const satisfies Record<string, Option>;

/** What was typed for `queryOptions`. */
export interface TypedQuery {
  readonly status: readonly string[];
  readonly type: readonly string[];
  readonly priority: readonly string[];
  readonly assignee: string | undefined;
  readonly noAssignee: boolean;
  readonly label: readonly string[];
  readonly labelAny: readonly string[];
  readonly id: readonly string[];
  readonly parent: string | undefined;
  readonly titleContains: string | undefined;
  readonly createdAfter: string | undefined;
  readonly createdBefore: string | undefined;
  readonly updatedAfter: string | undefined;
  readonly updatedBefore: string | undefined;
  readonly closedAfter: string | undefined;
  readonly closedBefore: string | undefined;
  readonly all: boolean;
}

/** The query that was typed; `parent` is an id already. */
export function readQuery(typed: TypedQuery, parent: string | undefined, context: Context): Query {
  // A time without a direction lies in the past here: 7d is a week ago.
  const time = (text: string | undefined): number | undefined => (text === undefined ? undefined : parseTime(/^\d+[hdwmy]$/.test(text) ? `-${text}` : text, context.now()));
  return {
    ...openWork,
    statuses: typed.status,
    types: typed.type,
    priorities: typed.priority.map(parsePriority),
    assignee: typed.assignee,
    unassigned: typed.noAssignee,
    labels: typed.label,
    anyLabel: typed.labelAny,
    ids: typed.id,
    parent,
    title: typed.titleContains,
    created: { after: time(typed.createdAfter), before: time(typed.createdBefore) },
    updated: { after: time(typed.updatedAfter), before: time(typed.updatedBefore) },
    closed: { after: time(typed.closedAfter), before: time(typed.closedBefore) },
    all: typed.all,
  };
}

/** Whether anything was asked for in particular. */
export function isParticular(query: Query): boolean {
  return JSON.stringify(query) !== JSON.stringify(openWork);
}
