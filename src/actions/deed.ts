import { Refused } from '../base/errors.ts';
import { same } from '../base/jsonl.ts';
import { settingAt, settingLeaves } from '../domain/setting.ts';
import type { Done } from '../domain/undo.ts';
import { diffNames } from '../git/merging.ts';
import { ObjectReader } from '../git/objects.ts';
import { transcripts, writesTo, type Entry } from '../ledger/history.ts';
import { formatAt } from '../ledger/init.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { consult } from '../ledger/read.ts';
import { formatPath } from '../ledger/shards.ts';
import type { Stored } from '../ledger/stored.ts';
import { NoCommit } from './past.ts';

/** Everything that one commit did, and where it stands. */
export interface Deed {
  readonly ledger: Ledger;
  readonly entry: Entry;
  readonly done: readonly Done[];
  /** The records of beads that it deleted, as they were. */
  readonly kept: ReadonlyMap<string, Stored>;
  readonly settings: readonly { readonly name: string; readonly key: string; readonly before: unknown; readonly after: unknown }[];
}

/** Reads what one commit of a ledger did. Throws NoCommit, and NotUndoable where that is not the work of one transaction. */
export async function deedOf(ledger: Ledger, commit: string): Promise<Deed> {
  const [entry] = await transcripts(ledger, [commit]);
  const [parent, ...more] = entry?.parents ?? [];
  if (entry === undefined) throw new NoCommit(commit);
  if (parent === undefined) throw new NotUndoable(entry, 'the ledger begins with it');
  if (more.length > 0) throw new NotUndoable(entry, 'it joins what others wrote, and changed nothing by itself');
  const paths = await diffNames(ledger.repository, parent, commit);
  const [write] = await writesTo(ledger, { from: parent, to: commit }, []);
  const records = [...(write?.records ?? [])];
  // A prefix that came with beads stays.
  const held = records.length > 0 && paths.includes(formatPath) && (await haveOneCut(ledger, parent, commit)) ? [formatPath] : [];
  const strange = paths.find((path) => !/^(beads|settings)\//.test(path) && !held.includes(path));
  if (strange !== undefined) throw new NotUndoable(entry, `it changed ${strange}, what the ledger is`);
  return {
    ledger, entry,
    done: records.map(([id, { before, after }]) => ({ id, before: before?.bead, after: after?.bead })),
    kept: new Map(records.flatMap(([id, { before }]): [string, Stored][] => (before === undefined ? [] : [[id, before]]))),
    settings: (await Promise.all(paths.flatMap((path) => /^settings\/(.+)\.json$/.exec(path)?.[1] ?? []).map((name) => settingsDone(ledger, name, parent, commit)))).flat(),
  };
}

async function haveOneCut({ repository }: Ledger, ...commits: readonly string[]): Promise<boolean> {
  const reader = ObjectReader.open(repository);
  try {
    return new Set((await Promise.all(commits.map((commit) => formatAt(reader, commit)))).map(({ cut }) => cut)).size === 1;
  } finally {
    await reader.close();
  }
}

async function settingsDone(ledger: Ledger, name: string, parent: string, commit: string): Promise<Deed['settings']> {
  const [before, after] = await Promise.all([parent, commit].map((at) => consult({ ...ledger, at }, (view) => view.settings(name))));
  const keys = new Set([before, after].flatMap((each) => settingLeaves(each ?? {}).map(([key]) => key)));
  return [...keys].map((key) => ({ name, key, before: settingAt(before ?? {}, key), after: settingAt(after ?? {}, key) })).filter((each) => !same(each.before, each.after));
}

/** A commit of the ledger is none that could be put back. */
export class NotUndoable extends Refused {
  readonly code = 'undo.impossible';
  constructor({ commit, subject }: Entry, why: string, hint = 'gt ledger log') {
    super(`${commit.slice(0, 10)} (${subject}) cannot be undone: ${why}`, { commit, why }, hint);
  }
}
