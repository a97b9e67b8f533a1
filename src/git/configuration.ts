import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Repository } from './repository.ts';

/** Values for git configuration keys; a list sets a key that holds several. */
export type Configuration = Readonly<Record<string, string | readonly string[]>>;

/** What every git process of the town runs with. */
export const ground: Configuration = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.alternateRefsCommand': 'true',
  'core.fsync': 'committed,reference,loose-object',
  'core.filesRefLockTimeout': '1000',
  'core.packedRefsTimeout': '2000',
  'protocol.ext.allow': 'never',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'submodule.recurse': 'false',
  'commit.gpgSign': 'false',
  'push.gpgSign': 'false',
  'log.showSignature': 'false',
  'i18n.commitEncoding': 'UTF-8',
};

/** Keys whose values git runs as programs, and what stands in for each where only the repository itself sets it. */
const programs: readonly (readonly [key: RegExp, harmless: string])[] = [
  [/^filter\..*\.(clean|smudge|process)$/s, ''],
  [/^filter\..*\.required$/s, 'false'],
  // An empty driver would take one side without a word; this one merges as git does without a driver.
  [/^merge\..*\.driver$/s, 'git merge-file --marker-size=%L %A %O %B'],
  [/^diff\.external$|^diff\..*\.(command|textconv)$/s, ''],
  [/^credential\.(.*\.)?helper$/s, ''],
  [/^core\.sshcommand$/, 'ssh'],
  [/^core\.(pager|editor|askpass)$|^sequence\.editor$|^pager\.|^alias\./s, ''],
  [/^gpg\.(.*\.)?(program|defaultkeycommand)$/s, 'false'],
  [/^lfs\.extension\..*\.(clean|smudge)$|^lfs\.customtransfer\..*\.(path|args)$|^lfs\.standalonetransferagent$/s, ''],
  [/^hook\..*\.command$|^trailer\..*\.(command|cmd)$/s, 'true'],
  [/^hook\..*\.enabled$/s, 'false'],
  [/^submodule\..*\.update$/s, 'none'],
];

/** Whether the repository's own configuration may start a program even where git only reads objects and moves refs: it includes other files, defines hooks, or fetches what is missing. */
export function looksHostile(repository: Repository): boolean {
  return saysAny(repository, /\[\s*(include|hook)|promisor|partialclone/i);
}

/** Whether git may fetch the objects that a partial clone left out: not where the repository names the program for it, since git heeds the first such name and no later one. */
export function mayFetchMissing(repository: Repository): boolean {
  return !saysAny(repository, /\[\s*include|uploadpack/i);
}

function saysAny({ gitDir, commonDir }: Repository, words: RegExp): boolean {
  return [join(commonDir, 'config'), join(gitDir, 'config.worktree')].some((path) => existsSync(path) && words.test(readFileSync(path, 'utf8')));
}

/** For what `git config --list --show-scope -z` printed: the keys of the repository's own configuration that git would run, each with what the person's or the machine's configuration says instead. */
export function overridesFor(listing: string): Record<string, string | readonly string[]> {
  const own = new Map<string, string>();
  const outer = new Map<string, string[]>();
  const fields = listing.split('\0');
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const scope = fields[index]!;
    const [key, value = 'true'] = split(fields[index + 1]!);
    const harmless = programs.find(([pattern]) => pattern.test(key))?.[1];
    if (harmless === undefined) continue;
    if (scope === 'local' || scope === 'worktree') own.set(key, harmless);
    else if (scope === 'global' || scope === 'system') outer.set(key, [...(outer.get(key) ?? []), value]);
  }
  // An empty credential helper forgets the ones before it.
  return Object.fromEntries([...own].map(([key, harmless]) => [key, harmless === '' ? ['', ...(outer.get(key) ?? [])] : (outer.get(key) ?? [harmless])]));
}

function split(entry: string): [key: string, value: string | undefined] {
  const end = entry.indexOf('\n');
  return end === -1 ? [entry, undefined] : [entry.slice(0, end), entry.slice(end + 1)];
}

/** The environment variables by which git takes a configuration that beats every file. */
export function configurationEnvironment(configuration: Configuration): Record<string, string> {
  const env: Record<string, string> = {};
  let count = 0;
  for (const [key, values] of Object.entries(configuration)) {
    for (const value of typeof values === 'string' ? [values] : values) {
      env[`GIT_CONFIG_KEY_${count}`] = key;
      env[`GIT_CONFIG_VALUE_${count}`] = value;
      count += 1;
    }
  }
  return { ...env, GIT_CONFIG_COUNT: String(count) };
}

/** Reads the text of a git configuration file; `section.key`, or `section.name.key`, to the last value. Files that it includes are left out. */
export function parseConfiguration(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  let section = '';
  for (const line of text.replaceAll(/\\\r?\n/g, '').split(/\r?\n/)) {
    const header = /^\s*\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]/.exec(line);
    if (header !== null) section = header[1]!.toLowerCase() + (header[2] === undefined ? '' : `.${header[2].replaceAll(/\\(.)/g, '$1')}`);
    const [, key, assigned] = /^\s*([A-Za-z][\w-]*)\s*(=.*)?$/.exec(header === null ? line : line.slice(header[0].length)) ?? [];
    if (key !== undefined) values[`${section}.${key.toLowerCase()}`] = assigned === undefined ? 'true' : unquoted(assigned.slice(1));
  }
  return values;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', b: '\b' };

function unquoted(text: string): string {
  let value = '';
  let certain = 0;
  let quoting = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '"') quoting = !quoting;
    else if (character === '\\') value += escapes[text[++at] ?? ''] ?? text[at] ?? '';
    else if (!quoting && (character === '#' || character === ';')) break;
    else if (quoting || !/\s/.test(character)) value += character;
    else if (value !== '') value += character;
    if (quoting || !/\s/.test(character)) certain = value.length;
  }
  return value.slice(0, certain);
}
