import type { Stamp } from '../base/clock.ts';
import { Busy, Refused } from '../base/errors.ts';
import { shardOf } from '../base/ids.ts';
import { same } from '../base/jsonl.ts';
import { compareTimes } from '../base/time.ts';
import { renamedTo, type Act, type Bead } from '../domain/bead.ts';
import { changedParts, differences } from '../domain/history.ts';
import { prefixSetting } from '../domain/renaming.ts';
import { settingAt, type SettingChange } from '../domain/setting.ts';
import { groupOf, naming, returning, undo, type Obstacle, type UndoChange } from '../domain/undo.ts';
import { differenceSince } from '../ledger/difference.ts';
import { auditTrail, entriesOn, headOf, isShared, transcripts, writesTo, type Entry, type Write } from '../ledger/history.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { consult } from '../ledger/read.ts';
import { settingsPath, type View } from '../ledger/shards.ts';
import { newest, referenceKeys, type Stored } from '../ledger/stored.ts';
import { SeenMeanwhile, transact, type LedgerChange, type Signature } from '../ledger/transact.ts';
import { ledgersOf, type Town } from '../town.ts';
import { followPrefix, tellOthers } from './bead-rename.ts';
import { actOf, type Writer } from './bead-write.ts';
import { deedOf, NotUndoable, type Deed } from './deed.ts';
import { commitOf, NoCommit } from './past.ts';

/** What was taken back, or would be. */
export interface Undone {
  /** The commit whose changes were put back. */
  readonly undone: string;
  readonly subject: string;
  /** The commit that did it; null where nothing was written. */
  readonly commit: string | null;
  readonly beads: readonly { readonly id: string; readonly changes: readonly string[] }[];
  readonly settings: readonly string[];
}

/** Something that stands in the way, with the commits that wrote it. */
type Hindrance = Obstacle & { readonly commits: readonly Entry[] };

const attempts = 5;

/** Puts back what a transaction changed, by default the newest one of whoever asks, in a new transaction. Throws NoCommit, NothingToUndo, NotUndoable and UndoRefused. */
export async function undoCommit(writer: Writer, text: string | undefined, dryRun: boolean): Promise<Undone> {
  const { town, who } = writer;
  const { ledger, commit } = text === undefined ? await lastOf(town, who.actor) : await namedCommit(town, text);
  const deed = await deedOf(ledger, commit);
  const undone = await undoDeed(deed, ledgersOf(town).filter((other) => other !== ledger), who, actOf(writer), dryRun);
  if (dryRun) return undone;
  const rig = town.rigs.find((each) => each.ledger === ledger);
  if (rig !== undefined && undone.settings.includes(`${prefixSetting.name} ${prefixSetting.key}`)) await followPrefix(town, who, rig);
  await tellOthers(writer, ledger, returning(deed.done));
  return undone;
}

async function namedCommit(town: Town, text: string): Promise<{ ledger: Ledger; commit: string }> {
  const found = await commitOf(town, text);
  if (found === undefined) throw new NoCommit(text);
  return { ledger: found.ledger, commit: found.moment.commit };
}

async function lastOf(town: Town, actor: string): Promise<{ ledger: Ledger; commit: string }> {
  const found = await Promise.all(ledgersOf(town).map(async (ledger) => (await auditTrail(ledger, { actor, limit: 1 })).map(({ commit, at }) => ({ ledger, commit, at }))));
  const [latest, ...more] = found.flat().sort((a, b) => compareTimes(b.at, a.at));
  if (latest === undefined) throw new NothingToUndo(actor);
  const together = [latest, ...more.filter(({ at }) => at === latest.at)];
  if (together.length === 1) return latest;
  // A commit tells the second, and its records tell all of the time.
  const stamps = await Promise.all(together.map(async (each) => ({ ...each, stamp: await lastStampIn(each.ledger, each.commit) })));
  return stamps.sort((a, b) => (a.stamp < b.stamp ? 1 : -1))[0]!;
}

/** The newest stamp of the beads that a commit wrote to, before it or after: what it put back has old ones. The empty text where it wrote to none. */
async function lastStampIn(ledger: Ledger, commit: string): Promise<Stamp | ''> {
  const [entry] = await transcripts(ledger, [commit]);
  const writes = await writesTo(ledger, { ...(entry?.parents[0] === undefined ? {} : { from: entry.parents[0] }), to: commit }, []);
  return writes.flatMap(({ records }) => [...records.values()].flatMap(({ before, after }) => [before, after].flatMap((stored) => (stored === undefined ? [] : [newest(stored.clock)])))).sort().at(-1) ?? '';
}

/** Puts back what a commit of a ledger did; `others` are the ledgers whose beads may point at those of this one. Throws NotUndoable and UndoRefused. */
export async function undoDeed(deed: Deed, others: readonly Ledger[], who: Signature, act: Act, dryRun: boolean): Promise<Undone> {
  const { ledger, entry } = deed;
  const { commit } = entry;
  const foreign = await pointingFrom(others, deed);
  if (foreign.length > 0) throw new UndoRefused(entry, foreign);
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const plan = await planned(deed, await isShared(ledger, commit), act);
    let overtaken = false;
    const written = await unlessSeen(() => transact(ledger, { ...who, undoes: commit }, `Undo ${commit.slice(0, 10)}: ${entry.subject}`, (view, newest) => {
      view.load(plan.now.keys());
      overtaken = [...plan.now].some(([id, bead]) => !same(view.get(id), bead)) || !plan.holds(view, newest);
      return overtaken || dryRun ? [] : plan.changes;
    }));
    if (overtaken || written === undefined) continue;
    return { undone: commit, subject: entry.subject, commit: written.commit ?? null, beads: told(deed, plan), settings: deed.settings.map(({ name, key }) => `${name} ${key}`) };
  }
  throw new Overtaken(commit);
}

/** Undefined where a push took along meanwhile what was to be withdrawn. */
async function unlessSeen<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SeenMeanwhile) return undefined;
    throw error;
  }
}

/** What is to be written, and the beads as they are where that was worked out. */
interface Plan {
  readonly changes: readonly LedgerChange[];
  readonly now: ReadonlyMap<string, Bead | undefined>;
  /** Whether nothing stands in the way in a newer view, of this commit, where these beads are the same. */
  holds(view: View, commit: string): boolean;
}

/** Works out what puts a deed back, which others may have seen (`shared`). Throws NotUndoable and UndoRefused. */
async function planned({ ledger, entry, done, kept, settings }: Deed, shared: boolean, act: Act): Promise<Plan> {
  const [from, to] = done.map(({ id, after }) => [id, renamedTo(after)]).find(([, now]) => now !== undefined) ?? [];
  if (shared && to !== undefined) throw new NotUndoable(entry, 'others know the new name already, so it takes another renaming', `gt rename ${to} ${from ?? ''}`);
  const head = await headOf(ledger);
  const range = { from: entry.commit, to: head };
  const targets = done.flatMap(({ before }) => (before?.dependencies ?? []).map((edge) => edge.depends_on_id));
  const writes = await writesTo(ledger, range, [...done.map(({ id }) => id), ...targets].map(shardOf));
  const later = standing(writes);
  const again = later.find(({ undoes }) => undoes === entry.commit);
  if (again !== undefined) throw new NotUndoable(entry, `it was undone by ${again.commit.slice(0, 10)} already`, `gt undo ${again.commit.slice(0, 10)}`);
  const groups = groupsWritten(later);
  const since = shared || head === entry.commit ? undefined : await differenceSince(ledger, entry.commit, head);
  const suspects = (view: View, commit: string): Iterable<Bead> => (commit === entry.commit ? [] : commit !== head || since === undefined ? view.all() : beadsOf(view, [...since.after.keys()]));
  const judge = (view: View, commit: string): { readonly changes: readonly UndoChange[]; readonly obstacles: readonly Obstacle[]; readonly changed: Deed['settings'] } => {
    const { changes, obstacles } = undo(view, done, groups, shared, act);
    return { changes, obstacles: [...obstacles, ...naming(() => suspects(view, commit), changes, referenceKeys)], changed: settings.filter(({ name, key, after }) => !same(settingAt(view.settings(name), key), after)) };
  };
  const { now, changes, obstacles, changed } = await consult({ ...ledger, at: head }, (view) => ({ now: new Map(done.map(({ id }) => [id, view.get(id)])), ...judge(view, head) }));
  const hindrances = [
    ...(await Promise.all(obstacles.map((obstacle) => writersOf(ledger, range, obstacle)))),
    ...(await Promise.all(changed.map(async ({ name, key }) => ({ id: `settings ${name}`, why: `${key} was changed since`, commits: await entriesOn(ledger, range, settingsPath(name)) })))),
  ];
  if (hindrances.length > 0) throw new UndoRefused(entry, hindrances);
  const holds = (view: View, commit: string): boolean => {
    const fresh = judge(view, commit);
    return fresh.obstacles.length === 0 && fresh.changed.length === 0;
  };
  return { now, holds, changes: [...changes.map((change) => withRecord(change, kept)), ...settings.map(({ name, key, before }): SettingChange => ({ op: 'setting.set', name, key, ...(before === undefined ? {} : { value: before }) }))] };
}

function beadsOf(view: View, ids: readonly string[]): Bead[] {
  view.load(ids);
  return ids.flatMap((id) => view.get(id) ?? []);
}

function withRecord(change: UndoChange, kept: ReadonlyMap<string, Stored>): LedgerChange {
  if (change.op !== 'bead.reverted') return change;
  const stored = kept.get(change.id);
  if (stored === undefined) throw new Error(`nothing is kept of ${change.id}`);
  return { ...change, stored };
}

/** Those of some writes that were not taken back again by others of them. */
function standing(writes: readonly Write[]): Write[] {
  const taken = new Set<string>();
  const found: Write[] = [];
  for (const write of [...writes].reverse()) {
    if (taken.has(write.commit)) continue;
    if (write.undoes !== undefined && writes.some(({ commit }) => commit === write.undoes)) taken.add(write.undoes);
    else found.push(write);
  }
  return found.reverse();
}

function groupsWritten(writes: readonly Write[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { records } of writes) {
    for (const [id, { before, after }] of records) {
      const groups = found.get(id) ?? new Set();
      for (const { part } of changedParts(before?.bead, after?.bead)) groups.add(groupOf(part));
      found.set(id, groups);
    }
  }
  return found;
}

/** An obstacle with the commits that it comes from. */
async function writersOf(ledger: Ledger, range: { readonly from?: string; readonly to: string }, obstacle: Obstacle): Promise<Hindrance> {
  const { id, parts } = obstacle;
  const writes = parts?.length === 0 ? [] : standing(await writesTo(ledger, range, [shardOf(id)]));
  const commits = writes.filter(({ records }) => {
    const record = records.get(id);
    return record !== undefined && (parts === undefined || changedParts(record.before?.bead, record.after?.bead).some(({ part }) => parts.includes(groupOf(part))));
  });
  return { ...obstacle, commits };
}

/** Beads of other ledgers that point at beads which the deed has created. Where it only gave them other ids, they follow. */
async function pointingFrom(others: readonly Ledger[], { done }: Deed): Promise<Hindrance[]> {
  const moved = new Set(returning(done).map(({ from }) => from));
  const created = done.filter(({ id, before }) => before === undefined && !moved.has(id)).map(({ id }) => id);
  if (created.length === 0) return [];
  const found = await Promise.all(others.map(async (ledger) => {
    const edges = await consult(ledger, (view: View) => created.flatMap((id) => view.referrers(id).map((from) => ({ id, from: from.id }))));
    const range = { to: await headOf(ledger) };
    return Promise.all(edges.map(({ id, from }) => writersOf(ledger, range, { id: from, why: `it depends on ${id}`, parts: [`dependencies.${id}`] })));
  }));
  return found.flat();
}

function told({ done }: Deed, { changes, now }: Plan): Undone['beads'] {
  const then = new Map(changes.flatMap((change): [string, LedgerChange][] => (change.op === 'setting.set' ? [] : [[change.id, change]])));
  const moved = changes.some(({ op }) => op === 'bead.returned');
  return done.map(({ id, before, after }) => {
    const change = then.get(id);
    if (change?.op === 'bead.withdrawn') return { id, changes: ['withdrawn, as if it had never been created'] };
    if (change?.op === 'bead.reverted') return { id, changes: [change.stored.bead.status === 'tombstone' ? 'deleted again' : 'brought back'] };
    if (change?.op === 'bead.deleted') return { id, changes: ['deleted: others have seen it'] };
    if (change?.op === 'bead.restored') return { id, changes: differences(now.get(id), change.bead) };
    return { id, changes: moved ? differences(after, before) : [] };
  });
}

const listed = 5;

/** Later writes build on what should be undone. */
export class UndoRefused extends Refused {
  readonly code = 'undo.refused';
  constructor({ commit, subject }: Entry, hindrances: readonly Hindrance[]) {
    const lines = hindrances.slice(0, listed).map(({ id, why, commits }) => `${id}: ${why}${commits.length === 0 ? '' : ` (${commits.map((each) => `${each.commit.slice(0, 10)} by ${each.actor}`).join(', ')})`}`);
    const more = hindrances.length > listed ? `; and ${hindrances.length - listed} more` : '';
    const newest = hindrances.flatMap(({ commits }) => commits).sort((a, b) => compareTimes(b.at, a.at))[0];
    super(
      `${commit.slice(0, 10)} (${subject}) was not undone: ${lines.join('; ')}${more}`,
      { commit, hindrances: hindrances.map(({ id, why, commits }) => ({ bead: id, why, commits: commits.map((each) => each.commit) })) },
      newest === undefined ? `gt history ${hindrances[0]?.id ?? ''}` : `gt undo ${newest.commit.slice(0, 10)} first, if that may go too`,
    );
  }
}

/** Whoever asks has written nothing. */
export class NothingToUndo extends Refused {
  readonly code = 'undo.nothing';
  constructor(actor: string) {
    super(`${actor} has not written anything that could be undone`, { actor }, 'gt ledger log');
  }
}

/** Others kept changing what should be put back. */
export class Overtaken extends Busy {
  readonly code = 'undo.overtaken';
  constructor(commit: string) {
    super(`others changed or took along ${attempts} times in a row what ${commit.slice(0, 10)} had changed`, { commit }, 'run the command again');
  }
}
