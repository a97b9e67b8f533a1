import { promises } from 'node:fs';
import { canonical, isObject } from '../base/jsonl.ts';
import { runGit } from '../git/run.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openSnapshot } from '../ledger/read.ts';
import type { LedgerFile } from '../reader/ledger.ts';

/** Implementations of git that share no code with ours: git's own archives, the one that JavaScript tools use, and libgit2, which IDEs and forges use. */
export const witnesses = ['git', 'isomorphic-git', 'nodegit'] as const;
export type Witness = (typeof witnesses)[number];

/** A record that a witness reads otherwise than we do. */
export interface Difference {
  /** The id of a bead, or the path of a file. */
  readonly record: string;
  readonly kind: 'only here' | 'only there' | 'different' | 'unreadable there';
  /** Where the witness found it. */
  readonly at?: string;
  /** The keys whose values differ. */
  readonly keys?: readonly string[];
}

/** How reading one ledger twice went. */
export interface Verification {
  readonly prefixes: readonly string[];
  readonly commit: string;
  readonly witness: Witness;
  /** How many records we read. */
  readonly records: number;
  readonly differences: readonly Difference[];
}

/** Reads a whole ledger through another implementation of git and compares it record by record with what we read. Throws NoLedger, BadShard, and NoNodegit where that witness is not installed. */
export async function verifyLedger(ledger: Ledger, witness: Witness): Promise<Verification> {
  const snapshot = await openSnapshot(ledger);
  try {
    const ours = await snapshot.ask((view) => {
      const found = new Map<string, string>();
      for (const { id } of view.all()) {
        const stored = view.stored(id);
        if (stored !== undefined) found.set(id, canonical({ ...stored.bead, clock: stored.clock }));
      }
      return found;
    });
    const { theirs, settings, unreadable } = await testimony(filesBy(witness, ledger, snapshot.commit));
    for (const name of settings) ours.set(`settings/${name}.json`, canonical(await snapshot.ask((view) => view.settings(name))));
    return { prefixes: ledger.prefixes, commit: snapshot.commit, witness, records: ours.size, differences: [...unreadable, ...differencesOf(ours, theirs)] };
  } finally {
    await snapshot.close();
  }
}

async function* filesBy(witness: Witness, { repository }: Ledger, commit: string): AsyncGenerator<LedgerFile> {
  switch (witness) {
    case 'git': return yield* untarred((await runGit(repository, ['archive', '--format=tar', commit], { timeoutMs: 600_000 })).stdout);
    case 'isomorphic-git': return yield* (await (await import('../reader/ledger.ts')).openLedger({ fs: { promises }, dir: repository.commonDir, ref: commit })).files();
    case 'nodegit': return yield* (await import('../reader/nodegit.ts')).readByNodegit(repository.commonDir, commit);
  }
}

/** The files in a tar archive as git writes it: paths of up to 255 bytes, and a header with the commit, which is passed over. */
function* untarred(archive: Buffer): Generator<LedgerFile> {
  const text = (start: number, length: number): string => archive.toString('utf8', start, start + length).replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
    const size = parseInt(text(at + 124, 12), 8);
    const above = text(at + 345, 155);
    if (text(at + 156, 1) === '0') yield { path: `${above === '' ? '' : `${above}/`}${text(at, 100)}`, text: archive.toString('utf8', at + 512, at + 512 + size) };
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

/** What a witness found: records in canonical JSON, with where each stands. */
interface Testimony {
  readonly theirs: ReadonlyMap<string, { readonly text: string; readonly at: string }>;
  /** The names of the settings files. */
  readonly settings: readonly string[];
  readonly unreadable: readonly Difference[];
}

async function testimony(files: AsyncIterable<LedgerFile>): Promise<Testimony> {
  const theirs = new Map<string, { readonly text: string; readonly at: string }>();
  const settings: string[] = [];
  const unreadable: Difference[] = [];
  for await (const { path, text } of files) {
    const name = /^settings\/(.+)\.json$/.exec(path)?.[1];
    if (name !== undefined) settings.push(name);
    if (name === undefined && !path.startsWith('beads/')) continue;
    const lines = name === undefined ? text.split('\n').slice(0, -1) : [text];
    for (const [index, line] of lines.entries()) {
      const at = name === undefined ? `${path}, line ${index + 1}` : path;
      const value = parsed(line);
      const record = name === undefined ? value?.['id'] : path;
      if (typeof record !== 'string' || theirs.has(record)) unreadable.push({ record: path, kind: 'unreadable there', at });
      else theirs.set(record, { text: canonical(value), at });
    }
  }
  return { theirs, settings, unreadable };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Compares records by name. */
export function differencesOf(ours: ReadonlyMap<string, string>, theirs: Testimony['theirs']): Difference[] {
  const found: Difference[] = [];
  for (const [record, text] of ours) {
    const there = theirs.get(record);
    if (there === undefined) found.push({ record, kind: 'only here' });
    else if (there.text !== text) found.push({ record, kind: 'different', at: there.at, keys: keysThatDiffer(parsed(text) ?? {}, parsed(there.text) ?? {}) });
  }
  for (const [record, { at }] of theirs) if (!ours.has(record)) found.push({ record, kind: 'only there', at });
  return found;
}

function keysThatDiffer(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => canonical(a[key]) !== canonical(b[key])).sort();
}
