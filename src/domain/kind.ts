import { Refused } from '../base/errors.ts';
import { fewBesides, nearest } from '../base/text.ts';
import { settingAt } from './setting.ts';

/** The types that people file work under. */
export const workTypes: readonly string[] = ['task', 'bug', 'feature', 'epic', 'chore', 'decision', 'spike', 'story', 'milestone'];
/** The types that the town itself keeps books with: nobody works on them by claiming them, and they are listed when they are asked for. */
export const townTypes: readonly string[] = ['message', 'molecule', 'gate', 'event', 'agent', 'role', 'rig', 'convoy', 'merge-request', 'slot'];

const aliases: Readonly<Record<string, string>> = {
  enhancement: 'feature', feat: 'feature', dec: 'decision', adr: 'decision', investigation: 'spike', timebox: 'spike', 'user-story': 'story', ms: 'milestone',
};

/** Whether a word names a type that everybody has, whatever the settings say. */
export function isBuiltInType(word: string): boolean {
  const named = ownName(word);
  return workTypes.includes(named) || townTypes.includes(named);
}

function ownName(word: string): string {
  return Object.hasOwn(aliases, word) ? (aliases[word] ?? word) : word;
}

/** The type that a word names: itself, or what it is another word for. Throws BadType where it cannot be a type. */
export function typeNamed(word: string): string {
  const named = ownName(word);
  if (!/^[a-z][a-z0-9_-]{0,49}$/.test(named)) throw new BadType(word, 'a type is a short lower-case word', undefined);
  return named;
}

/** The same, for a type that a person types: one of ours, or of those that the settings add as `types.custom`. Throws BadType. */
export function checkType(word: string, settings: () => Readonly<Record<string, unknown>>): string {
  const named = typeNamed(word);
  if (isBuiltInType(named)) return named;
  const custom = customTypes(settings());
  if (!custom.includes(named)) throw new BadType(word, `it is one of ${fewBesides(workTypes, custom)}`, nearest(named, [...workTypes, ...townTypes, ...custom]));
  return named;
}

/** The types that the settings add. */
export function customTypes(settings: Readonly<Record<string, unknown>>): string[] {
  const value = settingAt(settings, 'types.custom');
  const words = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [];
  return words.map((word) => String(word).trim()).filter((word) => word !== '');
}

/** A word that names no type of bead. */
export class BadType extends Refused {
  readonly code = 'type.unknown';
  constructor(word: string, why: string, near: string | undefined) {
    super(`there is no type ${JSON.stringify(word.slice(0, 60))}: ${why}`, { type: word.slice(0, 60) }, near === undefined ? 'gt create --help' : `--type ${near}`);
  }
}
