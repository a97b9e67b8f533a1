import { Refused, Usage } from '../base/errors.ts';
import { isObject } from '../base/jsonl.ts';
import { isName } from './address.ts';
import { setSetting, type SettingChange } from './setting.ts';

/** What the town's ledger says of a rig, in its `rigs` settings by name. */
export interface RigRecord {
  /** Where it was cloned from; absent for a repository that is a town by itself. */
  readonly url?: string;
  readonly prefix: string;
  /** The branch that work lands on. */
  readonly target: string;
  /** The remote that landings are pushed to; absent where they stay in the rig. */
  readonly remote?: string;
  readonly added_at: string;
}

type RigSettings = Readonly<Record<string, unknown>>;

/** The name of the settings file that holds the rigs of a town. */
export const rigSettings = 'rigs';

/** Beads' own prefixes come from the names of folders, which may have a low line in them. */
const prefixPattern = /^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/;
const prefixLimit = 8;
const typedLimit = 20;

/** Holds a prefix of ids against its grammar and those that are taken. Throws BadPrefix, PrefixTaken. */
export function checkPrefix(prefix: string, taken: Iterable<string>): string {
  if (prefix.length > typedLimit || !prefixPattern.test(prefix)) throw new BadPrefix(prefix);
  if ([...taken].includes(prefix)) throw new PrefixTaken(prefix);
  return prefix;
}

/** A prefix as people type it: the dash that ids have behind it is no part of it. */
export function typedPrefix(text: string): string {
  return text.replace(/-+$/, '');
}

/** The prefix for a name: its letters and digits, eight at most, with a number where another rig has it. */
export function derivePrefix(name: string, taken: Iterable<string>): string {
  const used = new Set(taken);
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '').replace(/^[0-9]+/, '').slice(0, prefixLimit) || 'rig';
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? '' : String(number);
    const candidate = plain.slice(0, prefixLimit - suffix.length) + suffix;
    if (!used.has(candidate)) return candidate;
  }
}

/** The name that a rig may have whose folder is called so. */
export function deriveName(folder: string): string {
  const plain = folder.toLowerCase().replace(/\.git$/, '').replace(/[^a-z0-9]+/g, '_').replace(/^[^a-z]+|_+$/g, '').slice(0, 40);
  return isName(plain) ? plain : `${plain === '' ? 'rig' : plain.slice(0, 36)}_rig`;
}

/** The rigs that are written down. */
export function rigRecords(settings: RigSettings): Map<string, RigRecord> {
  return new Map(Object.entries(settings).filter((entry): entry is [string, RigRecord] => entry[0] !== 'clock' && isObject(entry[1]) && typeof entry[1]['prefix'] === 'string'));
}

/** Writes a rig down; one that is written so already stays. Throws RigTaken, PrefixTaken. */
export function registerRig(settings: RigSettings, name: string, rig: RigRecord, reserved: readonly string[]): SettingChange[] {
  const known = rigRecords(settings);
  const found = known.get(name);
  if (found !== undefined && (found.prefix !== rig.prefix || found.url !== rig.url)) throw new RigTaken(name);
  known.delete(name);
  checkPrefix(rig.prefix, [...reserved, ...[...known.values()].map(({ prefix }) => prefix)]);
  return setSetting(settings, rigSettings, name, found === undefined ? rig : { ...rig, added_at: found.added_at });
}

/** A text that ids cannot begin with. */
export class BadPrefix extends Usage {
  readonly code = 'prefix.bad';
  constructor(prefix: string) {
    super(`${JSON.stringify(prefix.slice(0, 60))} cannot be a prefix of ids`, { prefix }, `use a lower-case letter, then letters and digits, with single - or _ between them, ${typedLimit} characters at most`);
  }
}

/** Another ledger of the town has the prefix. */
export class PrefixTaken extends Refused {
  readonly code = 'prefix.taken';
  constructor(prefix: string) {
    super(`the prefix ${prefix} is taken`, { prefix }, '--prefix <another>');
  }
}

/** The town has a rig of that name. */
export class RigTaken extends Refused {
  readonly code = 'rig.taken';
  constructor(name: string) {
    super(`there is a rig ${name} already`, { name }, 'gt rig list');
  }
}
