import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stampReplica, type Stamp } from '../base/clock.ts';
import { Refused } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import { shardOf } from '../base/ids.ts';
import { canonical, isObject, readLines } from '../base/jsonl.ts';
import { oneLine, truncate } from '../base/text.ts';
import { settingLeaves } from '../domain/setting.ts';
import { readObjects } from '../git/object.ts';
import { listRefs, RefMoved, updateRefs } from '../git/refs.ts';
import { remoteNames } from '../git/remotes.ts';
import type { Repository } from '../git/repository.ts';
import { readState, replicaOf, stateFolder, statePath } from './ledger.ts';
import { settingsPath, shardPath } from './shards.ts';
import { storedOf, type Stored } from './stored.ts';

/** What a ledger holds that a machine would run. */
export interface Runnable {
  /** For people: `the gate test`, `the command of gt-x1y2z`. */
  readonly what: string;
  readonly command: string;
  /** Where it stands, the same in every clone: a bead by its birth, a setting by its key. */
  readonly place: string;
  /** The file of the ledger that holds it. */
  readonly path: string;
  /** The stamp of its last write; undefined where the ledger does not say. */
  readonly stamp: Stamp | undefined;
}

/** Below it lies what fetches brought of other clones' ledgers: `<remote>/main`, `<remote>/replicas/<replica>`. */
export const remoteLedgers = 'refs/beads-remotes/';

/** Below it lies, by the same names, what the remotes showed last of the clones that are trusted: a clone's own ref there may be retired. */
const shownLedgers = 'refs/beads-shown/';

const beadKeys = ['run', 'script'] as const;
const settingKeys = /^(merge_queue\.gates\.[^.]+\.command|agents\.[^.]+\.(command|args|env\..+))$/;

/** The command that a bead brings for its worker; undefined where it brings none. */
export function commandOf(stored: Stored): Runnable | undefined {
  return commandsOf(stored)[0];
}

function commandsOf({ bead, clock }: Stored): Runnable[] {
  return beadKeys.flatMap((key) => {
    const command = bead.metadata?.[key];
    return typeof command === 'string' ? [{ what: `the ${key === 'run' ? 'command' : 'script'} of ${bead.id}`, command, place: `${clock.born} ${key}`, path: shardPath(shardOf(bead.id)), stamp: clock.metadata?.[key] ?? clock.born }] : [];
  });
}

/** A command among the settings of a ledger, by its dotted key. */
export function commandAt(settings: Readonly<Record<string, unknown>>, key: string, command: string, what: string): Runnable {
  const clock = isObject(settings['clock']) ? settings['clock'] : {};
  const parts = key.split('.');
  const stamp = parts.map((_, index) => clock[parts.slice(0, parts.length - index).join('.')]).find((found) => typeof found === 'string');
  return { what, command, place: settingPlace(key), path: settingsPath('config'), stamp };
}

function settingPlace(key: string): string {
  return `config ${key}`;
}

const ownFile = 'own-commands';

function digestOf({ place, command }: Pick<Runnable, 'place' | 'command'>): string {
  return sha256(`${place}\n${command}`);
}

/** What a transaction of this clone writes. */
interface Written {
  readonly before: ReadonlyMap<string, Stored | undefined>;
  readonly beads: Iterable<Stored>;
  /** The beads that were imported here: their stamps are the same in every clone. */
  readonly imported: ReadonlySet<string>;
  readonly settings: Iterable<{ readonly key: string; readonly value?: unknown }>;
}

/** Remembers the commands that a transaction of this clone writes: a stamp with our name in it somebody else may have written too. */
export function rememberOwn(repository: Repository, { before, beads, imported, settings }: Written): void {
  const own: Pick<Runnable, 'place' | 'command'>[] = [];
  const replica = replicaOf(repository);
  for (const stored of beads) {
    const { id } = stored.bead;
    const known = before.get(id);
    const old = new Set(known === undefined ? [] : commandsOf(known).map(({ place, stamp }) => `${place} ${stamp}`));
    own.push(...commandsOf(stored).filter(({ place, stamp = '' }) => !old.has(`${place} ${stamp}`) && (imported.has(id) || stampReplica(stamp) === replica)));
  }
  for (const { key, value } of settings) {
    const leaves = isObject(value) ? settingLeaves(value, `${key}.`) : value === undefined ? [] : [[key, value] as const];
    own.push(...leaves.filter(([leaf]) => settingKeys.test(leaf)).map(([leaf, said]) => ({ place: settingPlace(leaf), command: textOf(said) })));
  }
  const known = ownDigests(repository);
  const fresh = [...new Set(own.map(digestOf))].filter((digest) => !known.has(digest));
  if (fresh.length > 0) appendFileSync(statePath(repository, ownFile), fresh.map((digest) => `${digest}\n`).join(''));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : canonical(value);
}

function ownDigests(repository: Repository): Set<string> {
  const path = join(stateFolder(repository), ownFile);
  return new Set(existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []);
}

/** That somebody's commands run in this clone, besides its own, or that a person did not want them to when asked. Nobody else ever sees it. */
interface Answer {
  readonly kind: 'replica' | 'remote' | 'declined';
  readonly name: string;
  /** RFC 3339. */
  readonly at: string;
  /** Of a replica, the remotes that showed its ledger then: whatever another one shows by that name is not meant. */
  readonly remotes?: readonly string[];
}

/** Who is trusted in a clone. */
export interface Trust {
  readonly replicas: ReadonlyMap<string, Answer>;
  readonly remotes: ReadonlyMap<string, Answer>;
  readonly declined: ReadonlySet<string>;
}

const trustFolder = 'trust';

// One file for each answer: two that are given at once do not meet, and one that was not written whole trusts nobody.
function answerPath(repository: Repository, kind: Answer['kind'], name: string): string {
  return statePath(repository, trustFolder, `${kind} ${encodeURIComponent(name)}`);
}

/** Who is trusted in a clone. */
export function readTrust(repository: Repository): Trust {
  const folder = join(stateFolder(repository), trustFolder);
  const answers = (existsSync(folder) ? readdirSync(folder).sort() : []).flatMap((name) => readState<Answer>(repository, trustFolder, name) ?? []);
  const by = (kind: Answer['kind']): Map<string, Answer> => new Map(answers.flatMap((answer) => (answer.kind === kind ? [[answer.name, answer]] : [])));
  return { replicas: by('replica'), remotes: by('remote'), declined: new Set(by('declined').keys()) };
}

function answer(repository: Repository, given: Answer): void {
  writeFileSync(answerPath(repository, given.kind, given.name), canonical(given));
}

/** Trusts a writer: everybody who may push to a remote, or another clone as these remotes bring it, which show its ledger now. `at` is RFC 3339. */
export function addTrust(repository: Repository, kind: 'replica' | 'remote', name: string, at: string, remotes: readonly string[] = []): void {
  answer(repository, { kind, name, at, ...(remotes.length > 0 ? { remotes } : {}) });
  rmSync(answerPath(repository, 'declined', name), { force: true });
}

/** Trusts a writer no longer; false where it was not trusted. */
export function removeTrust(repository: Repository, name: string): boolean {
  const known = (['replica', 'remote'] as const).map((kind) => answerPath(repository, kind, name)).filter((path) => existsSync(path));
  for (const path of known) rmSync(path, { force: true });
  return known.length > 0;
}

/** Remembers that a person has said no, so that nobody asks again; `at` is RFC 3339. */
export function declineTrust(repository: Repository, replica: string, at: string): void {
  answer(repository, { kind: 'declined', name: replica, at });
}

/** A ledger that a fetch has brought from a remote: that of another clone, or the common one. */
interface Brought {
  /** Where it stood: its ref may be moved by a fetch while it is read. */
  readonly commit: string;
  /** Undefined where it cannot be told from which one. */
  readonly remote: string | undefined;
  readonly replica: string | undefined;
}

/** The ledgers that fetches have brought. */
async function brought(repository: Repository): Promise<Brought[]> {
  const [live, shown, remotes] = await Promise.all([listNames(repository, remoteLedgers), listNames(repository, shownLedgers), remoteNames(repository)]);
  return [...new Map([...shown, ...live])].flatMap(([name, commit]) => {
    const [, folder = '', replica] = /^(.+)\/(?:main|replicas\/([0-9a-z]{6}))$/.exec(name) ?? [];
    if (folder === '') return [];
    // Below the name of one remote another one may have its own.
    const owners = remotes.filter((name) => folder === name || folder.startsWith(`${name}/`));
    return [{ commit, replica, remote: owners.length === 1 && owners[0] === folder ? folder : undefined }];
  });
}

/** The refs below a root, or a folder of it, by what their names add to the root. */
async function listNames(repository: Repository, root: string, folder = ''): Promise<Map<string, string>> {
  return new Map((await listRefs(repository, `${root}${folder}`)).map(({ ref, oid }) => [ref.slice(root.length), oid]));
}

/** Keeps what a remote shows of clones that are trusted, before a fetch or a push may take it away: the commands that it has brought stay theirs. */
export async function keepShown(repository: Repository, remote: string): Promise<void> {
  const { replicas, remotes } = readTrust(repository);
  if (replicas.size === 0 && !remotes.has(remote)) return;
  const folder = `${remote}/replicas/`;
  const [live, shown] = await Promise.all([remoteLedgers, shownLedgers].map((root) => listNames(repository, root, folder)));
  const moved = [...live!].filter(([name, oid]) => (remotes.has(remote) || replicas.has(name.slice(folder.length))) && shown!.get(name) !== oid);
  try {
    await updateRefs(repository, moved.map(([name, oid]) => ({ ref: `${shownLedgers}${name}`, from: shown!.get(name) ?? null, to: oid })));
  } catch (error) {
    // Another process has kept the same.
    if (!(error instanceof RefMoved)) throw error;
  }
}

/** Another clone, as the last fetch from a remote saw it. */
export interface KnownReplica {
  readonly replica: string;
  readonly remote: string;
}

/** The clones whose ledgers were fetched. */
export async function knownReplicas(repository: Repository): Promise<KnownReplica[]> {
  return (await brought(repository)).flatMap(({ remote, replica }) => (remote === undefined || replica === undefined ? [] : [{ remote, replica }]));
}

/**
 * Why a command may not run here; undefined where its last writer is this clone or one that is trusted. Anybody can write a stamp with another's name in it, so a name alone is not
 * believed: a trusted remote must have brought this very command with this stamp.
 */
export function whyUntrusted(repository: Repository, runnable: Runnable): Promise<CommandUntrusted | undefined> {
  return judging(repository)(runnable);
}

/** Answers what `whyUntrusted` does, for many commands by one look at who is trusted and what fetches have brought. */
export function judging(repository: Repository): (runnable: Runnable) => Promise<CommandUntrusted | undefined> {
  const own = ownDigests(repository);
  let known: Promise<{ readonly trust: Trust; readonly ledgers: readonly Brought[] }> | undefined;
  return async (runnable) => {
    if (own.has(digestOf(runnable))) return undefined;
    const replica = runnable.stamp === undefined ? undefined : stampReplica(runnable.stamp.replace(/^-/, ''));
    known ??= brought(repository).then((ledgers) => ({ ledgers, trust: readTrust(repository) }));
    const { trust, ledgers } = await known;
    if (await isBrought(repository, runnable, witnesses(repository, trust, replica, ledgers))) return undefined;
    const trusted = (name: string): boolean => trust.replicas.has(name) || trust.remotes.has(name);
    // A retired clone shows its ledger no more: only where there is one remote, the common one there speaks for it.
    const wouldHelp = ledgers.some((each) => each.replica === replica) || new Set(ledgers.map(({ remote }) => remote)).size <= 1;
    return new CommandUntrusted(runnable, replica, wouldHelp, await sourcesOf(repository, replica, ledgers), trusted);
  };
}

/** The ledgers whose word is enough for a command of a replica, or `all` where no remote has ever brought anything: then somebody here has fetched it. */
function witnesses(repository: Repository, { replicas, remotes }: Trust, replica: string | undefined, ledgers: readonly Brought[]): readonly Brought[] | 'all' {
  const known = replica === undefined ? undefined : replicas.get(replica);
  if (known !== undefined && ledgers.length === 0) return 'all';
  const fetched = new Set(ledgers.map(({ remote }) => remote));
  const shown = known === undefined ? [] : (known.remotes ?? (fetched.size === 1 ? [...fetched] : []));
  const isTrusted = (remote: string | undefined): boolean => remote !== undefined && (remotes.has(remote) || shown.includes(remote));
  // What one remote brings this clone pushes to the others: so the common ledger speaks for a trusted one only where nothing has come from elsewhere, and what this clone itself has pushed never does.
  const alone = ledgers.every(({ remote }) => isTrusted(remote));
  const own = replicaOf(repository);
  return ledgers.filter((ledger) => isTrusted(ledger.remote) && (ledger.replica === undefined ? alone : ledger.replica === replica && replica !== own));
}

/** Whether one of these ledgers holds a command as it stands here, with the stamp that it has here. */
async function isBrought(repository: Repository, { path, place, command, stamp }: Runnable, ledgers: readonly Brought[] | 'all'): Promise<boolean> {
  if (ledgers === 'all') return true;
  const found = await readObjects(repository, ledgers.map(({ commit }) => `${commit}:${path}`));
  return found.some((object) => object !== undefined && runnablesIn(path, object.body.toString('utf8')).some((each) => each.place === place && each.command === command && each.stamp === stamp));
}

function commandsIn(value: Readonly<Record<string, unknown>>): Runnable[] {
  const stored = storedOf(value);
  return stored === undefined ? [] : commandsOf(stored);
}

function runnablesIn(path: string, text: string): Runnable[] {
  const values = [...readLines(text)].flatMap((line) => ('value' in line ? [line.value] : []));
  if (path !== settingsPath('config')) return values.flatMap((value) => commandsIn(value));
  return values.flatMap((value) => settingLeaves(value).flatMap(([key, said]) => (settingKeys.test(key) ? [commandAt(value, key, textOf(said), key)] : [])));
}

/** The remotes that a replica's writes come from: those that show its ledger; else the only one that there is. */
async function sourcesOf(repository: Repository, replica: string | undefined, ledgers: readonly Brought[]): Promise<string[]> {
  const names = (chosen: readonly Brought[]): string[] => [...new Set(chosen.flatMap(({ remote }) => remote ?? []))];
  const showing = names(ledgers.filter((each) => replica !== undefined && each.replica === replica));
  if (showing.length > 0) return showing;
  const all = ledgers.length > 0 ? names(ledgers) : await remoteNames(repository);
  return all.length === 1 ? all : [];
}

/** A command came from another clone, and nobody has said that such commands may run here. */
export class CommandUntrusted extends Refused {
  readonly code = 'command.untrusted';
  /** The clone whose commands would run once a person trusts it. */
  readonly replica: string | undefined;
  constructor({ what, command }: Runnable, replica: string | undefined, wouldHelp: boolean, remotes: readonly string[], isTrusted: (name: string) => boolean) {
    const writer = replica === undefined ? 'nobody knows whom' : `replica ${replica}`;
    const names = [...(replica === undefined || !wouldHelp ? [] : [replica]), ...remotes];
    // Who is trusted already has not brought it.
    const trust = names.some(isTrusted) ? ['gt sync', 'write it anew here'] : names.map((name) => `gt trust ${name}`);
    super(`${what} was last written by ${writer} and not in this clone, so it does not run here: ${truncate(oneLine(command), 200)}`, { what, command, replica, remotes }, trust.join(', or ') || 'write it anew here');
    this.replica = wouldHelp ? replica : undefined;
  }

  /** The reason and what would end it, in one line. */
  get sentence(): string {
    return `${this.message} (try: ${this.hint})`;
  }
}
