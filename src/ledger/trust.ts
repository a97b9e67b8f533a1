import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stampReplica, type Stamp } from '../base/clock.ts';
import { Refused } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import { canonical, isObject } from '../base/jsonl.ts';
import { oneLine, truncate } from '../base/text.ts';
import { settingLeaves } from '../domain/setting.ts';
import { listRefs } from '../git/refs.ts';
import { remoteNames } from '../git/remotes.ts';
import type { Repository } from '../git/repository.ts';
import { readState, replicaOf, stateFolder, statePath, writeState } from './ledger.ts';
import type { Stored } from './stamps.ts';

/** What a ledger holds that a machine would run. */
export interface Runnable {
  /** For people: `the gate test`, `the command of gt-x1y2z`. */
  readonly what: string;
  readonly command: string;
  /** Where it stands, the same in every clone: a bead by its birth, a setting by its key. */
  readonly place: string;
  /** The stamp of its last write; undefined where the ledger does not say. */
  readonly stamp: Stamp | undefined;
}

/** Below it lies what fetches brought of other clones' ledgers: `<remote>/main`, `<remote>/replicas/<replica>`. */
export const remoteLedgers = 'refs/beads-remotes/';

const beadKeys = ['run', 'script'] as const;
const settingKeys = /^(merge_queue\.gates\.[^.]+\.command|agents\.[^.]+\.(command|args|env\..+))$/;

/** The command that a bead brings for its worker; undefined where it brings none. */
export function commandOf(stored: Stored): Runnable | undefined {
  return commandsOf(stored)[0];
}

function commandsOf({ bead, clock }: Stored): Runnable[] {
  return beadKeys.flatMap((key) => {
    const command = bead.metadata?.[key];
    return typeof command === 'string' ? [{ what: `the ${key === 'run' ? 'command' : 'script'} of ${bead.id}`, command, place: `${clock.born} ${key}`, stamp: clock.metadata?.[key] ?? clock.born }] : [];
  });
}

/** A command among the settings of a ledger, by its dotted key. */
export function commandAt(settings: Readonly<Record<string, unknown>>, key: string, command: string, what: string): Runnable {
  const clock = isObject(settings['clock']) ? settings['clock'] : {};
  const parts = key.split('.');
  const stamp = parts.map((_, index) => clock[parts.slice(0, parts.length - index).join('.')]).find((found) => typeof found === 'string');
  return { what, command, place: settingPlace(key), stamp };
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
  if (own.length > 0) appendFileSync(statePath(repository, ownFile), own.map((each) => `${digestOf(each)}\n`).join(''));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : canonical(value);
}

function isOwn(repository: Repository, runnable: Runnable): boolean {
  const path = join(stateFolder(repository), ownFile);
  return existsSync(path) && readFileSync(path, 'utf8').split('\n').includes(digestOf(runnable));
}

/** Whose commands run in this clone besides its own. Nobody else ever sees it. */
interface TrustFile {
  /** RFC 3339, by replica. */
  readonly replicas: Readonly<Record<string, string>>;
  /** RFC 3339, by remote. */
  readonly remotes: Readonly<Record<string, string>>;
  /** Replicas that a person did not want to trust when asked. */
  readonly declined: readonly string[];
}

const trustFile = 'trust.json';

/** Who is trusted in a clone. */
export function readTrust(repository: Repository): TrustFile {
  const known = readState<Partial<TrustFile>>(repository, trustFile);
  return { replicas: known?.replicas ?? {}, remotes: known?.remotes ?? {}, declined: known?.declined ?? [] };
}

/** Trusts a writer; `at` is RFC 3339. */
export function addTrust(repository: Repository, kind: 'replica' | 'remote', name: string, at: string): void {
  const { replicas, remotes, declined } = readTrust(repository);
  if (kind === 'replica') writeState(repository, { replicas: { ...replicas, [name]: at }, remotes, declined: declined.filter((other) => other !== name) }, trustFile);
  else writeState(repository, { replicas, remotes: { ...remotes, [name]: at }, declined }, trustFile);
}

/** Trusts a writer no longer; false where it was not trusted. */
export function removeTrust(repository: Repository, name: string): boolean {
  const { replicas: { [name]: replica, ...replicas }, remotes: { [name]: remote, ...remotes }, declined } = readTrust(repository);
  if (replica === undefined && remote === undefined) return false;
  writeState(repository, { replicas, remotes, declined }, trustFile);
  return true;
}

/** Remembers that a person has said no, so that nobody asks again. */
export function declineTrust(repository: Repository, replica: string): void {
  const known = readTrust(repository);
  writeState(repository, { ...known, declined: [...new Set([...known.declined, replica])] }, trustFile);
}

/** Another clone, as the last fetch from a remote saw it. */
export interface KnownReplica {
  readonly replica: string;
  readonly remote: string;
}

/** The clones whose ledgers were fetched. */
export async function knownReplicas(repository: Repository): Promise<KnownReplica[]> {
  return (await listRefs(repository, remoteLedgers)).flatMap(({ ref }) => {
    const [, remote, replica] = /^([^/]+)\/replicas\/([0-9a-z]{6})$/.exec(ref.slice(remoteLedgers.length)) ?? [];
    return remote === undefined || replica === undefined ? [] : [{ remote, replica }];
  });
}

/** Why a command may not run here; undefined where its last writer is this clone or one that is trusted. */
export async function whyUntrusted(repository: Repository, runnable: Runnable): Promise<CommandUntrusted | undefined> {
  if (isOwn(repository, runnable)) return undefined;
  const replica = runnable.stamp === undefined ? undefined : stampReplica(runnable.stamp.replace(/^-/, ''));
  const { replicas, remotes } = readTrust(repository);
  if (replica !== undefined && Object.hasOwn(replicas, replica)) return undefined;
  const sources = await sourcesOf(repository, replica);
  if (sources.some((remote) => Object.hasOwn(remotes, remote))) return undefined;
  return new CommandUntrusted(runnable, replica, sources);
}

/** The remotes that a replica's writes come from: those that show its ledger; else the only one that there is. */
async function sourcesOf(repository: Repository, replica: string | undefined): Promise<string[]> {
  const refs = (await listRefs(repository, remoteLedgers)).map(({ ref }) => ref.slice(remoteLedgers.length));
  const showing = refs.filter((ref) => replica !== undefined && ref.endsWith(`/replicas/${replica}`)).map((ref) => ref.slice(0, ref.indexOf('/')));
  if (showing.length > 0) return showing;
  const fetched = [...new Set(refs.map((ref) => ref.slice(0, ref.indexOf('/'))))];
  const all = fetched.length > 0 ? fetched : await remoteNames(repository);
  return all.length === 1 ? all : [];
}

/** A command came from another clone, and nobody has said that such commands may run here. */
export class CommandUntrusted extends Refused {
  readonly code = 'command.untrusted';
  readonly replica: string | undefined;
  constructor({ what, command }: Runnable, replica: string | undefined, remotes: readonly string[]) {
    const writer = replica === undefined ? 'nobody knows whom' : `replica ${replica}`;
    const trust = [...(replica === undefined ? [] : [replica]), ...remotes].map((name) => `gt trust ${name}`);
    super(`${what} was last written by ${writer} and not in this clone, so it does not run here: ${truncate(oneLine(command), 200)}`, { what, command, replica, remotes }, trust.join(', or ') || 'write it anew here');
    this.replica = replica;
  }

  /** The reason and what would end it, in one line. */
  get sentence(): string {
    return `${this.message} (try: ${this.hint})`;
  }
}
