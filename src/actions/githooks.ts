import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import forward from '../../git-hooks/forward.sh' with { type: 'text' };
import postCheckout from '../../git-hooks/post-checkout.sh' with { type: 'text' };
import postCommit from '../../git-hooks/post-commit.sh' with { type: 'text' };
import postMerge from '../../git-hooks/post-merge.sh' with { type: 'text' };
import prePush from '../../git-hooks/pre-push.sh' with { type: 'text' };
import prepareCommitMessage from '../../git-hooks/prepare-commit-msg.sh' with { type: 'text' };
import referenceTransaction from '../../git-hooks/reference-transaction.sh' with { type: 'text' };
import { gitHookRefusal } from '../base/errors.ts';
import { shellWord } from '../base/text.ts';
import { configEntries, setConfig } from '../git/config.ts';
import type { Repository } from '../git/repository.ts';
import { readState, stateFolder, writeState } from '../ledger/ledger.ts';
import { selfCommand } from '../sessions/self.ts';
import { townState } from '../town.ts';

const shims: Readonly<Record<string, string>> = {
  'prepare-commit-msg': prepareCommitMessage,
  'post-commit': postCommit,
  'post-merge': postMerge,
  'post-checkout': postCheckout,
  'pre-push': prePush,
  'reference-transaction': referenceTransaction,
};

/** The other git hooks, which a folder of our own has to hand on. */
const others: readonly string[] = [
  'applypatch-msg', 'pre-applypatch', 'post-applypatch', 'pre-commit', 'pre-merge-commit', 'commit-msg', 'pre-rebase', 'post-rewrite', 'pre-auto-gc', 'post-index-change', 'sendemail-validate',
  'pre-receive', 'update', 'post-receive', 'post-update',
];
/** Of these, git does something else when one is there at all. */
const weighty: readonly string[] = ['push-to-checkout', 'proc-receive'];

const marker = '# Set by gastown, ';
const aside = '.before-gastown';

/** What core.hooksPath said before it named our folder. */
interface Earlier {
  readonly scope: string;
  readonly value: string;
}

/** How the git hooks of a repository stand. */
export interface GitHookReport {
  /** Where git looks for them; undefined where they are switched off. */
  readonly folder: string | undefined;
  /** The folder that core.hooksPath named, and whose hooks are called first. */
  readonly handsOnTo?: string;
  readonly hooks: readonly GitHookState[];
}

export interface GitHookState {
  readonly name: string;
  /** `foreign`: something else stands in its place and was left there. */
  readonly state: 'installed' | 'missing' | 'foreign';
  /** The hook that was there before and is called first. */
  readonly chained?: string;
}

/** Where the hooks stand, or are to stand. */
interface Place {
  readonly folder: string;
  /** The sh expressions for the hook of a name that was there before, and for the file by which the repository's town is known. */
  readonly before: (name: string) => string;
  readonly town: string;
  readonly earlier?: Earlier;
}

function ownFolder(repository: Repository): string {
  return join(stateFolder(repository), 'hooks');
}

/** What core.hooksPath says besides us. */
async function configuredPath(repository: Repository): Promise<{ earlier: Earlier | undefined; ours: boolean }> {
  const entries = (await configEntries(repository)).filter(({ key }) => key === 'core.hookspath');
  const ours = entries.some(({ scope, value }) => scope === 'local' && value === ownFolder(repository));
  if (ours) return { earlier: readState<Earlier>(repository, 'hooks.json'), ours };
  const last = entries.at(-1);
  return { earlier: last && { scope: last.scope, value: last.value }, ours };
}

function placeOf(repository: Repository, earlier: Earlier | undefined): Place | undefined {
  if (earlier === undefined) return { folder: join(repository.commonDir, 'hooks'), before: (name) => `"\${0%/*}/${name}${aside}"`, town: `"\${0%/*}/../gastown/${townState}"` };
  if (earlier.value === '' || earlier.value === '/dev/null') return undefined;
  const path = earlier.value.startsWith('~/') ? join(homedir(), earlier.value.slice(2)) : earlier.value;
  return { folder: ownFolder(repository), before: (name) => shellWord(join(path, name)), town: `"\${0%/*}/../${townState}"`, earlier };
}

/**
 * Sets our git hooks in a repository. A hook that is there already is called first, and its word counts; where core.hooksPath names a folder, git is pointed to one of ours that hands every hook on to it,
 * so neither the checkout nor a folder that other repositories share is touched. Running it again changes nothing.
 */
export async function installGitHooks(repository: Repository): Promise<GitHookReport> {
  const { earlier, ours } = await configuredPath(repository);
  // Where the note of what was configured before is lost, nothing was.
  if (ours && earlier === undefined) await setConfig(repository, 'core.hooksPath', undefined);
  const place = placeOf(repository, earlier);
  if (place === undefined) return { folder: undefined, hooks: Object.keys(shims).map((name) => ({ name, state: 'missing' })) };
  mkdirSync(place.folder, { recursive: true });
  const hooks = Object.entries(shims).map(([name, shim]) => install(place, name, shim));
  if (place.earlier === undefined) return { folder: place.folder, hooks };
  const path = placeOfEarlier(place.earlier);
  for (const name of [...others, ...weighty.filter((each) => existsSync(join(path, each)))]) install(place, name, forward);
  if (!ours) {
    writeState(repository, place.earlier, 'hooks.json');
    await setConfig(repository, 'core.hooksPath', place.folder);
  }
  return { folder: place.folder, handsOnTo: place.earlier.value, hooks };
}

function placeOfEarlier({ value }: Earlier): string {
  return value.startsWith('~/') ? join(homedir(), value.slice(2)) : value;
}

function install(place: Place, name: string, shim: string): GitHookState {
  const path = join(place.folder, name);
  const before = `${path}${aside}`;
  if (!isOurs(path) && isThere(path)) {
    if (isThere(before)) return { name, state: 'foreign' };
    renameSync(path, before);
  }
  const text = filled(shim, place, name);
  if (!isOurs(path) || readFileSync(path, 'utf8') !== text) {
    writeFileSync(`${path}.new`, text);
    chmodSync(`${path}.new`, 0o755);
    renameSync(`${path}.new`, path);
  }
  return { name, state: 'installed', ...(isThere(before) ? { chained: before } : {}) };
}

function filled(shim: string, place: Place, name: string): string {
  const words: Record<string, string> = { '@before@': place.before(name), '@town@': place.town, '@run@': runner(), '@no@': String(gitHookRefusal) };
  return shim.replace(/@(before|town|run|no)@/g, (word) => words[word] ?? word);
}

/** The sh function that starts the program: the one that set the hook, or the gt on the PATH; nothing where there is neither. */
function runner(): string {
  const self = selfCommand([]);
  const there = self.map((word) => `[ -e ${shellWord(word)} ]`).join(' && ');
  return `run() { if ${there}; then ${self.map(shellWord).join(' ')} githook "$@"; elif command -v gt >/dev/null; then gt githook "$@"; fi; }`;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isOurs(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true && readFileSync(path, 'utf8').split('\n', 2)[1]?.startsWith(marker) === true;
}

/** Takes our git hooks away and puts back what was there before. Hooks that somebody else has set since stay. */
export async function removeGitHooks(repository: Repository): Promise<GitHookReport> {
  const { earlier, ours } = await configuredPath(repository);
  if (ours) await setConfig(repository, 'core.hooksPath', earlier?.scope === 'local' ? earlier.value : undefined);
  rmSync(ownFolder(repository), { recursive: true, force: true });
  rmSync(join(stateFolder(repository), 'hooks.json'), { force: true });
  const folder = join(repository.commonDir, 'hooks');
  for (const name of Object.keys(shims)) {
    const path = join(folder, name);
    if (!isOurs(path)) continue;
    if (isThere(`${path}${aside}`)) renameSync(`${path}${aside}`, path);
    else rmSync(path);
  }
  return gitHookStatus(repository);
}

/** How the git hooks of a repository stand now. */
export async function gitHookStatus(repository: Repository): Promise<GitHookReport> {
  const { earlier, ours } = await configuredPath(repository);
  const place = placeOf(repository, ours ? earlier : undefined);
  // A folder that was configured after ours were set keeps git from finding them.
  const hidden = !ours && earlier !== undefined;
  const folder = hidden ? placeOfEarlier(earlier) : place?.folder;
  const off = hidden && placeOf(repository, earlier) === undefined;
  const hooks = Object.keys(shims).map((name): GitHookState => {
    const path = join(folder ?? '', name);
    if (folder === undefined || off || !isThere(path)) return { name, state: 'missing' };
    if (!isOurs(path)) return { name, state: hidden ? 'missing' : 'foreign' };
    return { name, state: 'installed', ...(isThere(`${path}${aside}`) ? { chained: `${path}${aside}` } : {}) };
  });
  return { folder: off ? undefined : folder, ...(ours && earlier !== undefined ? { handsOnTo: earlier.value } : {}), hooks };
}
