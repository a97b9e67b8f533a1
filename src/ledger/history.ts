import type { Stamp } from '../base/clock.ts';
import { shardOf } from '../base/ids.ts';
import { isObject } from '../base/jsonl.ts';
import { timestamp } from '../base/time.ts';
import type { Bead } from '../domain/bead.ts';
import { ObjectReader } from '../git/objects.ts';
import { isHeld, readRef } from '../git/refs.ts';
import { runGit } from '../git/run.ts';
import { givenId, markedId } from './births.ts';
import { NoLedger, type Ledger } from './ledger.ts';
import { consult } from './read.ts';
import { isRedirect } from './renaming.ts';
import { shardPath } from './shards.ts';
import { storedOf, type Stored } from './stored.ts';

/** One commit of a ledger: who wrote it, when, and what it says that happened. */
export interface Entry {
  readonly commit: string;
  readonly parents: readonly string[];
  /** RFC 3339. */
  readonly at: string;
  readonly actor: string;
  readonly session?: string;
  readonly subject: string;
  /** The commit that this one takes back. */
  readonly undoes?: string;
}

/** What a commit did to single records: as they were, and as they are. */
export interface Write extends Entry {
  readonly records: ReadonlyMap<string, { readonly before: Stored | undefined; readonly after: Stored | undefined }>;
}

/** A bead as one commit left it. */
export interface Version extends Entry {
  readonly before: Bead | undefined;
  readonly after: Bead | undefined;
}

/** A commit with everything that its message says. */
export interface Transcript extends Entry {
  readonly beads: readonly string[];
  /** The changes as they were decided, one object each; of a large commit the first ones. */
  readonly changes: readonly Readonly<Record<string, unknown>>[];
}

const trailer = (key: string): string => `%(trailers:key=${key},valueonly,separator=%x20)`;
const entryFormat = ['%H', '%P', '%ct', '%an', trailer('Session'), trailer('Undoes'), '%s'].join('%x01');

function entryOf(fields: readonly string[]): Entry {
  const [commit = '', parents = '', seconds = '0', actor = '', session = '', undoes = '', subject = ''] = fields;
  return {
    commit, parents: parents.split(' ').filter((oid) => oid !== ''), at: timestamp(Number(seconds) * 1000), actor,
    ...(session === '' ? {} : { session }), subject, ...(undoes === '' ? {} : { undoes }),
  };
}

/** The commit that a ledger stands at. Throws NoLedger. */
export async function headOf(ledger: Ledger): Promise<string> {
  const head = ledger.at ?? (await readRef(ledger.repository, ledger.ref));
  if (head === undefined) throw new NoLedger(ledger);
  return head;
}

/** Every commit of the ledger that changed a bead, oldest first; of a merge, what no side of it had said. Another bead that had the same id elsewhere is not meant. Throws NoLedger. */
export async function versionsOf(ledger: Ledger, id: string): Promise<Version[]> {
  const { names, birth } = await namesOf(ledger, id);
  const writes = await writesTo(ledger, { to: await headOf(ledger) }, names.map(shardOf));
  const isMeant = (stored: Stored | undefined): boolean => stored !== undefined && !isRedirect(stored) && (birth === undefined || stored.clock.born === birth);
  const versions: Version[] = [];
  for (const { records, ...entry } of writes) {
    const found = names.flatMap((name) => records.get(name) ?? []);
    const was = found.map(({ before }) => before).find(isMeant)?.bead;
    const after = found.map((each) => each.after).find(isMeant)?.bead;
    if (was === undefined && after === undefined) continue;
    // A side of a merge may have it by another id.
    versions.push({ ...entry, before: was ?? (entry.parents.length > 1 ? versions.at(-1)?.after : undefined), after });
  }
  return versions;
}

/** The id that a bead has and those that it had before, with its birth; any birth where nobody has the id now. */
async function namesOf(ledger: Ledger, id: string): Promise<{ readonly names: readonly string[]; readonly birth: Stamp | undefined }> {
  const stored = await consult(ledger, (view) => view.stored(id));
  if (stored === undefined) return { names: [id], birth: undefined };
  const { born: birth, called = {} } = stored.clock;
  return { names: [...new Set([id, givenId({ id, birth }), ...Object.values(called).flatMap((each) => [each, markedId(each, birth)])])], birth };
}

/** A commit with the objects of the shards that it changed: those of its parents, and its own. */
interface Touched {
  readonly entry: Entry;
  readonly shards: readonly { readonly before: readonly string[]; readonly after: string }[];
}

/** So many commits are compared at once; their shards are all that is held in memory. */
const batch = 64;

/** What the commits between two did to the records of these shards (all where none is named), oldest first. Lines that cannot be read are passed over: `gt doctor` tells of them. Throws MissingObject. */
export async function writesTo({ repository }: Ledger, range: { readonly from?: string; readonly to: string }, shards: readonly string[]): Promise<Write[]> {
  const paths = shards.length === 0 ? ['beads'] : [...new Set(shards)].map(shardPath);
  const args = ['log', '--reverse', '--topo-order', '--full-history', '-c', '--raw', '--no-abbrev', '--no-renames', `--format=%x02${entryFormat}`, range.to, ...(range.from === undefined ? [] : [`^${range.from}`]), '--', ...paths];
  const touched = parseTouched((await runGit(repository, args, { timeoutMs: 300_000 })).stdout.toString('utf8'));
  const reader = ObjectReader.open(repository);
  const found: Write[] = [];
  let texts = new Map<string, Promise<string>>();
  try {
    for (let at = 0; at < touched.length; at += batch) {
      const group = touched.slice(at, at + batch);
      const known = texts;
      texts = new Map();
      for (const oid of group.flatMap((each) => each.shards.flatMap(({ before, after }) => [...before, after]))) {
        if (!texts.has(oid)) texts.set(oid, known.get(oid) ?? textOf(reader, oid));
      }
      for (const { entry, shards: changed } of group) found.push({ ...entry, records: await recordsOf(changed, texts) });
    }
    return found.filter(({ records }) => records.size > 0);
  } finally {
    await reader.close();
  }
}

function parseTouched(text: string): Touched[] {
  const found: { entry: Entry; shards: { before: string[]; after: string }[] }[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('\x02')) found.push({ entry: entryOf(line.slice(1).split('\x01')), shards: [] });
    const [, colons = '', rest = ''] = /^(:+)([^\t]+)\tbeads\/\d\d\/\d\d\.jsonl$/.exec(line) ?? [];
    if (colons === '') continue;
    // The modes of the parents and of the commit, then their objects.
    const oids = rest.split(' ').slice(colons.length + 1, -1);
    found.at(-1)?.shards.push({ before: oids.slice(0, -1), after: oids.at(-1) ?? '' });
  }
  return found;
}

async function textOf(reader: ObjectReader, oid: string): Promise<string> {
  return /^0+$/.test(oid) ? '' : (await reader.body(oid)).toString('utf8');
}

async function recordsOf(shards: Touched['shards'], texts: ReadonlyMap<string, Promise<string>>): Promise<Write['records']> {
  const records = new Map<string, { before: Stored | undefined; after: Stored | undefined }>();
  for (const { before, after } of shards) {
    const [was, is] = [await Promise.all(before.map(async (oid) => linesOf((await texts.get(oid)) ?? ''))), linesOf((await texts.get(after)) ?? '')];
    const [first = new Set<string>()] = was;
    const gone = idsIn([...first].filter((line) => !is.has(line)));
    const come = idsIn([...is].filter((line) => was.every((lines) => !lines.has(line))));
    for (const [id, stored] of come) records.set(id, { before: gone.get(id), after: stored });
    // Of a merge, a line that one side does not have was removed only where no side has it any more.
    for (const [id, stored] of gone) if (!come.has(id) && (was.length === 1 || !idsIn([...is]).has(id))) records.set(id, { before: stored, after: undefined });
  }
  return records;
}

function linesOf(text: string): Set<string> {
  return new Set(text.split('\n').filter((line) => line !== ''));
}

function idsIn(lines: readonly string[]): Map<string, Stored> {
  return new Map(lines.flatMap((line): [string, Stored][] => {
    const stored = recordIn(line);
    return stored === undefined ? [] : [[stored.bead.id, stored]];
  }));
}

function recordIn(line: string): Stored | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? storedOf(value) : undefined;
  } catch {
    return undefined;
  }
}

/** What is asked of the audit trail. Times are in milliseconds since 1970. */
export interface Search {
  readonly actor?: string | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly limit: number;
}

/** The commits of a ledger that fit, newest first: of all that it has, or of these, oldest first. Throws NoLedger. */
export async function auditTrail(ledger: Ledger, { actor, since = -Infinity, until = Infinity, limit }: Search, among?: readonly Entry[]): Promise<Transcript[]> {
  const any = actor === undefined && since === -Infinity && until === Infinity;
  const fits = (entry: Pick<Entry, 'actor' | 'at'>): boolean => (actor === undefined || entry.actor === actor) && Date.parse(entry.at) >= since && Date.parse(entry.at) <= until;
  const all = among === undefined ? await entriesOf(ledger, await headOf(ledger), any ? limit : Infinity) : [...among].reverse();
  const chosen = all.filter(fits).slice(0, limit);
  return chosen.length === 0 ? [] : transcripts(ledger, chosen.map(({ commit }) => commit));
}

/** The commits that a commit builds on, itself first, newest first. */
async function entriesOf({ repository }: Ledger, head: string, limit: number): Promise<Pick<Entry, 'commit' | 'actor' | 'at'>[]> {
  const args = ['log', '--format=%H%x01%ct%x01%an', ...(limit === Infinity ? [] : [`--max-count=${limit}`]), head, '--'];
  const { stdout } = await runGit(repository, args, { timeoutMs: 300_000 });
  return stdout.toString('utf8').split('\n').filter((line) => line !== '').map((line) => {
    const [commit = '', seconds = '0', actor = ''] = line.split('\x01');
    return { commit, actor, at: timestamp(Number(seconds) * 1000) };
  });
}

/** What these commits say, in their order. */
export async function transcripts({ repository }: Ledger, commits: readonly string[]): Promise<Transcript[]> {
  const args = ['log', '--no-walk=unsorted', '--stdin', '-z', `--format=${entryFormat}%x01%B`];
  const { stdout } = await runGit(repository, args, { input: `${commits.join('\n')}\n`, timeoutMs: 300_000 });
  return stdout.toString('utf8').split('\0').filter((text) => text !== '').map((text) => {
    const fields = text.split('\x01');
    const body = fields.slice(7).join('\x01').split('\n');
    return { ...entryOf(fields), beads: body.flatMap((line) => /^Bead: (\S+)$/.exec(line)?.[1] ?? []), changes: body.flatMap(changeIn) };
  });
}

/** The commits between two that changed one file, oldest first. */
export async function entriesOn({ repository }: Ledger, { from, to }: { readonly from?: string; readonly to: string }, path: string): Promise<Entry[]> {
  const { stdout } = await runGit(repository, ['log', '--reverse', '--full-history', '-z', `--format=${entryFormat}`, to, ...(from === undefined ? [] : [`^${from}`]), '--', path], { timeoutMs: 300_000 });
  return stdout.toString('utf8').split('\0').filter((text) => text !== '').map((text) => entryOf(text.split('\x01')));
}

/** Where what was fetched from other clones, and sent to them, is remembered. */
const elsewhere = ['refs/beads-remotes', 'refs/beads-offered', 'refs/beads/replicas', 'refs/remotes'];

/** Whether other clones may have a commit, as far as this one knows. */
export function isShared({ repository }: Ledger, commit: string): Promise<boolean> {
  return isHeld(repository, commit, elsewhere);
}

function changeIn(line: string): Record<string, unknown>[] {
  if (!line.startsWith('{')) return [];
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? [value] : [];
  } catch {
    // What somebody else wrote into a message.
    return [];
  }
}
