import { shellWord } from '../base/text.ts';
import { configEntries, setConfig } from '../git/config.ts';
import type { Repository } from '../git/repository.ts';
import { selfCommand } from '../sessions/self.ts';

/** What became of the aliases that were to be set. */
export interface AliasReport {
  /** Set now, or as they were. */
  readonly set: readonly string[];
  /** Somebody else's, with what they stand for; left alone. */
  readonly kept: readonly { readonly name: string; readonly value: string }[];
}

/** What may be an alias of git, if the program has a command of that name: `git bead` for `gt bead`. */
export const aliasNames: readonly string[] = ['bead', 'sling', 'convoy', 'mol', 'mail', 'mq', 'done', 'prime'];

const start = '!command -v gt >/dev/null || gt() { ';

/** The alias runs the gt on the PATH, or the one that set it where there is none. */
function aliasFor(name: string): string {
  return `${start}${selfCommand([]).map(shellWord).join(' ')} "$@"; }; gt ${name}`;
}

/** Sets git's aliases for a repository, or for the person where it is undefined. Aliases that are there already and are not ours stay. */
export async function setAliases(repository: Repository | undefined, names: readonly string[]): Promise<AliasReport> {
  const known = new Map((await configEntries(repository)).flatMap(({ key, value, scope }) => (key.startsWith('alias.') ? [[key.slice('alias.'.length), { value, scope }] as const] : [])));
  const set: string[] = [];
  const kept: { name: string; value: string }[] = [];
  for (const name of names) {
    const value = aliasFor(name);
    const found = known.get(name);
    if (found !== undefined && !found.value.startsWith(start)) {
      kept.push({ name, value: found.value });
      continue;
    }
    const own = repository === undefined ? 'global' : 'local';
    if (found?.value !== value || found.scope !== own) await setConfig(repository, `alias.${name}`, value);
    set.push(name);
  }
  return { set, kept };
}

/** Removes the aliases that we set. Returns their names. */
export async function removeAliases(repository: Repository | undefined): Promise<string[]> {
  const own = repository === undefined ? 'global' : 'local';
  const ours = (await configEntries(repository)).filter(({ key, value, scope }) => scope === own && key.startsWith('alias.') && value.startsWith(start));
  for (const { key } of ours) await setConfig(repository, key, undefined);
  return ours.map(({ key }) => key.slice('alias.'.length));
}
