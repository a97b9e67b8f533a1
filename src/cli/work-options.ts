import type { Option } from './command.ts';

/** Which of the beads that there is work on are meant. */
export const workOptions = {
  type: { type: 'array', alias: 't', describe: 'of these types' },
  'exclude-type': { type: 'array', describe: 'of none of these types' },
  priority: { type: 'array', alias: 'p', describe: 'of these priorities, 0 or P0 to 4' },
  'priority-min': { type: 'string', describe: 'of this priority or a larger number', placeholder: '<n>' },
  'priority-max': { type: 'string', describe: 'of this priority or a smaller number', placeholder: '<n>' },
  assignee: { type: 'string', alias: 'a', describe: 'that this one works on', placeholder: '<name>' },
  'no-assignee': { type: 'boolean', describe: 'that nobody has' },
  label: { type: 'array', alias: 'l', describe: 'with all of these labels' },
  'label-any': { type: 'array', describe: 'with one of these labels' },
  'label-pattern': { type: 'string', describe: 'with a label like that, such as area:*', placeholder: '<pattern>' },
  'label-regex': { type: 'string', describe: 'with a label that this regular expression fits', placeholder: '<regex>' },
  'exclude-label': { type: 'array', describe: 'with none of these labels' },
  'no-labels': { type: 'boolean', describe: 'with no label' },
  parent: { type: 'string', describe: 'the parts of this bead', placeholder: '<bead>' },
  'no-parent': { type: 'boolean', describe: 'that are parts of none' },
  'title-contains': { type: 'string', describe: 'whose title says this', placeholder: '<text>' },
  'desc-contains': { type: 'string', describe: 'whose description says this', placeholder: '<text>' },
  'notes-contains': { type: 'string', describe: 'whose notes say this', placeholder: '<text>' },
  'empty-description': { type: 'boolean', describe: 'without a description' },
  'created-after': { type: 'string', describe: 'created since then', placeholder: '<time>' },
  'created-before': { type: 'string', describe: 'created before then', placeholder: '<time>' },
  'updated-after': { type: 'string', describe: 'changed since then', placeholder: '<time>' },
  'updated-before': { type: 'string', describe: 'not changed since then', placeholder: '<time>' },
  'due-after': { type: 'string', describe: 'due then or later; 3d is in three days here', placeholder: '<time>' },
  'due-before': { type: 'string', describe: 'due before then', placeholder: '<time>' },
  overdue: { type: 'boolean', describe: 'that should be done by now' },
  'metadata-field': { type: 'array', whole: true, describe: 'whose metadata say this', placeholder: '<key=value>' },
  'has-metadata-key': { type: 'string', describe: 'whose metadata have this key', placeholder: '<key>' },
  spec: { type: 'string', describe: 'specified by a document whose id begins so', placeholder: '<id>' },
  'mol-type': { type: 'string', describe: 'molecules of this kind: swarm, patrol or work', placeholder: '<kind>' },
  rig: { type: 'string', describe: "of this rig; hq for the town's own", placeholder: '<name>' },
} as const satisfies Record<string, Option>;

/** Whether what an option came to was typed, and is no default of an option that has none. */
export function isTyped(value: unknown): boolean {
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
}

/** Whether one of some options was typed. */
export function anyTyped(values: Readonly<Record<string, unknown>>): boolean {
  for (const name in values) if (isTyped(values[name])) return true;
  return false;
}
