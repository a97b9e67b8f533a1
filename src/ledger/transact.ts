import { nextStamp, stampTime, type Stamp } from '../base/clock.ts';
import { Busy } from '../base/errors.ts';
import { canonical, isObject } from '../base/jsonl.ts';
import { evolve, renamedTo, type BeadChange } from '../domain/bead.ts';
import type { Move } from '../domain/renaming.ts';
import { evolveSettings, type SettingChange } from '../domain/setting.ts';
import { commitOn } from '../git/commit.ts';
import type { CommitDraft, FileDraft } from '../git/draft.ts';
import { startImport, type ImportNow } from '../git/import-now.ts';
import { readRef } from '../git/refs.ts';
import { keepStamp, lastStamp, NoLedger, replicaOf, wispRef, type Ledger } from './ledger.ts';
import { lockedWrite } from './locked.ts';
import { Loader } from './read.ts';
import { writeWisps } from './wisps.ts';
import { ask, formatPath, formatShard, PartialView, settingsPath, shardPath, type View, type Wanted } from './shards.ts';
import { born, constantBirth, restamp, stampForSetting } from './stamps.ts';
import { referenceKeys, stampFor, type Stored } from './stored.ts';

export type LedgerChange =
  | BeadChange
  | SettingChange
  | { readonly op: 'bead.imported'; readonly id: string; readonly stored: Stored }
  /** A bead is called by another id from now on, and everybody who points at it knows. */
  | ({ readonly op: 'bead.moved' } & Move)
  /** A bead is called by an id that it had before, as a record says that is reverted, and everybody who points at it knows. */
  | ({ readonly op: 'bead.returned' } & Move)
  /** A bead that nobody else has seen yet is as if it had never been. */
  | { readonly op: 'bead.withdrawn'; readonly id: string }
  /** A record is again as it was kept: of a deletion, one that nobody else has seen yet. */
  | { readonly op: 'bead.reverted'; readonly id: string; readonly stored: Stored };

/** Who signs a transaction. */
export interface Signature {
  readonly actor: string;
  readonly email: string;
  readonly session?: string;
  /** The commit that the transaction takes back. */
  readonly undoes?: string;
}

/** What a transaction did: nothing (`commit` undefined), or one commit. */
export interface Transaction {
  readonly commit: string | undefined;
  readonly changes: readonly LedgerChange[];
  /** The records that it wrote, as they are now, by id. */
  readonly written: ReadonlyMap<string, Stored>;
}

const listedChanges = 200;

/**
 * The only writer: reads the newest view, decides by it and the commit that it shows, writes one commit and moves the ref. When another writer got in between, it reads and decides again, so `decide` must be pure.
 * All of the changes land or none does. `subject` says what happened in one line; `prefixes` are those that the ledger holds from then on, too, where anything is written. Throws NoLedger, BadShard, SeenMeanwhile, what `decide` throws, and Busy when it lost too often.
 */
export async function transact(ledger: Ledger, signature: Signature, subject: string | ((changes: readonly LedgerChange[]) => string), decide: (view: View, commit: string) => readonly LedgerChange[], prefixes: readonly string[] = []): Promise<Transaction> {
  return lockedWrite(ledger, () => writeOnce(ledger, signature, subject, decide, prefixes));
}

async function writeOnce(ledger: Ledger, signature: Signature, subject: string | ((changes: readonly LedgerChange[]) => string), decide: (view: View, commit: string) => readonly LedgerChange[], prefixes: readonly string[]): Promise<Transaction> {
  const parent = await readRef(ledger.repository, ledger.ref);
  if (parent === undefined) throw new NoLedger(ledger);
  const git = await startImport(ledger.repository);
  const view = new PartialView();
  const loader = new Loader(ledger, parent, git);
  const load = (wanted: Wanted): Promise<void> => loader.load(view, wanted);
  try {
    const changes = await ask(view, load, (loaded) => decide(loaded, parent));
    const nothing: Transaction = { commit: undefined, changes: [], written: new Map() };
    if (changes.length === 0) return nothing;
    if (signature.undoes !== undefined) await refuseSeen(ledger, signature.undoes, changes);
    const known = lastStamp(ledger.repository);
    const base = nextStamp(ledger.now(), known, replicaOf(ledger.repository));
    await ask(view, load, (loaded) => preload(loaded, changes));
    const moves = changes.filter((change) => change.op === 'bead.moved' || change.op === 'bead.returned');
    const move = moves.length === 0 ? undefined : await moving(view, load, moves);
    const { files, before, written, last } = apply(view, changes, base, move);
    if (files.size === 0) return nothing;
    const widening = prefixes.length > 0 && (await widen(ledger, prefixes, files)) ? prefixes : [];
    keepStamp(ledger.repository, known, last);
    // A command that is put back, or stands under another id now, is ours only if it was when it was written.
    if (signature.undoes === undefined && move === undefined) await rememberCommands(ledger, before, written, changes);
    const draft = draftOf(changes, widening, files, signature, typeof subject === 'string' ? subject : subject(changes), base);
    const commit = await write(ledger, parent, draft, git);
    if (commit !== undefined) await note(ledger, parent, commit, before, written);
    return { commit, changes, written };
  } finally {
    git?.close();
    await loader.close();
  }
}

/** Adds what the ledger says of itself once it holds these prefixes, too; false where it does already. */
async function widen(ledger: Ledger, prefixes: readonly string[], files: Map<string, FileDraft>): Promise<boolean> {
  const { formatText, readFormat, widened } = await import('./init.ts');
  const found = await readFormat(ledger);
  const format = widened(found, prefixes);
  if (format === found) return false;
  files.set(formatPath, formatText(format));
  return true;
}

/** What others may have seen is not taken out of the ledger, or they would bring it back. The ledger's lock is held, so no push begins meanwhile. */
async function refuseSeen(ledger: Ledger, commit: string, changes: readonly LedgerChange[]): Promise<void> {
  if (!changes.some((change) => change.op === 'bead.withdrawn' || (change.op === 'bead.reverted' && change.stored.bead.status !== 'tombstone'))) return;
  const { isShared } = await import('./history.ts');
  if (await isShared(ledger, commit)) throw new SeenMeanwhile(commit);
}

/** Answers the records that differ once beads are called otherwise. */
type Mover = (stampOf: (id: string) => Stamp) => readonly Stored[];

async function moving(view: PartialView, load: (wanted: Wanted) => Promise<void>, moves: readonly (Move & { readonly op: 'bead.moved' | 'bead.returned' })[]): Promise<Mover> {
  const { rename, returned } = await import('./renaming.ts');
  const records = await ask(view, load, (loaded) => loaded.records());
  const back = moves.filter(({ op }) => op === 'bead.returned');
  return (stampOf) => (back.length > 0 ? returned(records, back) : rename(records, moves, stampOf));
}

/** What is run is remembered before it is written: commands of other clones run here only where they are trusted. */
async function rememberCommands({ repository }: Ledger, before: ReadonlyMap<string, Stored | undefined>, written: ReadonlyMap<string, Stored>, changes: readonly LedgerChange[]): Promise<void> {
  const beads: Stored[] = [];
  for (const stored of written.values()) if (stored.bead.metadata?.['run'] !== undefined || stored.bead.metadata?.['script'] !== undefined) beads.push(stored);
  const settings = changes.filter((change) => change.op === 'setting.set');
  if (beads.length === 0 && settings.length === 0) return;
  const { rememberOwn } = await import('./trust.ts');
  const imported = new Set(changes.flatMap((change) => (change.op === 'bead.imported' ? [change.id] : [])));
  rememberOwn(repository, { before, beads, imported, settings });
}

/** More changes are left to who reads next. */
const notedChanges = 64;

async function note(ledger: Ledger, base: string, commit: string, before: ReadonlyMap<string, Stored | undefined>, after: ReadonlyMap<string, Stored>): Promise<void> {
  if (before.size > notedChanges) return;
  const { noteWritten } = await import('./kept-difference.ts');
  noteWritten(ledger, { base, commit }, [...before].map(([id, stored]) => [stored?.bead ?? null, after.get(id)?.bead ?? null]));
}

/** A commit of so many files is written while this process waits; a larger one in a conversation. */
const fewFiles = 64;

async function write({ repository, ref }: Ledger, parent: string, draft: CommitDraft, git: ImportNow | undefined): Promise<string | undefined> {
  if (ref === wispRef) return writeWisps(repository, ref, parent, draft);
  if (draft.files.size <= fewFiles && !repository.reftable) return commitOn(repository, ref, parent, draft, git);
  const { importCommit } = await import('../git/import.ts');
  return importCommit(repository, ref, parent, async () => draft);
}

/** Touches every record, every target of an edge and whoever metadata names, by the id that it has now: all of it is loaded before anything is changed. */
function preload(view: PartialView, changes: readonly LedgerChange[]): void {
  const [ids, named]: [string[], string[]] = [[], []];
  for (const change of changes) {
    if (change.op === 'setting.set') continue;
    ids.push(change.id);
    named.push(...referencesIn(change));
    if (change.op === 'dependency.added' && !change.dependency.depends_on_id.startsWith('external:')) ids.push(change.dependency.depends_on_id);
  }
  view.load([...ids, ...named]);
  for (const change of changes) if (change.op === 'setting.set') view.settings(change.name);
  if (named.length > 0) view.load(named.flatMap((id) => renamedTo(view.get(id)) ?? []));
}

/** The beads that a change makes metadata name, whose births are kept beside them. */
function referencesIn(change: Exclude<LedgerChange, SettingChange>): string[] {
  const metadata = change.op === 'bead.created' || change.op === 'bead.restored' ? change.bead.metadata : change.op === 'bead.edited' ? change.set['metadata'] : undefined;
  const found: string[] = [];
  if (isObject(metadata)) for (const key of referenceKeys) if (typeof metadata[key] === 'string' && metadata[key] !== '') found.push(metadata[key]);
  return found;
}

type Applied = Exclude<LedgerChange, SettingChange | { readonly op: 'bead.withdrawn' | 'bead.moved' | 'bead.returned' }>;

/** The change, where its metadata names a bead by a former id, with the id that it has now. */
function followed(change: Applied, view: PartialView): Applied {
  if (!referencesIn(change).some((id) => renamedTo(view.get(id)) !== undefined)) return change;
  const renew = (metadata: unknown): Record<string, unknown> => Object.fromEntries(Object.entries(isObject(metadata) ? metadata : {}).map(([key, value]) => [key, referenceKeys.includes(key) && typeof value === 'string' ? (renamedTo(view.get(value)) ?? value) : value]));
  if (change.op === 'bead.edited') return { ...change, set: { ...change.set, metadata: renew(change.set['metadata']) } };
  return change.op === 'bead.created' || change.op === 'bead.restored' ? { ...change, bead: { ...change.bead, metadata: renew(change.bead.metadata) } } : change;
}

function apply(view: PartialView, changes: readonly LedgerChange[], base: Stamp, move: Mover | undefined): { files: Map<string, FileDraft>; before: Map<string, Stored | undefined>; written: Map<string, Stored>; last: Stamp } {
  const before = new Map<string, Stored | undefined>();
  const after = new Map<string, Stored>();
  const stamps = new Map<string, Stamp>();
  const settings = new Map<string, Readonly<Record<string, unknown>>>();
  const files = new Map<string, FileDraft>();
  let last = base;
  const stampOf = (id: string): Stamp => {
    const known = stamps.get(id);
    if (known !== undefined) return known;
    const fresh = stamps.size === 0 ? base : nextStamp(0, last, base.slice(12));
    last = fresh;
    stamps.set(id, fresh);
    return fresh;
  };
  for (const change of changes) {
    if (change.op === 'setting.set') {
      const now = settings.get(change.name) ?? view.settings(change.name);
      settings.set(change.name, evolveSettings(now, change, stampForSetting(base, now, change.key)));
      continue;
    }
    if (change.op === 'bead.moved' || change.op === 'bead.returned') continue;
    if (!before.has(change.id)) before.set(change.id, view.stored(change.id));
    if (change.op === 'bead.withdrawn') {
      files.set(shardPath(view.drop(change.id)), '');
      continue;
    }
    const next = applyOne(after.get(change.id) ?? before.get(change.id), before.get(change.id), followed(change, view), stampOf, (id) => view.birth(id));
    if (next === undefined) continue;
    after.set(change.id, next);
    view.put(next);
  }
  for (const stored of move?.(stampOf) ?? []) {
    const { id } = stored.bead;
    before.set(id, view.stored(id));
    after.set(id, stored);
  }
  for (const [id, stored] of after) if (stored !== before.get(id)) files.set(shardPath(view.put(stored)), '');
  for (const path of files.keys()) {
    const shard = view.shard(path.slice('beads/'.length, -'.jsonl'.length));
    files.set(path, shard.size === 0 ? null : () => formatShard(shard));
  }
  for (const [name, content] of settings) files.set(settingsPath(name), `${canonical(content)}\n`);
  return { files, before, written: after, last };
}

/** The record of a bead after one change of a transaction, `before` which it was another; undefined where there is still none. */
export function applyOne(now: Stored | undefined, before: Stored | undefined, change: Applied, stampOf: (id: string) => Stamp, births: (id: string) => Stamp | undefined): Stored | undefined {
  if (change.op === 'bead.imported' || change.op === 'bead.reverted') return change.stored;
  const bead = evolve(now?.bead, change);
  if (bead === undefined || bead === now?.bead) return now;
  if (now === undefined) {
    const { constant_birth: constant, ...rest } = bead;
    return born(rest, constant === true ? constantBirth(bead.id) : stampOf(change.id), births);
  }
  return restamp(now, bead, stampFor(stampOf(change.id), before ?? now), births);
}

function draftOf(changes: readonly LedgerChange[], widening: readonly string[], files: ReadonlyMap<string, FileDraft>, signature: Signature, subject: string, stamp: Stamp): CommitDraft {
  const named = new Set<string>();
  for (const change of changes) if (change.op !== 'setting.set') named.add(change.id);
  const ids = [...named];
  const body = changes.slice(0, listedChanges).map((change) => canonical('stored' in change ? { op: change.op, id: change.id } : change));
  if (widening.length > 0) body.unshift(canonical({ op: 'ledger.widened', prefixes: widening }));
  if (changes.length > listedChanges) body.push(canonical({ op: 'more', changes: changes.length - listedChanges }));
  const trailers = [...ids.slice(0, listedChanges).map((id) => `Bead: ${id}`), `Actor: ${signature.actor}`, ...(signature.session ? [`Session: ${signature.session}`] : []), ...(signature.undoes ? [`Undoes: ${signature.undoes}`] : [])];
  const person = { name: signature.actor, email: signature.email, epochSeconds: Math.floor(stampTime(stamp) / 1000), zone: '+0000' };
  return { message: `${subject.replace(/[\u0000-\u001f]+/g, ' ').trim().slice(0, 200)}\n\n${body.join('\n')}\n\n${trailers.join('\n')}\n`, author: person, committer: person, files };
}

/** What was to go as if it had never been was sent to others at the same moment. */
export class SeenMeanwhile extends Busy {
  readonly code = 'ledger.seen';
  constructor(commit: string) {
    super(`what ${commit.slice(0, 10)} wrote was sent to others meanwhile`, { commit }, 'run the command again');
  }
}
