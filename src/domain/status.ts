import { Refused } from '../base/errors.ts';
import { isBuiltIn, type Bead } from './bead.ts';
import { settingAt } from './setting.ts';

/** What a status says of its beads: to be done (active), under way (wip), laid aside (frozen), done, or nothing of that kind. */
export const categories = ['active', 'wip', 'frozen', 'done', 'unspecified'] as const;
export type Category = (typeof categories)[number];

/** A status that the settings add. */
export interface CustomStatus {
  readonly name: string;
  readonly category: Category;
}

/** Answers the category of a bead whose status the settings add; undefined for everybody's statuses, and for one that they do not know. */
export type CategoryOf = (bead: Bead) => Category | undefined;

/** Answers the category by these statuses, for any bead. */
export function categoriesBy(known: readonly CustomStatus[]): (bead: Pick<Bead, 'status'>) => Category | undefined {
  const categories = new Map(known.map(({ name, category }) => [name, category]));
  return ({ status }) => categories.get(status);
}

/** The setting that adds statuses. */
export const statusSetting = 'status.custom';

/** Words that commands read otherwise where a status may stand. */
const taken: readonly string[] = ['all', 'ready', 'submitted', 'tombstone'];

/** The statuses that the settings add. What cannot be read, as a newer version or a hand may have written it, adds none. */
export function customStatuses(settings: Readonly<Record<string, unknown>>): CustomStatus[] {
  const found = new Map<string, CustomStatus>();
  for (const word of statusWords(settingAt(settings, statusSetting))) {
    const status = statusIn(word);
    if (typeof status !== 'string' && !found.has(status.name)) found.set(status.name, status);
  }
  return [...found.values()];
}

/** Holds what the settings are to say of statuses: each `<name>` or `<name>:<category>`, in a list or between commas. Throws BadStatus. */
export function checkStatuses(value: unknown): void {
  const names = new Set<string>();
  for (const word of statusWords(value)) {
    const status = statusIn(word);
    if (typeof status === 'string') throw new BadStatus(word, status);
    if (names.has(status.name)) throw new BadStatus(word, `${status.name} stands there twice`);
    names.add(status.name);
  }
}

/** The words of that setting, in a list or between commas, without the blanks around them. */
export function statusWords(value: unknown): string[] {
  const words: readonly unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [];
  return words.flatMap((word) => (typeof word === 'string' && word.trim() !== '' ? [word.trim()] : []));
}

/** Reads one status; answers what is wrong with it as a text. */
function statusIn(word: string): CustomStatus | string {
  const [name = '', category = 'unspecified', ...rest] = word.split(':');
  if (!/^[a-z][a-z0-9_-]{0,49}$/.test(name)) return 'its name is not a short lower-case word';
  if (taken.includes(name)) return `${name} means something else where a status is typed`;
  if (isBuiltIn(name)) return `everybody has ${name} already`;
  const known = categories.find((each) => each === category);
  if (known === undefined || rest.length > 0) return `its category is none of ${categories.join(', ')}`;
  return { name, category: known };
}

/** A status that the settings cannot add. */
export class BadStatus extends Refused {
  readonly code = 'status.bad';
  constructor(word: string, why: string) {
    super(`${JSON.stringify(word.slice(0, 80))} cannot be a status of your own: ${why}`, { status: word.slice(0, 80), why }, `gt config set ${statusSetting} in_review:active,qa:wip`);
  }
}
